"""Who may do what. Pure rules over an `Actor`: each returns, or raises `NotAllowed`; none knows a database.

A key acts only on the feeds and ids it names, and only with the rights it carries; `admin` carries all of them. A key
that has a holder never can do more than its holder at that moment: on each feed the roles he has there, his own or a
team's, say which rights count. A key of nobody's is the server's own: it acts for the administrators, as far as its
rights go.
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
"""Every right a key can carry, as `--allow` spells them."""
VERIFY: Final = "verify"
"""The right of a verification key, and no other: to ask once whether its holder may push an id."""

ALL_RIGHTS: Final = frozenset({*RIGHTS, VERIFY})
EXPIRY_NOTICE: Final = timedelta(days=10)
"""How long before its end a key warns of it."""
_NO_RIGHTS: Final[frozenset[str]] = frozenset()
_RIGHTS_OF_ROLE: Final[Mapping[str, frozenset[str]]] = {
    READER: frozenset({READ}),
    PUBLISHER: frozenset({READ, PUSH, PUSH_VERSION, UNLIST, DELETE, VERIFY}),
}
_RIGHTS_OF_OWNERS: Final = frozenset({READ, PUSH_VERSION, UNLIST, DELETE, VERIFY})


@dataclass(frozen=True, slots=True)
class Holder:
    """The account behind a key or a password, with its teams and roles of this moment.

    `account_ids` are its own and its teams'; `roles` its own and its teams' role on each feed, the higher one where
    there are two; `owns_on` the feeds on which it or a team owns an id.
    """

    id: int
    name: str
    is_administrator: bool = False
    account_ids: frozenset[int] = frozenset()
    roles: Mapping[str, str] = field(default_factory=dict)
    owns_on: frozenset[str] = frozenset()

    def rights_on(self, feed: str) -> frozenset[str]:
        """What it may do on the feed; to ids that others own it may do no more than read them."""
        if self.is_administrator:
            return ALL_RIGHTS
        by_role = _RIGHTS_OF_ROLE.get(self.roles.get(feed, ""), _NO_RIGHTS)
        return by_role | _RIGHTS_OF_OWNERS if feed in self.owns_on else by_role


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where a wish came from: the address, as far as it can be believed, the User-Agent, and the request's own id."""

    address: str | None = None
    client: str | None = None
    request_id: str | None = None


UNKNOWN_ORIGIN: Final = RequestOrigin()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with what rights, and from where.

    `name` is what the audit log keeps: the holder's name, else the key's id, "bootstrap" or "console". `rights` are the
    key's; one who signed in with a password has `read` alone. `globs` hold ids in which `*` stands for anything;
    `feeds` None means all feeds. `key_id`, `key_name` and `expires_at` are of the key, None where there is none.
    `access` is the number of the last change of who may do what when it was judged, None for one that no such change
    touches.
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
        """The same actor with another request."""
        return replace(self, sender=sender)

    def rights_on(self, feed: str) -> frozenset[str]:
        """What it may do on the feed: what the key carries there, as far as its holder has it too."""
        if self.feeds is not None and feed not in self.feeds:
            return _NO_RIGHTS
        carried = ALL_RIGHTS if ADMIN in self.rights else self.rights
        if PUSH in carried:
            carried |= {PUSH_VERSION}
        return carried if self.holder is None else carried & self.holder.rights_on(feed)

    @property
    def account_ids(self) -> frozenset[int]:
        """The accounts whose ids are its own: the holder's and its teams'."""
        return frozenset() if self.holder is None else self.holder.account_ids

    @property
    def is_limited(self) -> bool:
        """Whether it is for some feeds or ids alone."""
        return self.feeds is not None or "*" not in self.globs

    @property
    def is_administrator(self) -> bool:
        """Whether no id is another's for it: an administrator's key, or nobody's with the right `admin`."""
        return ADMIN in self.rights if self.holder is None else self.holder.is_administrator


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose an id is on a feed, as an actor sees it: one that nobody owns belongs to the administrators."""

    is_id_known: bool
    is_owned: bool
    is_own: bool


def may_read(actor: Actor, feed: str) -> bool:
    """Whether it may read a feed that not everybody may read."""
    return READ in actor.rights_on(feed)


def is_visible(actor: Actor, feed: str) -> bool:
    """Whether such a feed exists for it at all."""
    return bool(actor.rights_on(feed))


def expiry_warning(actor: Actor, now: datetime) -> str | None:
    """What a push with a key that ends soon carries along; None while there is time."""
    if actor.expires_at is None or actor.expires_at - now > EXPIRY_NOTICE:
        return None
    days = max(0, (actor.expires_at - now).days)
    left = "in less than a day" if days == 0 else f"in {days} day{'s' if days > 1 else ''}"
    return (
        f"The API key {actor.key_name!r} ({actor.key_id}) expires {left}, on {actor.expires_at:%Y-%m-%d}: "
        f"ask for a new one, or have it rotated ('key rotate {actor.key_id}')."
    )


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
    _check_any_right(actor, feed, PUSH, PUSH_VERSION, to="push")


def check_may_push(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse a push that the key does not cover: a new id needs `push`, a new version `push` or `push-version`, and the
    id must be the actor's."""
    check_may_ever_push(actor, feed)
    check_covers(actor, package_id)
    if ownership.is_id_known:
        check_owns(actor, package_id, ownership)
    elif PUSH not in actor.rights_on(feed):
        raise NotAllowed(
            f"This API key may push new versions only, and {package_id} is new here: use one with the right 'push'."
        )


def check_may_ever_unlist(actor: Actor, feed: str) -> None:
    """Refuse a key that could unlist nothing at all on this feed."""
    _check_any_right(actor, feed, UNLIST, to="unlist or relist")


def check_may_unlist(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse to unlist or relist what the key does not cover, or what is another's."""
    check_may_ever_unlist(actor, feed)
    check_covers(actor, package_id)
    check_owns(actor, package_id, ownership)


def check_may_ever_take_away(actor: Actor, feed: str) -> None:
    """Refuse a key that could neither unlist nor delete anything on this feed: known before the feed's mode is."""
    _check_any_right(actor, feed, UNLIST, DELETE, to="unlist or delete")


def check_may_delete(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse to delete, softly or for good: it takes the right `delete`, which no key has by default."""
    if DELETE not in actor.rights_on(feed):
        raise NotAllowed(
            f"DELETE takes versions away on the feed {feed!r}, and this API key lacks the right 'delete': use one that "
            "has it, or ask an administrator to unlist the version instead ('motherlode unlist')."
        )
    check_covers(actor, package_id)
    check_owns(actor, package_id, ownership)


def check_may_ever_verify(actor: Actor, feed: str) -> None:
    """Refuse a key that can prove nothing on this feed: a verification key, or one that may push."""
    if VERIFY not in actor.rights_on(feed):
        check_may_ever_push(actor, feed)


def check_may_administer(actor: Actor) -> None:
    """Refuse whoever is no administrator."""
    if not (actor.is_administrator and ADMIN in actor.rights) or actor.is_limited:
        raise NotAllowed("Only an administrator may do this, with a key for all feeds and ids if with one: ask one.")


def check_covers(actor: Actor, package_id: PackageId) -> None:
    """Refuse an id that none of the key's globs matches."""
    if not any(is_glob_match(glob, package_id) for glob in actor.globs):
        globs = ", ".join(actor.globs)
        raise NotAllowed(
            f"This API key does not cover the id {package_id}, only {globs}: use one whose globs match it."
        )


def check_owns(actor: Actor, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse an id that is another's on the feed: its owners and administrators alone push and unlist its versions."""
    if ownership.is_own or actor.is_administrator or (actor.holder is None and not ownership.is_owned):
        return
    whose = "its owners" if ownership.is_owned else "this server's administrators"
    refusal = NotAllowed(
        f"{package_id} belongs to {whose}, and this API key is none of theirs: "
        "ask to become an owner ('owner add'), or use another id."
    )
    refusal.has_owners = ownership.is_owned
    raise refusal


def check_may_manage_owners(actor: Actor, feed: str, package_id: PackageId, ownership: Ownership) -> None:
    """Refuse whoever may not say who owns an id: an owner or administrator, with a key that carries `admin` there."""
    if ADMIN not in actor.rights or (actor.feeds is not None and feed not in actor.feeds):
        raise NotAllowed("This API key may not change owners here: use one with the right 'admin' for this feed.")
    check_covers(actor, package_id)
    check_owns(actor, package_id, ownership)


def _check_any_right(actor: Actor, feed: str, *rights: str, to: str) -> None:
    if actor.feeds is not None and feed not in actor.feeds:
        raise NotAllowed(f"This API key is not for the feed {feed!r}: use one that is.")
    if ADMIN not in actor.rights and actor.rights.isdisjoint(rights):
        raise NotAllowed(f"This API key may not {to}: use one with the right {rights[0]!r}.")
    if actor.rights_on(feed).isdisjoint(rights):
        raise NotAllowed(
            f"{actor.name} may not {to} on the feed {feed!r}: ask an administrator for the role 'publisher' there, "
            "or to own the id."
        )
