"""What one package may cost, and how long its texts may be.

Invariant: every number that a rule or a reader compares with is here or is a rule of the clients, so that what can be
set is one value. The defaults are those of the public gallery where it has any.
"""

from dataclasses import dataclass

from motherlode.nuget.versions import Version, parse_version

NEWEST_CLIENT = parse_version("7.3.1.1")
"""The newest client that nuget.org knows of."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one package may cost.

    Unpacked it may be `max_inflated_ratio` times its file, so that large honest packages pass, and always
    `max_inflated_bytes`, so that a small hostile one costs seconds at most. Lengths count characters as .NET does.
    """

    max_entries: int = 65_534
    """Entries of the archive; a package without signature may have one less."""
    max_name_bytes: int = 4096
    """The name of one entry."""
    max_directory_bytes: int = 16 * 1024 * 1024
    """The names of all entries with what the directory says about them."""
    max_embedded_bytes: int = 1024 * 1024
    """The icon, the readme, the license file and the signature, each."""
    max_inflated_bytes: int = 1024 * 1024 * 1024
    """All files unpacked, however small the package is."""
    max_inflated_ratio: int = 8
    """All files unpacked, as a multiple of the package."""
    max_faults: int = 100
    """So many faults of a package are told."""
    max_version_length: int = 64
    """The version with its build metadata."""
    max_identity_length: int = 160
    """Id and version together."""
    max_title_length: int = 256
    """`<title>`."""
    max_text_length: int = 4000
    """`<description>`, `<summary>`, `<copyright>`, `<authors>` and `<tags>`, each."""
    max_release_notes_length: int = 35_000
    """`<releaseNotes>`."""
    max_language_length: int = 20
    """`<language>`."""
    max_address_length: int = 4000
    """`<projectUrl>`, `<licenseUrl>`, `<iconUrl>` and the address of the repository, each."""
    max_repository_type_length: int = 100
    """The type of the repository."""
    max_license_length: int = 500
    """`<license>`."""
    max_client_version_length: int = 44
    """`minClientVersion`."""
    max_dependencies_length: int = 32_767
    """Ids, ranges and frameworks of all dependencies together."""
    max_server_json_length: int = 20_000
    """The description of an MCP server."""
    newest_client: Version = NEWEST_CLIENT
    """The highest `minClientVersion` that a package may ask for."""
