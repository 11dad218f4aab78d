"""Autocompletion, SearchAutocompleteService: ids while they are typed, and the versions of one id."""

import json
from collections.abc import Iterable, Sequence

from motherlode.nuget.versions import Version


def join_names(total: int, names: Iterable[bytes]) -> bytes:
    """How many ids match in all, and those that were asked for, each a JSON string already."""
    return b'{"totalHits":%d,"data":[%s]}' % (total, b",".join(names))


def render_name(written: str) -> bytes:
    """An id as a JSON string."""
    return json.dumps(written, ensure_ascii=False).encode()


def render_versions(versions: Sequence[Version]) -> bytes:
    """The versions of an id that the caller may see, with their build metadata; none where nobody knows the id."""
    return json.dumps({"data": [version.full for version in versions]}, separators=(",", ":")).encode()
