"""Identify callers: find the owner of a key or the user of a password, and their current permissions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from motherlode.domain.accounts import PERSON, parse_account_name
from motherlode.domain.permissions import ADMIN, READ, Actor, Holder
from motherlode.domain.refusals import InvalidName, KeyRefused
from motherlode.identity.keys import MAX_KEY_BYTES, digest_of, is_same, is_well_formed
from motherlode.identity.passwords import is_password
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, api_keys
from motherlode.store.database.sqlite import Database, Tx

BOOTSTRAP: Final = Actor("bootstrap", frozenset({ADMIN}))
"""The actor of the key from the environment variable: an administrator on all feeds."""
CONSOLE: Final = Actor("console", frozenset({ADMIN}))
"""The actor of commands on the server's own machine: an administrator on all feeds."""
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"
HOLDER_DISABLED: Final = "its holder is disabled"
MAKER_ENDED: Final = "the key that asked for it has ended"


@dataclass(frozen=True, slots=True)
class Identified:
    """The actor of a known key. If `rejection_reason` is set, the key is not valid and the actor has no rights."""

    actor: Actor
    rejection_reason: str | None = None


def identify_key(presented: bytes, *, bootstrap: bytes | None, db: Database, clock: Clock) -> Identified | None:
    """Return the actor of a presented key with its current roles, or None for an unknown key.

    `bootstrap` is the digest of the key from the environment, if one is set. Text that does not have the form of a key
    costs no query. An expired or revoked key takes as long as an unknown one: the owner is looked up for valid keys
    only.
    """
    if len(presented) > MAX_KEY_BYTES:
        return None
    digest = digest_of(presented)
    if bootstrap is not None and is_same(digest, bootstrap):
        return Identified(BOOTSTRAP)
    if not is_well_formed(presented.decode("latin-1")):
        return None
    with db.read() as tx:
        key = api_keys.find_by_hash(tx, digest)
        return None if key is None or not is_same(key.hash, digest) else _identify(tx, key, clock.now())


def identify_person(name: str, password: str, *, db: Database) -> tuple[Actor, str] | None:
    """Return the user with only the right to read, and the stored hash that the password was verified against.

    Returns None for a wrong password and for accounts that cannot sign in. Each case computes one hash, so that the
    time does not reveal which one it was.
    """
    account = _find_person(name, db)
    stored = None if account is None else account.password
    if not is_password(stored, password) or account is None or stored is None:
        return None
    actor = _person(account, db)
    return None if actor is None else (actor, stored)


def identify_again(name: str, *, proof: str, db: Database) -> Actor | None:
    """Return the user with the current roles, without hashing a password.

    `proof` is the stored hash that this name and password were verified against before. Returns None if the account has
    another hash now, or can no longer sign in.
    """
    account = _find_person(name, db)
    return None if account is None or account.password != proof else _person(account, db)


def find_account_name(text: str, *, db: Database) -> str | None:
    """Return the name of the account as it was created, including disabled ones, or None. Takes at most one query."""
    try:
        parse_account_name(text)
    except InvalidName:
        return None
    with db.read() as tx:
        account = accounts.find(tx, text)
    return None if account is None else account.name


def _person(account: accounts.AccountRow, db: Database) -> Actor | None:
    with db.read() as tx:
        holder = accounts.find_holder(tx, account.id)
    return None if holder is None else Actor(holder.name, frozenset({READ}), holder=holder)


def identify_now(tx: Tx, actor: Actor, now: datetime) -> Actor:
    """Return the actor with its current permissions, which may have changed since the request began.

    Actors without a stored key (bootstrap, console) are returned unchanged. Raises `KeyRefused`.
    """
    if actor.key_id is None:
        return actor
    key = api_keys.find(tx, actor.key_id)
    identified = None if key is None else _identify(tx, key, now)
    if identified is None or identified.rejection_reason is not None:
        raise KeyRefused(None if identified is None else identified.rejection_reason)
    return identified.actor.sent_by(actor.sender)


def _identify(tx: Tx, key: api_keys.KeyRow, now: datetime) -> Identified:
    if ended := _find_end(key, now):
        return Identified(_actor(key, None, frozenset()), ended)
    if key.kind == api_keys.VERIFICATION:
        return _identify_verification(tx, key, now)
    if key.account_id is None:
        return Identified(_actor(key, None, frozenset(key.rights)))
    return _identify_owned(tx, key, key.account_id)


def _identify_verification(tx: Tx, key: api_keys.KeyRow, now: datetime) -> Identified:
    """Give a verification key the permissions of the key that created it. If that key has no owner and the right
    `admin`, the actor is an administrator."""
    is_the_servers = key.made_by in {BOOTSTRAP.name, CONSOLE.name}
    maker = None if is_the_servers or key.made_by is None else api_keys.find(tx, key.made_by)
    if not is_the_servers and (maker is None or _find_end(maker, now)):
        return Identified(_actor(key, None, frozenset()), MAKER_ENDED)
    if key.account_id is not None:
        return _identify_owned(tx, key, key.account_id)
    is_administrators = maker is None or ADMIN in maker.rights
    holder = Holder(0, str(key.made_by), is_administrator=True) if is_administrators else None
    return Identified(_actor(key, holder, frozenset(key.rights)))


def _identify_owned(tx: Tx, key: api_keys.KeyRow, account_id: int) -> Identified:
    holder = accounts.find_holder(tx, account_id)
    if holder is None:
        return Identified(_actor(key, None, frozenset()), HOLDER_DISABLED)
    return Identified(_actor(key, holder, frozenset(key.rights)))


def _find_end(key: api_keys.KeyRow, now: datetime) -> str | None:
    if key.revoked_at is not None:
        return REVOKED
    return EXPIRED if key.expires_at is not None and now >= key.expires_at else None


def _actor(key: api_keys.KeyRow, holder: Holder | None, rights: frozenset[str]) -> Actor:
    return Actor(
        name=key.id if holder is None else holder.name,
        rights=rights,
        globs=key.globs,
        feeds=None if key.feeds is None else frozenset(key.feeds),
        key_id=key.id,
        key_name=key.name,
        expires_at=key.expires_at,
        holder=holder,
    )


def _find_person(name: str, db: Database) -> accounts.AccountRow | None:
    """Return the account of a user that may sign in under this name, or None."""
    try:
        parse_account_name(name)
    except InvalidName:
        return None
    with db.read() as tx:
        account = accounts.find(tx, name)
    return account if account and account.kind == PERSON and account.disabled_at is None else None
