"""All tables. Start here.

    feeds ──1:1── heads            the feed's last event: the row that is locked to number events (and download batches)
      │
      ├──< packages                one row per id on a feed: number and time of its last event
      ├──< entries >── contents    the versions of a feed; their bytes, stored once for all feeds
      │                  └──1:1── readings  the version of the extractor that a content's facts come from
      ├──< deletions >── contents  softly deleted versions: the version number stays taken, the bytes stay for a while
      ├──< locks                   ids that cannot be changed
      ├──< events                  the log: each change of a feed, numbered without gaps
      ├──< downloads               counts per version and UTC day
      ├──< totals                  counts per version over all days, as shown in documents
      ├──< client_downloads        counts per client program and UTC day
      ├──< grants >── accounts     roles on the feed; accounts are people, service accounts and teams
      ├──< owners >── accounts     owners of ids; an id without a row belongs to the administrators
      └──< invitations >── accounts  accounts that were invited to own an id and have not answered
    members                        the people and service accounts in each team
    sessions >── accounts          browser sessions, by the digest of the secret in the cookie
    keys >── accounts              API keys, by hash; a key without an account has no owner
    former_feeds                   deleted feeds: their ids and event numbers are never reused
    access                         one row: the permissions version, the number of the last change of permissions
    garbage                        blobs that no content references any more, until their last downloads are finished
    unnamed                        blobs that no row referenced when the garbage collector found them, and since when
    jobs                           background jobs, each run by one worker at a time
    audit                          who did what, from where; without foreign keys, so that it outlives everything
    meta                           facts about the whole database

Invariants: an entry's `revision` is the number of its last event, a package's the highest of its entries' events, a
head's the highest of its feed. Blobs are durable before a row of `contents` references them; their names are never
reused. Every change of permissions (accounts, members, grants, owners, keys, settings of feeds) increments `access`.
Lines of `audit` are numbered without gaps, and the hash of each line covers the hash of the line before it.

One schema for two dialects: times are aware UTC, stored as whole microseconds since 1970; keys are compared bytewise.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

REVISION: Final = "0007"
"""The newest migration. `Database.is_current` compares with it, so that it does not need to import Alembic."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UnreadableValue(ValueError):
    """A column contains a value that no version of the program writes; `str()` describes it."""


class Moment(TypeDecorator[datetime]):
    """An aware time, stored as microseconds since 1970 (UTC). Raises TypeError for a naive time."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Convert an aware time to microseconds."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert microseconds to an aware time."""
        try:
            return None if value is None else _EPOCH + timedelta(microseconds=value)
        except (TypeError, OverflowError) as error:
            raise UnreadableValue("it contains an invalid time") from error


BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite assigns row ids in INTEGER columns only
Key = String().with_variant(String(collation="C"), "postgresql")  # compared bytewise, as SQLite does by default
Json = JSON(none_as_null=True)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("name", Key, primary_key=True),  # "history": a random id, renewed when a backup is restored; "created"
    Column("value", String, nullable=False),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Key, nullable=False, unique=True),
    Column("settings", Json, nullable=False),  # all settings: the server's defaults only apply when a feed is created
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,  # the id of a deleted feed is never reused
)

former_feeds = Table(
    "former_feeds",
    metadata,
    Column("feed_id", Integer, primary_key=True, autoincrement=False),  # not a foreign key: the feed is gone
    Column("name", Key, nullable=False),
    Column("number", BigInteger, nullable=False),  # of its last event
    Column("deleted_at", Moment, nullable=False),
)

heads = Table(
    "heads",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),  # of the feed's last event; 0 before the first
    Column("at", Moment, nullable=False),  # never before the time of an earlier event
    Column("counted", BigInteger, nullable=False),  # number of the last batch of download counts; 0 before the first
)

contents = Table(
    "contents",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("sha512", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes
    Column("blob", Key, nullable=False, unique=True),  # {sha256}-{nonce}
    Column("created_at", Moment, nullable=False),
    Column("facts", Json, nullable=False),  # everything from the nuspec that documents need and that has no column
    Column("nuspec", LargeBinary, nullable=False),  # the bytes in the package; last, because most reads skip it
)

readings = Table(  # separate from contents: marking many rows there would rewrite their facts and nuspecs
    "readings",
    metadata,
    Column("content_id", ForeignKey(contents.c.id), primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),  # `EXTRACTOR_VERSION`; a content without a row must be read again
)

entries = Table(
    "entries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("feed_id", ForeignKey(feeds.c.id), nullable=False),
    Column("id_key", Key, nullable=False),  # folded
    Column("version_key", Key, nullable=False),  # normalised, folded, without build metadata
    Column("id_written", String, nullable=False),
    Column("version_written", String, nullable=False),
    Column("sort_key", LargeBinary, nullable=False),  # bytewise order is the order of versions
    Column("content_id", ForeignKey(contents.c.id), nullable=False, index=True),
    Column("listed", Boolean, nullable=False),
    Column("is_prerelease", Boolean, nullable=False),
    Column("is_semver2", Boolean, nullable=False),  # because of its version or of a dependency's version range
    Column("pushed_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),  # of its last event
    Column("revision", BigInteger, nullable=False),  # number of its last event
    UniqueConstraint("feed_id", "id_key", "version_key"),
    Index(None, "feed_id", "id_key", "sort_key", "version_key"),  # the order of a package's versions
)

deletions = Table(
    "deletions",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("version_key", Key, primary_key=True),
    Column("entry", Json, nullable=False),  # everything in the entry, to restore it unchanged
    Column("content_id", ForeignKey(contents.c.id), index=True),  # NULL once the bytes were collected
    Column("deleted_at", Moment, nullable=False),
    Column("deleted_by", String, nullable=False),  # the actor's name at that time
    Column("reason", String),
)

locks = Table(
    "locks",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", String),
)

garbage = Table(
    "garbage",
    metadata,
    Column("blob", Key, primary_key=True),
    Column("at", Moment, nullable=False),  # when the last content stopped referencing it
    Column("size", BigInteger, nullable=False),
)

unnamed = Table(
    "unnamed",
    metadata,
    Column("blob", Key, primary_key=True),
    Column("history", String, nullable=False),  # of the database at that time: records of other histories do not count
    Column("since", Moment, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", Key, nullable=False),
    Column("details", Json, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String),  # the worker that runs it
    Column("claimed_until", Moment),  # after this time another worker may take it
    Column("done_at", Moment),
    Column("error", String),  # of the last failed attempt
    Index(None, "done_at", "due_at"),
)

packages = Table(
    "packages",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3… visible in this order
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False),  # published, replaced, unlisted, relisted, rederived, deleted, restored
    Column("id_key", Key, nullable=False),
    Column("version_key", Key, nullable=False),
    Column("details", Json, nullable=False),  # the whole entry after the event
)

downloads = Table(
    "downloads",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("version_key", Key, primary_key=True),
    Column("day", Date, primary_key=True),  # UTC
    Column("count", BigInteger, nullable=False),
    Index(None, "feed_id", "day"),
)

client_downloads = Table(
    "client_downloads",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),  # UTC
    Column("client", Key, primary_key=True),  # one of a short list of names
    Column("count", BigInteger, nullable=False),
)

totals = Table(
    "totals",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("version_key", Key, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),  # number of the feed's last batch that changed it
    Index(None, "feed_id", "batch", "id_key"),  # to find what changed since a batch
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),  # as written
    Column("name_key", Key, nullable=False, unique=True),  # folded; one name for people, service accounts and teams
    Column("kind", String, nullable=False),  # person, service, team
    Column("role", String),  # administrator, or NULL
    Column("password", String),  # its Argon2 hash; NULL: signing in with a password is not possible
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    Column("deleted_at", Moment),  # a deleted account keeps only its name, which stays taken, and is disabled
    sqlite_autoincrement=True,  # the id of a deleted account is never reused
)

members = Table(
    "members",
    metadata,
    Column("team_id", ForeignKey(accounts.c.id), primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True, autoincrement=False, index=True),
)

grants = Table(
    "grants",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True, autoincrement=False, index=True),
    Column("role", String, nullable=False),  # reader, publisher
)

owners = Table(
    "owners",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True, autoincrement=False, index=True),
    Column("since", Moment, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("id_key", Key, primary_key=True),
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True, autoincrement=False, index=True),
    Column("invited_by", String, nullable=False),  # the actor's name at that time
    Column("at", Moment, nullable=False),
)

access = Table(
    "access",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("number", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Key, primary_key=True),  # short and public: identifies the key in lists and logs
    Column("name", String, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("rights", Json, nullable=False),
    Column("globs", Json, nullable=False),
    Column("feeds", Json),  # names; NULL: all feeds, including future ones
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),  # NULL: never
    Column("revoked_at", Moment),
    Column("kind", String, nullable=False, server_default="api"),  # api, verification (for one use, then removed)
    Column("account_id", ForeignKey(accounts.c.id), index=True),  # NULL: the key has no owner
    Column("last_used_at", Moment),
    Column("last_used_address", String),
    Column("replaced_by", Key),  # the id of the key it was rotated into
    Column("made_by", Key),  # of a verification key: the key that asked for it, "bootstrap" or "console"
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of the secret in the cookie
    Column("account_id", ForeignKey(accounts.c.id), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("address", String),  # where the sign-in came from
    Column("client", String),  # and its User-Agent
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),  # 1, 2, 3… without gaps
    Column("at", Moment, nullable=False),
    Column(
        "actor", String, nullable=False
    ),  # an account's name; else "console", "bootstrap", or the id of a key without an owner
    Column("action", String, nullable=False),
    Column("feed", String),  # its name at that time
    Column("subject", String, nullable=False),
    Column("address", String),
    Column("request_id", String),
    Column("details", Json),
    Column("key_id", String),
    Column("client", String),  # its User-Agent
    Column("reason", String),
    Column("hash", LargeBinary),  # SHA-256 over the hash of the line before and this line
)
