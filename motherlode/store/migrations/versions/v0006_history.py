"""Blobs that no row references, and since when that is known."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "unnamed",
        sa.Column("blob", _KEY, nullable=False),
        sa.Column("history", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("blob", name=op.f("pk_unnamed")),
    )
