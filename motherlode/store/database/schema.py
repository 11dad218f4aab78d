"""All tables, as a map. Start here.

    feeds ──1:1── heads            the feed's last event: the one locked row that numbers its events (and its counts)
      │
      ├──< packages                one row per id on a feed: number and time of its last event
      ├──< entries >── contents    a feed's versions; the bytes they are, stored once however many feeds hold them
      │                  └──1:1── readings  which way of reading packages a content's facts come from
      ├──< deletions >── contents  versions that were deleted softly: the number stays taken, the bytes for a while
      ├──< locks                   ids that nobody may change
      ├──< events                  the log: each change of a feed, numbered without gaps
      ├──< downloads               counts per version and UTC day
      ├──< totals                  the same of all days together: what documents show
      ├──< client_downloads        counts per client (by the name of the program) and UTC day
      ├──< grants >── accounts     who may read and publish here; accounts are people, service accounts and teams
      ├──< owners >── accounts     whose an id is; an id without a row belongs to the administrators
      └──< invitations >── accounts  who was asked to own an id and has not answered
    members                        which people and service accounts are in which team
    sessions >── accounts          people who signed in with a browser, by the digest of what their cookie holds
    keys >── accounts              API keys, by hash; one without an account belongs to nobody
    former_feeds                   feeds that were deleted: their ids and last events never come back
    access                         one row: the number of the last change of who may do what
    garbage                        blobs that no content names any more, until their last readers are through
    unnamed                        blobs that no row named when the collector met them, and since when
    jobs                           things to be done later, each by one worker
    audit                          who did what, from where; points to nothing, so that it outlives everything
    meta                           what is true of the whole database

Invariants: an entry's `revision` is the number of its last event, a package's the highest of its entries' events, a
head's the highest of its feed. Blobs are durable before a row of `contents` names them; their names never come back.
Whatever changes who may do what (accounts, members, grants, owners, keys, settings of feeds) also counts up `access`.
Lines of `audit` are numbered without gaps, and each one's hash covers the hash of the line before it.

One schema for two dialects: times are aware UTC, kept as whole microseconds since 1970; keys are compared bytewise.
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
"""The newest migration: what `Database.is_current` compares with, without importing Alembic."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UnreadableValue(ValueError):
    """A column holds what no version of the program writes: `str()` says what, of the database."""


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970 (UTC); a naive one is refused with TypeError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Microseconds of an aware time."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The aware time of microseconds."""
        try:
            return None if value is None else _EPOCH + timedelta(microseconds=value)
        except (TypeError, OverflowError) as error:
            raise UnreadableValue("what should be a time in it is none") from error


BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself in INTEGER columns only
Key = String().with_variant(String(collation="C"), "postgresql")  # bytewise, as SQLite compares by itself
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
    Column("name", Key, primary_key=True),  # "history": a random id, new when a backup is restored; "created"
    Column("value", String, nullable=False),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Key, nullable=False, unique=True),
    Column("settings", Json, nullable=False),  # all of them: the server's defaults count when a feed is made
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,  # the id of a feed that is gone never comes back
)

former_feeds = Table(
    "former_feeds",
    metadata,
    Column("feed_id", Integer, primary_key=True, autoincrement=False),  # points to nothing: the feed is gone
    Column("name", Key, nullable=False),
    Column("number", BigInteger, nullable=False),  # of its last event
    Column("deleted_at", Moment, nullable=False),
)

heads = Table(
    "heads",
    metadata,
    Column("feed_id", ForeignKey(feeds.c.id), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),  # of the feed's last event; 0 before the first
    Column("at", Moment, nullable=False),  # never before that of an earlier event
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
    Column("facts", Json, nullable=False),  # everything documents need that no column holds, read from the nuspec
    Column("nuspec", LargeBinary, nullable=False),  # as it lies in the package; last, because most reads skip it
)

readings = Table(  # apart from contents: to mark many rows of that would write their facts and nuspecs again
    "readings",
    metadata,
    Column("content_id", ForeignKey(contents.c.id), primary_key=True, autoincrement=False),
    Column(
        "number", Integer, nullable=False
    ),  # of the reader, `EXTRACTOR_VERSION`; a content without a row is to be read again
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
    Column("is_semver2", Boolean, nullable=False),  # by its version or by a dependency's range
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
    Column("entry", Json, nullable=False),  # all that the entry said, to bring it back as it was
    Column("content_id", ForeignKey(contents.c.id), index=True),  # NULL once the bytes were collected
    Column("deleted_at", Moment, nullable=False),
    Column("deleted_by", String, nullable=False),  # the actor's name, then
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
    Column("at", Moment, nullable=False),  # when the last content let go of it
    Column("size", BigInteger, nullable=False),
)

unnamed = Table(
    "unnamed",
    metadata,
    Column("blob", Key, primary_key=True),
    Column("history", String, nullable=False),  # of the database, then: a note of another history does not count
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
    Column("claimed_by", String),  # the worker that is at it
    Column("claimed_until", Moment),  # from then on another may take it
    Column("done_at", Moment),
    Column("error", String),  # of the last attempt that failed
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
    Column("details", Json, nullable=False),  # the entry as it is after the event, whole
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
    Column("batch", BigInteger, nullable=False),  # number of the feed's batch that changed it last
    Index(None, "feed_id", "batch", "id_key"),  # what changed since
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),  # as written
    Column("name_key", Key, nullable=False, unique=True),  # folded; one name for people, service accounts and teams
    Column("kind", String, nullable=False),  # person, service, team
    Column("role", String),  # administrator, or NULL
    Column("password", String),  # its Argon2 hash; NULL is none: nobody signs in with it
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    Column("deleted_at", Moment),  # then it has nothing but its name, which stays taken; it is disabled, too
    sqlite_autoincrement=True,  # the id of an account that is gone never comes back
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
    Column("invited_by", String, nullable=False),  # the actor's name, then
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
    Column("id", Key, primary_key=True),  # short and public: names the key in lists and logs
    Column("name", String, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("rights", Json, nullable=False),
    Column("globs", Json, nullable=False),
    Column("feeds", Json),  # names; NULL is all feeds, those to come included
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),  # NULL is never
    Column("revoked_at", Moment),
    Column("kind", String, nullable=False, server_default="api"),  # api, verification (for one use, then removed)
    Column("account_id", ForeignKey(accounts.c.id), index=True),  # NULL: it belongs to nobody
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
    Column("actor", String, nullable=False),  # an account's name; else "console", "bootstrap", or a key of nobody's
    Column("action", String, nullable=False),
    Column("feed", String),  # its name, then
    Column("subject", String, nullable=False),
    Column("address", String),
    Column("request_id", String),
    Column("details", Json),
    Column("key_id", String),
    Column("client", String),  # its User-Agent
    Column("reason", String),
    Column("hash", LargeBinary),  # SHA-256 over the hash of the line before and this line
)
