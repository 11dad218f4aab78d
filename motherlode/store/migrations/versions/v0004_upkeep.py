"""Softly deleted versions, locked ids, blobs that wait for their last readers, and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True)
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the tables. Existing tables do not change."""
    _make_deletions()
    _make_locks()
    _make_garbage()
    _make_jobs()


def _feed_id() -> "sa.Column[int]":
    return sa.Column("feed_id", sa.Integer(), autoincrement=False, nullable=False)


def _part_of(table: str, column: str, whole: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{whole}.id"], name=op.f(f"fk_{table}_{column}"))


def _make_deletions() -> None:
    op.create_table(
        "deletions",
        _feed_id(),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("version_key", KEY, nullable=False),
        sa.Column("entry", JSON, nullable=False),
        sa.Column("content_id", BIG_ID, nullable=True),
        sa.Column("deleted_at", MOMENT, nullable=False),
        sa.Column("deleted_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", "id_key", "version_key", name=op.f("pk_deletions")),
        _part_of("deletions", "feed_id", "feeds"),
        _part_of("deletions", "content_id", "contents"),
    )
    op.create_index(op.f("ix_deletions_content_id"), "deletions", ["content_id"])


def _make_locks() -> None:
    op.create_table(
        "locks",
        _feed_id(),
        sa.Column("id_key", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", "id_key", name=op.f("pk_locks")),
        _part_of("locks", "feed_id", "feeds"),
    )


def _make_garbage() -> None:
    op.create_table(
        "garbage",
        sa.Column("blob", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("blob", name=op.f("pk_garbage")),
    )


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_done_at_due_at"), "jobs", ["done_at", "due_at"])
