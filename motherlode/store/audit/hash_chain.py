"""What the lines of the audit log are hashed with. A promise: databases and notes of people hold such hashes.

A line's hash is SHA-256 over the hash of the line before (32 zero bytes for the first) followed by the line as JSON in
ASCII, its members sorted by name, without spaces: `id`, `at` (microseconds since 1970, UTC), `actor`, `action`, `feed`,
`subject`, `address`, `request_id`, `details` (the JSON text that is stored, as a string), `key_id`, `client`, `reason`.
Whoever changes, removes or moves a line must hence change every hash after it, the last one included.
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
    """The hash of a line, of which `MEMBERS` count. Raises TypeError when one of them cannot be JSON."""
    text = _JSON.encode({name: line[name] for name in MEMBERS})
    return hashlib.sha256(previous + text.encode("ascii")).digest()
