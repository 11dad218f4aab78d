"""The first tables: feeds and their logs, contents and entries, downloads, keys, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True)
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create all tables."""
    _make_server_tables()
    _make_entries()
    _make_logs()
    _make_counts()


def _feed_id() -> "sa.Column[int]":
    return sa.Column("feed_id", sa.Integer(), autoincrement=False, nullable=False)


def _to_feeds(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f(f"fk_{table}_feed_id"))


def _make_server_tables() -> None:
    op.create_table(
        "meta",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("name", name=op.f("uq_feeds_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "keys",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("rights", JSON, nullable=False),
        sa.Column("globs", JSON, nullable=False),
        sa.Column("feeds", JSON, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_keys_hash")),
    )


def _make_entries() -> None:
    op.create_table(
        "contents",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sha512", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("blob", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("nuspec", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contents")),
        sa.UniqueConstraint("sha256", name=op.f("uq_contents_sha256")),
        sa.UniqueConstraint("blob", name=op.f("uq_contents_blob")),
    )
    op.create_table(
        "entries",
        sa.Column("id", BIG_ID, nullable=False),
        _feed_id(),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("version_key", KEY, nullable=False),
        sa.Column("id_written", sa.String(), nullable=False),
        sa.Column("version_written", sa.String(), nullable=False),
        sa.Column("sort_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_id", BIG_ID, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("is_prerelease", sa.Boolean(), nullable=False),
        sa.Column("is_semver2", sa.Boolean(), nullable=False),
        sa.Column("pushed_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        _to_feeds("entries"),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_entries_content_id")),
        sa.UniqueConstraint("feed_id", "id_key", "version_key", name=op.f("uq_entries_feed_id_id_key_version_key")),
    )
    op.create_index(op.f("ix_entries_content_id"), "entries", ["content_id"])
    op.create_index(
        op.f("ix_entries_feed_id_id_key_sort_key_version_key"),
        "entries",
        ["feed_id", "id_key", "sort_key", "version_key"],
    )


def _make_logs() -> None:
    op.create_table(
        "heads",
        _feed_id(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_heads")),
        _to_feeds("heads"),
    )
    op.create_table(
        "packages",
        _feed_id(),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "id_key", name=op.f("pk_packages")),
        _to_feeds("packages"),
    )
    op.create_table(
        "events",
        _feed_id(),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("version_key", KEY, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "number", name=op.f("pk_events")),
        _to_feeds("events"),
    )
    op.create_table(
        "audit",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("details", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _make_counts() -> None:
    op.create_table(
        "downloads",
        _feed_id(),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("version_key", KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "id_key", "version_key", "day", name=op.f("pk_downloads")),
        _to_feeds("downloads"),
    )
    op.create_table(
        "totals",
        _feed_id(),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("version_key", KEY, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "id_key", "version_key", name=op.f("pk_totals")),
        _to_feeds("totals"),
    )
    op.create_index(op.f("ix_totals_feed_id_batch_id_key"), "totals", ["feed_id", "batch", "id_key"])
