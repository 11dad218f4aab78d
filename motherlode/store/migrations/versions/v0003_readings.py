"""The version of the extractor that made a content's facts. Existing contents are read again when that is requested."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the new, empty table."""
    op.create_table(
        "readings",
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_readings")),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_readings_content_id")),
    )
