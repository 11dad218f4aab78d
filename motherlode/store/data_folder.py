"""The files in the data folder and their paths. All paths are built here.

    motherlode-data/
      motherlode.db            the database (with -wal and -shm files beside it while it is open)
      motherlode.toml          the settings file, optional
      first-key.txt            the administrator's key from the first start
      blobs/ab/ab12…-3f9c…     the bytes of one package, in a folder named by the first two digits of their hash
      blobs/history.json       which database these packages belong to, and its last recorded audit line
      spool/3f9c…/             the uploads of one process
        lock                     locked while the process lives
        3f9c….part               a body that is being received
        ab12…-3f9c…              an intent marker: this blob was put, but not confirmed to be committed yet
      search/                  the search index; rebuilt from the database if it is missing
        current                  names the folder of the index in use
        lock                     locked by the process that writes to that index or replaces it
        building                 locked by the process that builds a new index
        3f9c…/                   an index
      run/                     files that running processes share; meaningless after they end

Folders have mode 700, files have mode 600. A blob's name is `{sha256}-{nonce}`, both hexadecimal, and is never reused.
"""

import re
import secrets
from pathlib import Path

HISTORY = "history.json"
"""The name of the object that records which database the blobs belong to."""
_NONCE = re.compile(r"[0-9a-f]{16}")
_BLOB_NAME = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}")
_SPOOL_NAME = re.compile(r"[0-9a-f]{16}\.part")


def new_nonce() -> str:
    """A random nonce: 64 bits, hexadecimal."""
    return secrets.token_hex(8)


def is_nonce(name: str) -> bool:
    """Whether the name has the format of `new_nonce`."""
    return _NONCE.fullmatch(name) is not None


def new_blob_name(sha256: bytes) -> str:
    """A new, unique name for a blob."""
    return f"{sha256.hex()}-{new_nonce()}"


def is_blob_name(name: str) -> bool:
    """Whether the name is that of a blob or of a blob's intent marker."""
    return _BLOB_NAME.fullmatch(name) is not None


def new_spool_name() -> str:
    """A new name for a body that is being received."""
    return f"{new_nonce()}.part"


def is_spool_name(name: str) -> bool:
    """Whether the name is that of a body that is being received."""
    return _SPOOL_NAME.fullmatch(name) is not None


def database_path(folder: Path) -> Path:
    """The path of the database."""
    return folder / "motherlode.db"


def settings_path(folder: Path) -> Path:
    """The path of the settings file."""
    return folder / "motherlode.toml"


def first_key_path(folder: Path) -> Path:
    """The path of the file with the key from the first start."""
    return folder / "first-key.txt"


def run_path(folder: Path) -> Path:
    """The folder of files that running processes share."""
    return folder / "run"


def search_path(folder: Path) -> Path:
    """The folder of the search index."""
    return folder / "search"


def blobs_path(folder: Path) -> Path:
    """The folder of all blobs."""
    return folder / "blobs"


def blob_path(folder: Path, name: str) -> Path:
    """The path of a blob, computed without reading folders. Raises ValueError if the name is not that of a blob."""
    if not is_blob_name(name):
        raise ValueError(f"not the name of a blob: {name!r}")
    return blobs_path(folder) / name[:2] / name


def object_path(folder: Path, name: str) -> Path:
    """The path of a small object. It never collides with a blob, because blobs are in subfolders."""
    return blobs_path(folder) / name


def spools_path(folder: Path) -> Path:
    """The folder that contains the spool folders of all processes."""
    return folder / "spool"


def lock_path(spool_folder: Path) -> Path:
    """The lock file of a process's spool folder."""
    return spool_folder / "lock"
