"""Who may do what. Pure rules over an `Actor`: each returns, or raises `NotAllowed`; none knows a database.

A key acts only on the feeds and ids it names, and only with the rights it carries; `admin` carries all of them.
"""

from dataclasses import dataclass
from typing import Final

from motherlode.domain.ids import PackageId
from motherlode.domain.refusals import NotAllowed

PUSH: Final = "push"
PUSH_VERSION: Final = "push-version"
UNLIST: Final = "unlist"
DELETE: Final = "delete"
READ: Final = "read"
ADMIN: Final = "admin"
RIGHTS: Final = (PUSH, PUSH_VERSION, UNLIST, DELETE, READ, ADMIN)
"""Every right a key can carry, as `--allow` spells them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with what rights, and from where.

    `name` is what the audit log keeps: a key's id, "bootstrap" or "console". `globs` hold ids in which `*` stands for
    anything; `feeds` None means all feeds. `address` and `request_id` say where the wish came from.
    """

    name: str
    rights: frozenset[str]
    globs: tuple[str, ...] = ("*",)
    feeds: frozenset[str] | None = None
    address: str | None = None
    request_id: str | None = None

    def has(self, *rights: str) -> bool:
        """Whether it carries one of the rights, or `admin`."""
        return ADMIN in self.rights or not self.rights.isdisjoint(rights)


def is_glob_match(glob: str, package_id: PackageId) -> bool:
    """Whether the whole id matches; only `*` is special, case does not count (as for keys of the public gallery)."""
    first, *rest = glob.lower().split("*")
    key = package_id.key
    if not rest:
        return key == first
    if not key.startswith(first):
        return False
    position = len(first)
    for piece in rest[:-1]:
        found = key.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return len(key) - len(rest[-1]) >= position and key.endswith(rest[-1])


def check_may_ever_push(actor: Actor, feed: str) -> None:
    """Refuse a key that could push nothing at all on this feed: known before a body is looked at."""
    _check_feed(actor, feed)
    if not actor.has(PUSH, PUSH_VERSION):
        raise NotAllowed("This API key may not push: use one with the right 'push'.")


def check_may_push(actor: Actor, feed: str, package_id: PackageId, *, is_new_id: bool) -> None:
    """Refuse a push that the key does not cover; a new id needs `push`, a new version `push` or `push-version`."""
    check_may_ever_push(actor, feed)
    _check_glob(actor, package_id)
    if is_new_id and not actor.has(PUSH):
        raise NotAllowed(
            f"This API key may push new versions only, and {package_id} is new here: use one with the right 'push'."
        )


def check_may_ever_unlist(actor: Actor, feed: str) -> None:
    """Refuse a key that could unlist nothing at all on this feed."""
    _check_feed(actor, feed)
    if not actor.has(UNLIST):
        raise NotAllowed("This API key may not unlist or relist: use one with the right 'unlist'.")


def check_may_unlist(actor: Actor, feed: str, package_id: PackageId) -> None:
    """Refuse to unlist or relist what the key does not cover."""
    check_may_ever_unlist(actor, feed)
    _check_glob(actor, package_id)


def _check_feed(actor: Actor, feed: str) -> None:
    if actor.feeds is not None and feed not in actor.feeds:
        raise NotAllowed(f"This API key is not for the feed {feed!r}: use one that is.")


def _check_glob(actor: Actor, package_id: PackageId) -> None:
    if not any(is_glob_match(glob, package_id) for glob in actor.globs):
        raise NotAllowed(f"This API key does not cover the id {package_id}: use one whose globs match it.")
