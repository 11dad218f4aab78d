"""The version list of the flat container, PackageBaseAddress/3.0.0: what restore reads.

Lower case, normalised, without build metadata, ascending; listed and unlisted alike, each of them downloadable.
"""

from collections.abc import Iterable
from typing import Any


def render_versions(version_keys: Iterable[str]) -> dict[str, Any]:
    """The version list of an id, out of the folded keys of its versions in ascending order."""
    return {"versions": list(version_keys)}
