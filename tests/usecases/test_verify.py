"""Verify: what is stored still is what was written down, or it is told which part is not."""

import pytest
from sqlalchemy import delete, text, update

from motherlode.store import schema
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.usecases.verify import verify
from tests.builders import nupkg

PACKAGE = nupkg(payload_bytes=2_000_000)


@pytest.fixture
def stocked(house):
    """A house with two packages, one of which is on two feeds."""
    house.create_feed("other")
    house.push(PACKAGE)
    house.push(PACKAGE, feed="other")
    house.push(nupkg("Acme.Gadgets"))
    return house


def look(house, **wishes):
    """What `verify` says, and the sentences that it told."""
    told, read = [], []
    verified = verify(
        db=house.db, blobs=wishes.pop("blobs", house.blobs), report=told.append, advance=read.append, **wishes
    )
    assert verified.differences == len(told)
    return verified, told, read


def test_where_all_is_well_nothing_is_told(stocked):
    verified, told, read = look(stocked)
    assert told == []
    assert (verified.packages, verified.lines) == (2, len(stocked.rows("audit")))
    assert sum(read) == sum(len(blob) for blob in stocked.shelf.blobs.values())
    assert max(read) <= 1 << 20


def test_a_house_without_packages_is_well(house):
    verified, told, _ = look(house)
    assert (verified.packages, told) == (0, [])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda body: body[:-1] + b"\xff" if body[-1] != 0xFF else body[:-1] + b"\0", "holds other bytes"),
        (lambda body: body + b"\0", f"has {len(PACKAGE) + 1} bytes, not {len(PACKAGE)}"),
        (lambda body: body[:-1], f"has {len(PACKAGE) - 1} bytes"),
        (lambda body: b"", "has 0 bytes"),
    ],
    ids=["a byte", "longer", "shorter", "empty"],
)
def test_a_blob_that_was_changed_is_told_with_every_version_that_it_is(stocked, damage, sentence):
    blob = stocked.get("acme.widgets", "1.0.0").blob
    stocked.shelf.blobs[blob] = damage(PACKAGE)
    _, (told,), _ = look(stocked)
    assert told.startswith(f"Acme.Widgets 1.0.0 on default, Acme.Widgets 1.0.0 on other: its blob {blob} ")
    assert sentence in told


def test_a_blob_that_is_gone_is_told_and_the_others_are_looked_at(stocked):
    del stocked.shelf.blobs[stocked.get("acme.widgets", "1.0.0").blob]
    verified, (told,), _ = look(stocked)
    assert told.endswith("is missing")
    assert verified.packages == 2


@pytest.mark.parametrize("column", ["sha256", "sha512"])
def test_either_hash_counts(stocked, column):
    with stocked.db.write() as tx:
        tx.execute(update(schema.contents).where(schema.contents.c.id == 1).values({column: b"\0" * 32}))
    _, (told,), _ = look(stocked)
    assert "the hashes differ" in told


class BadDisk(MemoryBlobs):
    """Blobs on a disk that does not give them back."""

    def open(self, name):
        raise OSError(5, "Input/output error")


def test_what_cannot_be_read_is_told_too(stocked):
    _, told, _ = look(stocked, blobs=BadDisk(stocked.shelf))
    assert [sentence.endswith("cannot be read (Input/output error)") for sentence in told] == [True, True]


class TestAuditChain:
    """A hash chain over the rows, checked by `verify`, shows tampering, also after a restore."""

    def change(self, house, statement):
        with house.db.write() as tx:
            tx.execute(statement)

    def test_a_line_that_was_changed_is_told(self, stocked):
        self.change(stocked, update(schema.audit).where(schema.audit.c.id == 2).values(actor="mallory"))
        _, (told,), _ = look(stocked)
        assert told == "audit log: line 2 was changed, put in or moved; what follows it proves nothing"

    def test_a_line_that_is_missing_is_told(self, stocked):
        self.change(stocked, delete(schema.audit).where(schema.audit.c.id == 2))
        _, (told,), _ = look(stocked)
        assert told.startswith("audit log: line 2 is missing")

    def test_a_head_that_was_noted_down_is_found_as_long_as_it_is_there(self, stocked):
        verified, _, _ = look(stocked)
        stocked.push(nupkg(version="2.0.0"))
        assert look(stocked, audit_head=verified.head)[1] == []

    def test_lines_that_were_cut_off_are_missed_by_the_head_that_was_noted_down(self, stocked):
        """Without it nothing would tell: the chain that is left is whole."""
        verified, _, _ = look(stocked)
        self.change(stocked, delete(schema.audit).where(schema.audit.c.id == verified.lines))
        assert look(stocked)[1] == []
        _, (told,), _ = look(stocked, audit_head=verified.head)
        assert told == f"audit log: line {verified.lines} is not the one that was noted down, or is gone"

    @pytest.mark.parametrize(
        ("damage", "sentences"),
        [
            ("hash = 'abc'", ("was changed", "is not the one")),
            ("hash = CAST(x'ff' AS TEXT)", ("was changed", "is not the one")),
            ("hash = NULL", ("has no hash", "is not the one")),
            ("at = 'noon'", ("was changed",)),
            ("details = '{'", ("was changed",)),
            ("subject = CAST(x'ff' AS TEXT)", ("was changed",)),
            ("actor = x'00'", ("was changed",)),
        ],
    )
    def test_whatever_was_done_to_the_line_that_was_noted_down_it_is_told(self, stocked, damage, sentences):
        number, line_hash = look(stocked)[0].head
        self.change(stocked, text(f"UPDATE audit SET {damage} WHERE id = {number}"))
        verified, told, _ = look(stocked, audit_head=(number, line_hash))
        expected = [f"audit log: line {number} {sentence}" for sentence in sentences]
        assert [said.startswith(start) for said, start in zip(told, expected, strict=True)] == [True] * len(expected)
        assert verified.head[0] == number
        assert len(look(stocked, audit_head=(number, bytes(32)))[1]) == 2

    def test_another_line_in_its_place_is_not_the_one(self, stocked):
        verified, _, _ = look(stocked)
        self.change(stocked, delete(schema.audit).where(schema.audit.c.id == verified.lines))
        stocked.push(nupkg(version="2.0.0"))
        assert look(stocked)[1] == []
        assert len(look(stocked, audit_head=verified.head)[1]) == 1
