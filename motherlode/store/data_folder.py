"""Every kind of file the data folder keeps, and where it lies. Paths are made here and nowhere else.

    motherlode-data/
      motherlode.db            everything that is remembered (with -wal and -shm beside it while it is open)
      motherlode.toml          settings, when there are any
      first-key.txt            the administrator's key of the first start
      blobs/ab/ab12…-3f9c…     the bytes of one package, by the first two digits of their hash
      blobs/history.json       which database these packages belong to, and how far it had come
      spool/3f9c…/             one process' uploads
        lock                     locked for as long as that process lives
        3f9c….part               a body on its way in
        ab12…-3f9c…              a crash note: this blob was put, but no commit has been reported yet
      search/                  the search index; made anew from the database when it is not there
        current                  names the folder of the index in use
        lock                     locked by who writes into that index, or puts another in its place
        building                 locked by who builds a new one
        3f9c…/                   an index
      run/                     what running processes share; means nothing once they are gone

Folders have mode 700, files 600. A blob's name is never used twice: `{sha256}-{nonce}`, both hexadecimal.
"""

import re
import secrets
from pathlib import Path

HISTORY = "history.json"
"""The name of the object that says which database the blobs belong to."""
_NONCE = re.compile(r"[0-9a-f]{16}")
_BLOB_NAME = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}")
_SPOOL_NAME = re.compile(r"[0-9a-f]{16}\.part")


def new_nonce() -> str:
    """64 random bits, hexadecimal."""
    return secrets.token_hex(8)


def is_nonce(name: str) -> bool:
    """Whether `new_nonce` may have made the name."""
    return _NONCE.fullmatch(name) is not None


def new_blob_name(sha256: bytes) -> str:
    """A name that no blob ever had."""
    return f"{sha256.hex()}-{new_nonce()}"


def is_blob_name(name: str) -> bool:
    """Whether a file of that name is a blob or a blob's crash note."""
    return _BLOB_NAME.fullmatch(name) is not None


def new_spool_name() -> str:
    """A name for a body on its way in."""
    return f"{new_nonce()}.part"


def is_spool_name(name: str) -> bool:
    """Whether a file of that name is a body on its way in."""
    return _SPOOL_NAME.fullmatch(name) is not None


def database_path(folder: Path) -> Path:
    """The database of a data folder."""
    return folder / "motherlode.db"


def settings_path(folder: Path) -> Path:
    """The settings file of a data folder."""
    return folder / "motherlode.toml"


def first_key_path(folder: Path) -> Path:
    """Where the key of the first start is kept."""
    return folder / "first-key.txt"


def run_path(folder: Path) -> Path:
    """The folder of what running processes share."""
    return folder / "run"


def search_path(folder: Path) -> Path:
    """The folder of the search index."""
    return folder / "search"


def blobs_path(folder: Path) -> Path:
    """The folder of all blobs."""
    return folder / "blobs"


def blob_path(folder: Path, name: str) -> Path:
    """The blob of that name; computed, so that reading needs no listing. ValueError when it is no blob's name."""
    if not is_blob_name(name):
        raise ValueError(f"no blob's name: {name!r}")
    return blobs_path(folder) / name[:2] / name


def object_path(folder: Path, name: str) -> Path:
    """The small object of that name; blobs lie in folders, so no blob has its path."""
    return blobs_path(folder) / name


def spools_path(folder: Path) -> Path:
    """The folder of all processes' spool folders."""
    return folder / "spool"


def lock_path(spool_folder: Path) -> Path:
    """The lock file of one process' spool folder."""
    return spool_folder / "lock"
