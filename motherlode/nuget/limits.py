"""Limits on the resources that one package uses, and on the lengths of its texts.

Invariant: every limit that a rule or a reader applies is here or is fixed by the clients, so one value holds all
settings. The defaults are nuget.org's where it has a limit.
"""

from dataclasses import dataclass

from motherlode.nuget.versions import Version, parse_version

NEWEST_CLIENT = parse_version("7.3.1.1")
"""The newest client version that nuget.org accepts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one package.

    The unpacked files may have `max_inflated_ratio` times the size of the package, so that large honest packages pass,
    or `max_inflated_bytes` if that is more, so that a small hostile one costs at most seconds. Lengths count characters
    as .NET does.
    """

    max_entries: int = 65_534
    """Max entries of the archive; an unsigned package may have one fewer."""
    max_name_bytes: int = 4096
    """Max bytes in the name of one entry."""
    max_directory_bytes: int = 16 * 1024 * 1024
    """Max size of the archive's directory."""
    max_embedded_bytes: int = 1024 * 1024
    """Max size of the icon, the readme, the license file and the signature, each."""
    max_inflated_bytes: int = 1024 * 1024 * 1024
    """Max size of all unpacked files that any package may have, however small it is."""
    max_inflated_ratio: int = 8
    """Max size of all unpacked files as a multiple of the size of the package."""
    max_faults: int = 100
    """Max faults and max warnings reported for a package."""
    max_version_length: int = 64
    """Max length of the version with its build metadata."""
    max_identity_length: int = 160
    """Max length of id and version together."""
    max_title_length: int = 256
    """Max length of `<title>`."""
    max_text_length: int = 4000
    """Max length of `<description>`, `<summary>`, `<copyright>`, `<authors>` and `<tags>`, each."""
    max_release_notes_length: int = 35_000
    """Max length of `<releaseNotes>`."""
    max_language_length: int = 20
    """Max length of `<language>`."""
    max_address_length: int = 4000
    """Max length of `<projectUrl>`, `<licenseUrl>`, `<iconUrl>` and the URL of the repository, each."""
    max_repository_type_length: int = 100
    """Max length of the type of the repository."""
    max_license_length: int = 500
    """Max length of `<license>`."""
    max_client_version_length: int = 44
    """Max length of `minClientVersion`."""
    max_dependencies_length: int = 32_767
    """Max length of the ids, ranges and frameworks of all dependencies together."""
    max_server_json_length: int = 20_000
    """Max length of the .mcp/server.json of an MCP server."""
    newest_client: Version = NEWEST_CLIENT
    """The highest `minClientVersion` that a package may require."""
