"""Accounts, teams, roles and owners; keys with owners; an audit log whose lines are chained by hashes.

The two tables that change are created anew, because an added column would have another position than in a new database.
"""

import sqlalchemy as sa
from alembic import op

from motherlode.store.audit.hash_chain import FIRST, MEMBERS, hash_line

revision = "0002"
down_revision = "0001"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True)
MOMENT = sa.BigInteger()
BATCH = 1000


def upgrade() -> None:
    """Create the new tables, and create the two changed tables anew with their rows."""
    _make_accounts()
    _make_roles()
    _make_owners()
    _make_access()
    _make_keys_anew()
    _make_audit_anew()


def _part_of(table: str, column: str, whole: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{whole}.id"], name=op.f(f"fk_{table}_{column}"))


def _id_of(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name_key", name=op.f("uq_accounts_name_key")),
        sqlite_autoincrement=True,
    )


def _make_roles() -> None:
    op.create_table(
        "members",
        _id_of("team_id"),
        _id_of("account_id"),
        sa.PrimaryKeyConstraint("team_id", "account_id", name=op.f("pk_members")),
        _part_of("members", "team_id", "accounts"),
        _part_of("members", "account_id", "accounts"),
    )
    op.create_index(op.f("ix_members_account_id"), "members", ["account_id"])
    op.create_table(
        "grants",
        _id_of("feed_id"),
        _id_of("account_id"),
        sa.Column("role", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "account_id", name=op.f("pk_grants")),
        _part_of("grants", "feed_id", "feeds"),
        _part_of("grants", "account_id", "accounts"),
    )
    op.create_index(op.f("ix_grants_account_id"), "grants", ["account_id"])


def _make_owners() -> None:
    op.create_table(
        "owners",
        _id_of("feed_id"),
        sa.Column("id_key", KEY, nullable=False),
        _id_of("account_id"),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "id_key", "account_id", name=op.f("pk_owners")),
        _part_of("owners", "feed_id", "feeds"),
        _part_of("owners", "account_id", "accounts"),
    )
    op.create_index(op.f("ix_owners_account_id"), "owners", ["account_id"])
    op.create_table(
        "invitations",
        _id_of("feed_id"),
        sa.Column("id_key", KEY, nullable=False),
        _id_of("account_id"),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "id_key", "account_id", name=op.f("pk_invitations")),
        _part_of("invitations", "feed_id", "feeds"),
        _part_of("invitations", "account_id", "accounts"),
    )
    op.create_index(op.f("ix_invitations_account_id"), "invitations", ["account_id"])


def _make_access() -> None:
    made = op.create_table(
        "access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access")),
    )
    op.bulk_insert(made, [{"id": 1, "number": 0}])


def _make_keys_anew() -> None:
    kept = "id, name, hash, rights, globs, feeds, created_at, expires_at, revoked_at"
    _set_aside("keys")
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
        sa.Column("kind", sa.String(), server_default="api", nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("last_used_address", sa.String(), nullable=True),
        sa.Column("replaced_by", KEY, nullable=True),
        sa.Column("made_by", KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_keys_hash")),
        _part_of("keys", "account_id", "accounts"),
    )
    op.create_index(op.f("ix_keys_account_id"), "keys", ["account_id"])
    op.execute(f"INSERT INTO keys ({kept}) SELECT {kept} FROM old_keys")  # noqa: S608 only names from this file
    op.drop_table("old_keys")


def _make_audit_anew() -> None:
    _set_aside("audit")
    op.create_table(
        "audit",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("details", JSON, nullable=True),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("client", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    _chain_lines()
    op.drop_table("old_audit")


def _set_aside(table: str) -> None:
    op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608 only names from this file
    op.drop_table(table)


def _chain_lines() -> None:
    """Copy the existing lines, numbered without gaps and with their hashes. Actors' names were the ids of keys."""
    tx = op.get_bind()
    new = sa.table("audit", *(sa.column(name) for name in (*MEMBERS, "hash")))
    old = sa.text(
        "SELECT at, actor, action, feed, subject, address, request_id, details,"
        " CASE WHEN actor IN (SELECT id FROM keys) THEN actor END AS key_id, NULL AS client, NULL AS reason"
        " FROM old_audit ORDER BY id"
    )
    number, previous = 0, FIRST
    for rows in tx.execute(old).mappings().partitions(BATCH):
        lines = []
        for number, row in enumerate(rows, number + 1):  # noqa: B020 continues the count of the previous batch
            line = {"id": number, **row}
            previous = hash_line(previous, line)
            lines.append(line | {"hash": previous})
        tx.execute(sa.insert(new), lines)
