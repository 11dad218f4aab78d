"""The version list of the flat container, PackageBaseAddress/3.0.0, which restore reads.

Versions are lower case, normalised, without build metadata, and ascending. The list includes unlisted versions: all of
them can be downloaded.
"""

from collections.abc import Iterable
from typing import Any


def render_versions(version_keys: Iterable[str]) -> dict[str, Any]:
    """Render the version list of an id from the folded keys of its versions, in ascending order."""
    return {"versions": list(version_keys)}
