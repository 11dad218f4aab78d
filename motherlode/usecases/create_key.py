"""Create a key: named, limited to rights, ids and feeds, and to a time."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from motherlode.domain.policy import ADMIN, DELETE, PUSH, READ, RIGHTS, UNLIST, Actor
from motherlode.domain.refusals import InvalidSetting
from motherlode.identity.keys import NewKey, make_key
from motherlode.observe.clock import Clock
from motherlode.store import feeds as feed_rows
from motherlode.store import keys
from motherlode.store.db import Database
from motherlode.store.keys import KeyRow
from motherlode.usecases.auditing import write_audit

DEFAULT_RIGHTS: Final = (PUSH, UNLIST, READ)
_GLOB: Final = re.compile(r"[*\w.-]{1,100}")
_MAX_NAME_LENGTH: Final = 100


def create_key(
    name: str,
    actor: Actor,
    *,
    rights: Sequence[str] = DEFAULT_RIGHTS,
    globs: Sequence[str] = ("*",),
    feeds: Sequence[str] | None = None,
    lifetime: timedelta | None,
    db: Database,
    clock: Clock,
) -> NewKey:
    """Make a key; its secret is in the answer and nowhere else. `feeds` None is all feeds, `lifetime` None for ever.

    Raises `InvalidSetting` for a name, rights or globs that cannot be, or that nothing would check, and `NoSuchFeed`.
    """
    _check_name(name)
    _check_rights(rights)
    _check_globs(globs)
    if feeds is not None and not feeds:
        raise InvalidSetting("A key for no feed can do nothing: name a feed, or leave feeds out for all of them.")
    key = make_key()
    with db.write() as tx:
        for feed in feeds or ():
            feed_rows.get(tx, feed)
        now = clock.now()
        expires_at = None if lifetime is None else now + lifetime
        row = KeyRow(
            id=key.id,
            name=name,
            hash=key.digest,
            rights=tuple(rights),
            globs=tuple(globs) or ("*",),
            feeds=None if feeds is None else tuple(feeds),
            created_at=now,
            expires_at=expires_at,
        )
        keys.add(tx, row)
        write_audit(tx, actor, "create-key", feed=None, subject=key.id, at=now)
    return key


def _check_name(name: str) -> None:
    if not (name.isprintable() and 1 <= len(name.strip()) <= _MAX_NAME_LENGTH):
        raise InvalidSetting("A key needs a name of 1 to 100 printable characters: say what it is for.")


def _check_rights(rights: Sequence[str]) -> None:
    unknown = [right for right in rights if right not in RIGHTS]
    if unknown or not rights:
        raise InvalidSetting(f"There is no right {', '.join(unknown) or repr('')}: use some of {', '.join(RIGHTS)}.")
    if DELETE in rights:
        raise InvalidSetting("The right 'delete' is not built yet, DELETE unlists: use the right 'unlist'.")
    if READ in rights and set(rights) != set(DEFAULT_RIGHTS) and ADMIN not in rights:
        raise InvalidSetting("The right 'read' is not built yet, everybody may read every feed: leave it out.")


def _check_globs(globs: Sequence[str]) -> None:
    for glob in globs:
        if not _GLOB.fullmatch(glob):
            raise InvalidSetting(f"{glob!r} is no pattern of ids: use letters, digits, '.', '-', '_' and '*'.")
