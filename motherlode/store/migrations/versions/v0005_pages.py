"""Browser sessions, and downloads by client. Earlier downloads are counted for an unknown client."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the new tables, and fill the table of downloads by client."""
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String()),
        sa.Column("client", sa.String()),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_index(op.f("ix_downloads_feed_id_day"), "downloads", ["feed_id", "day"])
    op.create_table(
        "client_downloads",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("client", _KEY, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "day", "client", name=op.f("pk_client_downloads")),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_client_downloads_feed_id")),
    )
    op.execute(
        "INSERT INTO client_downloads (feed_id, day, client, count) "
        "SELECT feed_id, day, 'unknown', SUM(count) FROM downloads GROUP BY feed_id, day"
    )
