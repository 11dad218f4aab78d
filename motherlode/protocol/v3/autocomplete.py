"""Autocompletion, SearchAutocompleteService: ids that match the typed text, and the versions of one id."""

import json
from collections.abc import Iterable, Sequence

from motherlode.nuget.versions import Version


def join_names(total: int, names: Iterable[bytes]) -> bytes:
    """Render the response: the total of matching ids, and the ids of this page, each already a JSON string."""
    return b'{"totalHits":%d,"data":[%s]}' % (total, b",".join(names))


def render_name(written: str) -> bytes:
    """Render an id as a JSON string."""
    return json.dumps(written, ensure_ascii=False).encode()


def render_versions(versions: Sequence[Version]) -> bytes:
    """Render the versions of an id that the caller may see, with their build metadata; an unknown id has none."""
    return json.dumps({"data": [version.full for version in versions]}, separators=(",", ":")).encode()
