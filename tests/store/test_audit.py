"""The audit log: what it keeps, what is found in it, and that nobody changes it unnoticed."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, bindparam, text

from motherlode.store.audit import log as audit
from motherlode.store.audit.log import AuditFault
from motherlode.store.database import schema
from tests.store.rows import NOON
from tests.store.statements import noted

LINES = [
    {"actor": "zoe", "action": "push", "feed": "default", "subject": "Contoso.Core 1.0.0", "key_id": "key-1"},
    {"actor": "Zoe", "action": "unlist", "feed": "default", "subject": "contoso.core 1.0.0", "reason": "a 100% leak"},
    {"actor": "bot", "action": "push", "feed": "team", "subject": "Contoso_Core 1.0.0", "key_id": "key-2"},
    {"actor": "console", "action": "create-key", "feed": None, "subject": "key-3", "details": {"rights": ["push"]}},
    {"actor": "zoe", "action": "sign-in", "feed": None, "subject": "zoe", "address": "::1", "client": "Mozilla/5.0"},
    {"actor": "bot", "action": "push", "feed": "team", "subject": "Contoso.Core 1.0.0", "key_id": "key-2"},
]


def append(tx, number=0, **line):
    """A line that was written so many hours after noon."""
    audit.append(tx, at=NOON + timedelta(hours=number), **{"action": "push", "feed": None, "subject": "a"} | line)


@pytest.fixture
def log(db):
    """A database whose log holds `LINES`, an hour between each two."""
    with db.write() as tx:
        for number, line in enumerate(LINES):
            append(tx, number, **line)
    return db


def test_a_line_is_added_with_two_statements_at_most(log):
    with log.write() as tx, noted(tx) as statements:
        append(tx, actor="zoe", details={"a": 1})
    assert len(statements) <= 2


def test_lines_are_numbered_without_gaps_also_where_one_was_undone(db):
    """What a unit of work for reading writes is dropped."""
    for number, unit_of_work in enumerate((db.write, db.read, db.write, db.write)):
        with unit_of_work() as tx:
            append(tx, number, actor="zoe")
    with db.read() as tx:
        hours = [(line.id, (line.at - NOON) // timedelta(hours=1)) for line in audit.since(tx, 0, 9)]
    assert hours == [(1, 0), (2, 2), (3, 3)]


def test_the_hash_of_a_line_is_the_one_that_is_promised(db):
    """Others can compute it: SHA-256 over the hash before and the line as JSON."""
    with db.write() as tx:
        assert audit.tail(tx) == (0, bytes(32))
        at = datetime(2024, 1, 1, tzinfo=UTC)
        audit.append(tx, at=at, actor="zoë", action="push", feed=None, subject="A 1.0", details={"b": 1, "a": [None]})
        line = audit.since(tx, 0, 1)[0]
        assert audit.tail(tx) == (1, line.hash)
    said = (
        rb'{"action":"push","actor":"zo\u00eb","address":null,"at":1704067200000000,"client":null,'
        rb'"details":"{\"b\":1,\"a\":[null]}","feed":null,"id":1,"key_id":null,"reason":null,"request_id":null,'
        rb'"subject":"A 1.0"}'
    )
    assert line.hash == sha256(bytes(32) + said).digest()


def test_what_strangers_send_is_cut_and_drives_no_terminal(db):
    sent = dict.fromkeys(audit.MOST, "\x1b[2J\u202eok\x00\r\n\udc80é" + "x" * 2000)
    with db.write() as tx:
        append(tx, **sent)
        line = audit.since(tx, 0, 1)[0]
        assert audit.first_fault(tx) is None
    for name, most in audit.MOST.items():
        kept = getattr(line, name)
        assert len(kept) == most
        assert kept.startswith("\ufffd[2J\ufffdok\ufffd\ufffd\ufffd\ufffdéxxx")


def found(db, **conditions):
    """The numbers of the lines that meet the conditions."""
    with db.read() as tx:
        return [line.id for line in audit.find(tx, **conditions)]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"actor": "ZOE"}, [1, 2, 5]),
        ({"action": "push"}, [1, 3, 6]),
        ({"feed": "team"}, [3, 6]),
        ({"key_id": "key-2"}, [3, 6]),
        ({"subject": "CONTOSO.core 1.0.0"}, [1, 2, 6]),
        ({"subject": "contoso*"}, [1, 2, 3, 6]),
        ({"subject": "contoso_*"}, [3]),
        ({"subject": "*core*0"}, [1, 2, 3, 6]),
        ({"subject": "contoso"}, []),
        ({"subject": "%"}, []),
        ({"since": NOON + timedelta(hours=3)}, [4, 5, 6]),
        ({"until": NOON + timedelta(hours=3)}, [1, 2, 3]),
        ({"actor": "bot", "since": NOON + timedelta(hours=3), "feed": "team"}, [6]),
        ({"limit": 2}, [5, 6]),
        ({"limit": 2, "action": "push"}, [3, 6]),
        ({"limit": 2, "after_id": 0}, [1, 2]),
        ({"limit": 2, "after_id": 1, "action": "push"}, [3, 6]),
        ({"after_id": 6}, []),
    ],
)
def test_lines_are_found_oldest_first_by_what_they_say(log, conditions, expected):
    assert found(log, **conditions) == expected


def test_a_log_that_nobody_touched_has_no_fault(log, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 4)
    told = []
    with log.read() as tx:
        assert audit.first_fault(tx, progress=told.append) is None
    assert told == [4, 2]


def test_an_empty_log_has_no_fault(db):
    with db.read() as tx:
        assert audit.first_fault(tx) is None


TAMPERED = {
    "a changed text": ("UPDATE audit SET subject = 'b' WHERE id = 3", AuditFault(3, "changed")),
    "a changed time": ("UPDATE audit SET at = at + 1 WHERE id = 3", AuditFault(3, "changed")),
    "details that were reformatted": (
        """UPDATE audit SET details = '{"rights": ["push"]}' WHERE id = 4""",
        AuditFault(4, "changed"),
    ),
    "details that are no JSON": ("UPDATE audit SET details = '{' WHERE id = 4", AuditFault(4, "changed")),
    "bytes for a text": ("UPDATE audit SET actor = x'ff00' WHERE id = 2", AuditFault(2, "changed")),
    "a text that is no UTF-8": (
        "UPDATE audit SET actor = CAST(x'ff00' AS TEXT) WHERE id = 2",
        AuditFault(2, "changed"),
    ),
    "a text for a time": ("UPDATE audit SET at = 'noon' WHERE id = 2", AuditFault(2, "changed")),
    "a text for a hash": ("UPDATE audit SET hash = 'none' WHERE id = 2", AuditFault(2, "changed")),
    "a hash that is gone": ("UPDATE audit SET hash = NULL WHERE id = 5", AuditFault(5, "unhashed")),
    "the last one's hash that is gone": ("UPDATE audit SET hash = NULL WHERE id = 6", AuditFault(6, "unhashed")),
    "all hashes gone": ("UPDATE audit SET hash = NULL", AuditFault(1, "unhashed")),
    "the first line gone": ("DELETE FROM audit WHERE id = 1", AuditFault(1, "missing")),
    "a line gone": ("DELETE FROM audit WHERE id IN (3, 4)", AuditFault(3, "missing")),
    "a line put in front": (
        "INSERT INTO audit (id, at, actor, action, subject, hash) VALUES (0, 0, 'a', 'b', 'c', x'00')",
        AuditFault(0, "changed"),
    ),
    "a line put behind": (
        "INSERT INTO audit (id, at, actor, action, subject, hash) SELECT 7, 1, 'a', 'b', 'c', hash FROM audit LIMIT 1",
        AuditFault(7, "changed"),
    ),
    "numbers closed up": ("UPDATE audit SET id = id - 7 WHERE id = 6", AuditFault(-1, "changed")),
}


@pytest.mark.parametrize(("statement", "fault"), TAMPERED.values(), ids=TAMPERED)
def test_the_first_fault_is_named(log, statement, fault):
    with log.write() as tx:
        tx.execute(text(statement))
        assert audit.first_fault(tx) == fault


def test_a_log_that_was_tampered_with_goes_on_and_keeps_its_fault(log):
    with log.write() as tx:
        tx.execute(text("UPDATE audit SET hash = NULL WHERE id = 6"))
        append(tx, actor="zoe")
        assert [line.id for line in audit.since(tx, 5, 9)] == [6, 7]
        assert audit.first_fault(tx) == AuditFault(6, "unhashed")


ODD_HASHES = ("'none'", "CAST(x'ff00' AS TEXT)", "7", "0.5", "NULL")


@pytest.mark.parametrize("odd", ODD_HASHES)
def test_whatever_lies_where_the_last_hash_was_the_log_goes_on_and_tells(log, odd):
    with log.write() as tx:
        before = audit.hash_of(tx, 6)
        assert before == audit.tail(tx)[1] == audit.since(tx, 5, 1)[0].hash
        tx.execute(text(f"UPDATE audit SET hash = {odd} WHERE id = 6"))
        assert audit.hash_of(tx, 6) not in {before, bytes(32)}
        assert audit.tail(tx) == (6, audit.hash_of(tx, 6) or bytes(32))
        append(tx, actor="zoe")
        assert audit.first_fault(tx).line_id == 6
        assert audit.hash_of(tx, 7) == audit.tail(tx)[1]


def test_a_hash_is_told_whatever_else_its_line_says_and_none_where_there_is_no_line(log):
    with log.write() as tx:
        before = audit.since(tx, 5, 1)[0].hash
        tx.execute(text("UPDATE audit SET at = 'noon', details = '{', actor = CAST(x'ff' AS TEXT) WHERE id = 6"))
        assert audit.hash_of(tx, 6) == before
        assert audit.hash_of(tx, 7) is audit.hash_of(tx, 0) is None


COLUMNS = [column.name for column in schema.audit.columns]
TEXTS = sorted(audit.MOST)
NUMBERS = st.integers(1, len(LINES))
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
DROPPED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
"""Each example changes the log in a unit of work that is dropped, so all of them begin with the same one."""


def changed(tx, noted_down):
    """Whether it shows: a fault, or a last line that is not the one that was noted down."""
    return audit.first_fault(tx) is not None or audit.tail(tx) != noted_down


class TestTampering:
    """A hash chain over the rows, checked by `verify`, shows tampering, also after a restore."""

    @DROPPED
    @given(NUMBERS, st.sampled_from(TEXTS), PRINTABLE | st.none())
    def test_any_changed_text_is_found(self, log, number, column, value):
        with log.read() as tx:
            before = tx.execute(text(f"SELECT {column} FROM audit WHERE id = {number}")).scalar()
            assume(value != before and (value is not None or column not in {"actor", "action", "subject"}))
            tx.execute(text(f"UPDATE audit SET {column} = :value WHERE id = {number}"), {"value": value})
            assert audit.first_fault(tx) == AuditFault(number, "changed")

    @DROPPED
    @given(NUMBERS, st.integers(-(2**63), 2**63 - 1))
    def test_any_changed_time_is_found(self, log, number, value):
        with log.read() as tx:
            before = tx.execute(text(f"SELECT at FROM audit WHERE id = {number}")).scalar()
            assume(value != before)
            tx.execute(text(f"UPDATE audit SET at = :value WHERE id = {number}"), {"value": value})
            assert audit.first_fault(tx) == AuditFault(number, "changed")

    @DROPPED
    @given(NUMBERS, st.binary(max_size=40))
    def test_any_changed_hash_is_found(self, log, number, value):
        with log.read() as tx:
            change = text(f"UPDATE audit SET hash = :value WHERE id = {number}")
            tx.execute(change.bindparams(bindparam("value", value, LargeBinary)))
            assert audit.first_fault(tx) == AuditFault(number, "changed")

    @DROPPED
    @given(st.sets(NUMBERS, min_size=1))
    def test_any_removal_is_found(self, log, numbers):
        """That of the last lines by the tail that was noted down."""
        with log.read() as tx:
            noted_down = audit.tail(tx)
            tx.execute(text(f"DELETE FROM audit WHERE id IN ({', '.join(map(str, numbers))})"))
            assert changed(tx, noted_down)

    @DROPPED
    @given(st.permutations(range(1, len(LINES) + 1)), st.booleans())
    def test_any_other_order_is_found(self, log, order, with_hashes):
        """Whether the hashes stay with their numbers or go with their lines."""
        moved = COLUMNS[1:] if with_hashes else COLUMNS[1:-1]
        with log.read() as tx:
            assume(order != sorted(order))
            before = {row.id: row for row in tx.execute(text("SELECT * FROM audit"))}
            for number, line in enumerate(order, 1):
                values = {column: getattr(before[line], column) for column in moved}
                places = ", ".join(f"{column} = :{column}" for column in moved)
                tx.execute(text(f"UPDATE audit SET {places} WHERE id = {number}"), values)
            assert audit.first_fault(tx).kind == "changed"

    @DROPPED
    @given(st.integers(1, len(LINES) - 1), PRINTABLE)
    def test_a_line_changed_with_its_own_hash_is_found_by_the_next(self, log, number, subject):
        with log.read() as tx:
            before = audit.since(tx, number - 1, 1)[0]
            assume(subject != before.subject)
            tx.execute(text(f"UPDATE audit SET subject = :value WHERE id = {number}"), {"value": subject})
            hashes = dict(tx.execute(text("SELECT id, hash FROM audit")).all())
            line = dict(tx.execute(text(f"SELECT * FROM audit WHERE id = {number}")).mappings().one())
            anew = audit.hash_line(hashes.get(number - 1, bytes(32)), line)
            change = text(f"UPDATE audit SET hash = :value WHERE id = {number}")
            tx.execute(change.bindparams(bindparam("value", anew, LargeBinary)))
            assert audit.first_fault(tx) == AuditFault(number + 1, "changed")
