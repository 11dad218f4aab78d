"""Hashes the lines of the audit log. The format must not change, because databases and users' notes contain hashes.

A line's hash is SHA-256 over the hash of the previous line (32 zero bytes for the first line) followed by the line as
JSON in ASCII, with members sorted by name and without spaces: `id`, `at` (microseconds since 1970, UTC), `actor`,
`action`, `feed`, `subject`, `address`, `request_id`, `details` (the stored JSON text, as a string), `key_id`, `client`,
`reason`. So to change, remove or move a line unnoticed, every later hash must be changed too, including the last one.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

FIRST: Final = bytes(32)
"""The hash before the first line."""
MEMBERS: Final = (
    "id",
    "at",
    "actor",
    "action",
    "feed",
    "subject",
    "address",
    "request_id",
    "details",
    "key_id",
    "client",
    "reason",
)
_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def hash_line(previous: bytes, line: Mapping[str, Any]) -> bytes:
    """The hash of a line, over its `MEMBERS`. Raises TypeError if one of them cannot be encoded as JSON."""
    text = _JSON.encode({name: line[name] for name in MEMBERS})
    return hashlib.sha256(previous + text.encode("ascii")).digest()
