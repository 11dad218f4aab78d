"""Permissions: pure rules over an `Actor`, without a database. Each `check_*` function returns or raises `NotAllowed`.

A key acts only on the feeds and ids it names, and only with the rights it carries; `admin` includes all rights. A key
with an owner (its holder) can never do more than the owner can at that time: on each feed, the roles of the owner and
of its teams limit the rights of the key. A key without an owner belongs to the server: it acts for the administrators,
within its rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.accounts import PUBLISHER, READER
from motherlode.domain.refusals import NotAllowed
from motherlode.nuget.ids import PackageId

PUSH: Final = "push"
PUSH_VERSION: Final = "push-version"
UNLIST: Final = "unlist"
DELETE: Final = "delete"
READ: Final = "read"
ADMIN: Final = "admin"
RIGHTS: Final = (PUSH, PUSH_VERSION, UNLIST, DELETE, READ, ADMIN)
"""All rights that a key can carry, spelled as in `--allow`."""
VERIFY: Final = "verify"
"""The only right of a verification key: to ask once whether its owner may push an id."""

ALL_RIGHTS: Final = frozenset({*RIGHTS, VERIFY})
EXPIRY_NOTICE: Final = timedelta(days=10)
"""How long before a key expires its pushes carry a warning."""
_NO_RIGHTS: Final[frozenset[str]] = frozenset()
_RIGHTS_OF_ROLE: Final[Mapping[str, frozenset[str]]] = {
    READER: frozenset({READ}),
    PUBLISHER: frozenset({READ, PUSH, PUSH_VERSION, UNLIST, DELETE, VERIFY}),
}
_RIGHTS_OF_OWNERS: Final = frozenset({READ, PUSH_VERSION, UNLIST, DELETE, VERIFY})


@dataclass(frozen=True, slots=True)
class Holder:
    """The account behind a key or a password, with its current teams and roles.

    `account_ids` are the ids of the account and its teams. `roles` maps each feed to the highest role that the account
    or a team has there. `owns_on` are the feeds on which the account or a team owns a package id.
    """

    id: int
    name: str
    is_administrator: bool = False
    account_ids: frozenset[int] = frozenset()
    roles: Mapping[str, str] = field(default_factory=dict)
    owns_on: frozenset[str] = frozenset()

    def rights_on(self, feed: str) -> frozenset[str]:
        """Return the account's rights on the feed. Package ids that others own it may only read."""
        if self.is_administrator:
            return ALL_RIGHTS
        by_role = _RIGHTS_OF_ROLE.get(self.roles.get(feed, ""), _NO_RIGHTS)
        return by_role | _RIGHTS_OF_OWNERS if feed in self.owns_on else by_role


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where a request came from: its address if that can be trusted, its User-Agent, and its request id."""

    address: str | None = None
    client: str | None = None
    request_id: str | None = None


UNKNOWN_ORIGIN: Final = RequestOrigin()


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller, with its rights and the origin of its request.

    `name` is what the audit log records: the holder's name, else the key's id, "bootstrap" or "console". `rights` are
    the key's; a login with a password has only `read`. `globs` are patterns for package ids in which `*` matches
    anything; `feeds` is None for all feeds. `key_id`, `key_name` and `expires_at` describe the key, None without one.
    `access` is the permissions version at which the actor was authenticated, None for actors that no change of
    permissions affects.
    """

    name: str
    rights: frozenset[str]
    globs: tuple[str, ...] = ("*",)
    feeds: frozenset[str] | None = None
    sender: RequestOrigin = UNKNOWN_ORIGIN
    key_id: str | None = None
    key_name: str | None = None
    expires_at: datetime | None = None
    holder: Holder | None = None
    access: int | None = None

    def sent_by(self, sender: RequestOrigin) -> "Actor":
        """Return a copy of this actor with another origin."""
        return replace(self, sender=sender)

    def rights_on(self, feed: str) -> frozenset[str]:
        """Return the rights on the feed: those of the key that its holder also has there."""
        if self.feeds is not None and feed not in self.feeds:
            return _NO_RIGHTS
        carried = ALL_RIGHTS if ADMIN in self.rights else self.rights
        if PUSH in carried:
            carried |= {PUSH_VERSION}
        return carried if self.holder is None else carried & self.holder.rights_on(feed)

    @property
    def account_ids(self) -> frozenset[int]:
        """The ids of the holder and its teams: what they own, the actor owns."""
        return frozenset() if self.holder is None else self.holder.account_ids

    @property
    def is_limited(self) -> bool:
        """Whether the key is limited to some feeds or package ids."""
        return self.feeds is not None or "*" not in self.globs

    @property
    def is_administrator(self) -> bool:
        """Whether the actor may change any package id: an administrator, or an ownerless key with `admin`."""
        return ADMIN in self.rights if self.holder is None else self.holder.is_administrator


@dataclass(frozen=True, slots=True)
class Ownership:
    """The ownership of a package id on a feed, for one actor. Ids without an owner belong to the administrators."""

    is_id_known: bool
    is_owned: bool
    is_own: bool


def may_read(actor: Actor, feed: str) -> bool:
    """Return whether the actor may read the feed if it is private."""
    return READ in actor.rights_on(feed)


def is_visible(actor: Actor, feed: str) -> bool:
    """Return whether the actor may know that the private feed exists: it has any right there."""
    return bool(actor.rights_on(feed))


def expiry_warning(actor: Actor, now: datetime) -> str | None:
    """Return a warning if the actor's key expires within `EXPIRY_NOTICE`, or None."""
    if actor.expires_at is None or actor.expires_at - now > EXPIRY_NOTICE:
        return None
    days = max(0, (actor.expires_at - now).days)
    left = "in less than a day" if days == 0 else f"in {days} day{'s' if days > 1 else ''}"
    return (
        f"The API key {actor.key_name!r} ({actor.key_id}) expires {left}, on {actor.expires_at:%Y-%m-%d}: "
        f"replace it, or ask an administrator to rotate it ('key rotate {actor.key_id}')."
    )


def is_glob_match(glob: str, package_id: PackageId) -> bool:
    """Return whether the whole id matches. Only `*` is special; case is ignored, as for keys of the public gallery."""
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
    """Refuse actors that can push nothing to this feed. It can be checked before the body is read."""
    _check_any_right(actor, feed, PUSH, PUSH_VERSION, to="push")


def check_may_push(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse a push that the actor may not make.

    A new id needs `push`, a new version of a known id `push` or `push-version` and that the actor owns the id.
    """
    check_may_ever_push(actor, feed)
    check_covers(actor, package_id)
    if ownership.is_id_known:
        check_owns(actor, package_id, ownership)
    elif PUSH not in actor.rights_on(feed):
        raise NotAllowed(
            f"This API key may only push new versions, but {package_id} is new here. Use one with the right 'push'."
        )


def check_may_ever_unlist(actor: Actor, feed: str) -> None:
    """Refuse actors that can unlist nothing on this feed."""
    _check_any_right(actor, feed, UNLIST, to="unlist or relist")


def check_may_unlist(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse to unlist or relist a package id that the key does not cover or the actor does not own."""
    check_may_ever_unlist(actor, feed)
    check_covers(actor, package_id)
    check_owns(actor, package_id, ownership)


def check_may_ever_take_away(actor: Actor, feed: str) -> None:
    """Refuse actors that can neither unlist nor delete anything on this feed. It does not depend on the feed's mode."""
    _check_any_right(actor, feed, UNLIST, DELETE, to="unlist or delete")


def check_may_delete(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse to delete, softly or permanently, without the right `delete`, which no key has by default."""
    if DELETE not in actor.rights_on(feed):
        raise NotAllowed(
            f"DELETE removes versions on the feed {feed!r}, and this API key lacks the right 'delete'. Use one that "
            "has it, or ask an administrator to unlist the version instead ('motherlode unlist')."
        )
    check_covers(actor, package_id)
    check_owns(actor, package_id, ownership)


def check_may_ever_verify(actor: Actor, feed: str) -> None:
    """Refuse keys on this feed other than verification keys and keys that may push."""
    if VERIFY not in actor.rights_on(feed):
        check_may_ever_push(actor, feed)


def check_may_administer(actor: Actor) -> None:
    """Refuse actors that are not administrators, and keys that do not cover all feeds and ids."""
    if not (actor.is_administrator and ADMIN in actor.rights) or actor.is_limited:
        raise NotAllowed("Only an administrator may do this. If you use an API key, it must cover all feeds and ids.")


def check_covers(actor: Actor, package_id: PackageId) -> None:
    """Refuse a package id that does not match any of the key's globs."""
    if not any(is_glob_match(glob, package_id) for glob in actor.globs):
        globs = ", ".join(actor.globs)
        raise NotAllowed(f"This API key does not cover the id {package_id}, only {globs}. Use one that covers it.")


def check_owns(actor: Actor, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse a package id that others own on the feed: only its owners and administrators may change its versions."""
    if ownership.is_own or actor.is_administrator or (actor.holder is None and not ownership.is_owned):
        return
    if ownership.is_owned:
        reason = f"This API key does not belong to an owner of {package_id}."
    else:
        reason = f"{package_id} has no owner on this feed, so only administrators may change it."
    refusal = NotAllowed(f"{reason} Ask to become an owner ('owner add'), or use another id.")
    refusal.has_owners = ownership.is_owned
    raise refusal


def check_may_manage_owners(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse to change the owners of an id, except to owners and administrators whose key has `admin` for the feed."""
    if ADMIN not in actor.rights or (actor.feeds is not None and feed not in actor.feeds):
        raise NotAllowed("This API key may not change owners here. Use one with the right 'admin' for this feed.")
    check_covers(actor, package_id)
    check_owns(actor, package_id, ownership)


def _check_any_right(actor: Actor, feed: str, *rights: str, to: str) -> None:
    if actor.feeds is not None and feed not in actor.feeds:
        raise NotAllowed(f"This API key is not valid for the feed {feed!r}. Use one that is.")
    if ADMIN not in actor.rights and actor.rights.isdisjoint(rights):
        raise NotAllowed(f"This API key may not {to}. Use one with the right {rights[0]!r}.")
    if actor.rights_on(feed).isdisjoint(rights):
        raise NotAllowed(
            f"{actor.name} may not {to} on the feed {feed!r}. Ask an administrator for the role 'publisher' there, "
            "or to make you an owner of the id."
        )
