"""Ensure the first key: an administrator's API key on a server that has no keys, kept in a file beside the data."""

from pathlib import Path

from motherlode.domain.permissions import ADMIN
from motherlode.identity.keys import NewKey, is_well_formed, key_of, make_key
from motherlode.observe.clock import Clock
from motherlode.os_files import write_private
from motherlode.store.accounts import api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.keys.api_keys import describe_key
from motherlode.usecases.sign_in.identify import CONSOLE


def ensure_first_key(file: Path, *, db: Database, clock: Clock) -> str | None:
    """Create an administrator's key that never expires if the server has no keys. Returns its secret or None.

    The secret and a line break are written to `file` (mode 600) before the key becomes valid. After a crash in between,
    the next start makes the key in the file valid.
    """
    with db.read() as tx:
        if api_keys.read_all(tx):
            return None
    with db.write() as tx:
        if api_keys.read_all(tx):
            return None
        key = _kept_key(file) or _write_new_key(file)
        now = clock.now()
        row = KeyRow(key.id, "first key", key.digest, (ADMIN,), ("*",), None, now, None)
        api_keys.add(tx, row)
        write_audit(tx, CONSOLE, "create-key", feed=None, subject=key.id, at=now, details=describe_key(row))
    return key.secret


def _write_new_key(file: Path) -> NewKey:
    key = make_key()
    write_private(file, f"{key.secret}\n".encode("ascii"))
    return key


def _kept_key(file: Path) -> NewKey | None:
    try:
        secret = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return key_of(secret) if is_well_formed(secret) else None
