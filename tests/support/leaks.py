"""Secrets of the test run, and where they must not be.

Every secret that tests use is known by its form: keys by `mlk_`, passwords and bootstrap keys of tests by a mark that
`new_password` puts into them. So whatever servers wrote can be searched for all of them at once, at the end of the run.
"""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

_MARK = "s3cret~"
_SECRET = re.compile(rb"mlk_[0-9A-Za-z]{49}|s3cret~[0-9a-f]{20}")
_PIECE_BYTES = 1 << 20
_LONGEST = 60
_KEPT_ON_PURPOSE = "first-key.txt"
_WRITTEN_BY_SERVERS = (".log", ".db", ".db-wal", ".db-shm", ".json")


def new_password() -> str:
    """A password, or a bootstrap key, that nobody used before, and that is found wherever it leaks."""
    return f"{_MARK}{secrets.token_hex(10)}"


def is_leak(text: bytes) -> bool:
    """Whether any secret of any test is in it."""
    return _SECRET.search(text) is not None


def find_leaks(folder: Path) -> Iterator[Path]:
    """The logs, databases and other files of servers below the folder that hold a secret."""
    for path in sorted(folder.rglob("*")):
        is_suspect = path.name.endswith(_WRITTEN_BY_SERVERS) or path.parent.name in {"run", "metrics"}
        if is_suspect and path.name != _KEPT_ON_PURPOSE and path.is_file() and _holds_secret(path):
            yield path


def _holds_secret(path: Path) -> bool:
    end = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            if is_leak(end + piece):
                return True
            end = piece[-_LONGEST:]
    return False
