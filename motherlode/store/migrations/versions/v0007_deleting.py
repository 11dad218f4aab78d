"""Deleted feeds and accounts: the id of a feed and the name of an account stay taken."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table of deleted feeds, and the column that marks deleted accounts."""
    op.create_table(
        "former_feeds",
        sa.Column("feed_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", _KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_former_feeds")),
    )
    op.add_column("accounts", sa.Column("deleted_at", sa.BigInteger()))
