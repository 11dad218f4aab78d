"""What a newcomer is told to paste on the terminal where a server starts.

Each line stands alone and works as printed: nothing is put before it, behind it or around it.
"""

KEY_PLACEHOLDER = "KEY"


def welcome_lines(service_index: str, web: str, api_key: str = KEY_PLACEHOLDER) -> tuple[str, str, str]:
    """The three lines: add the source, push to it, the web address.

    `service_index` and `web` are absolute addresses; `api_key` goes into the line as it is, so it is either free of
    what a shell would read, or quoted for one.
    """
    # quirk: from NuGet 6.8 on (.NET SDK 8) a source over plain http warns, and from 6.12 on (SDK 9) it is an error,
    # unless the source says that it is meant.
    insecure = " --allow-insecure-connections" if service_index.startswith("http:") else ""
    return (
        f"dotnet nuget add source {service_index} --name motherlode{insecure}",
        f'dotnet nuget push "*.nupkg" --source motherlode --api-key {api_key}',
        web,
    )
