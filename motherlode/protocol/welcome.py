"""The commands that a starting server prints for new users to paste.

Each line is complete and works as printed, without a prefix, suffix or indent.
"""

KEY_PLACEHOLDER = "KEY"


def welcome_lines(service_index: str, web: str, api_key: str = KEY_PLACEHOLDER) -> tuple[str, str, str]:
    """Return the three lines: add the source, push to it, the web address.

    `service_index` and `web` are absolute addresses. `api_key` is inserted unchanged, so it must not contain characters
    that are special to a shell, or must be quoted already.
    """
    # quirk: since NuGet 6.8 (.NET SDK 8) a source over plain http gives a warning, and since 6.12 (SDK 9) an error,
    # unless the source allows insecure connections.
    insecure = " --allow-insecure-connections" if service_index.startswith("http:") else ""
    return (
        f"dotnet nuget add source {service_index} --name motherlode{insecure}",
        f'dotnet nuget push "*.nupkg" --source motherlode --api-key {api_key}',
        web,
    )
