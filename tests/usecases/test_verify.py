"""Verify: what is stored still is what was written down, or it is told which part is not."""

import pytest
from sqlalchemy import delete, text, update

from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.database import schema
from motherlode.usecases.maintenance.verify import verify
from tests.support.builders import nupkg
from tests.usecases.deletions import bring_back, take_away

PACKAGE = nupkg(payload_bytes=2_000_000)


@pytest.fixture
def stocked(services):
    """A house with two packages, one of which is on two feeds."""
    services.create_feed("other")
    services.push(PACKAGE)
    services.push(PACKAGE, feed="other")
    services.push(nupkg("Acme.Gadgets"))
    return services


def look(services, **wishes):
    """What `verify` says, and the sentences that it told."""
    told, read = [], []
    verified = verify(
        db=services.db, blobs=wishes.pop("blobs", services.blobs), report=told.append, advance=read.append, **wishes
    )
    assert verified.differences == len(told)
    return verified, told, read


def test_where_all_is_well_nothing_is_told(stocked):
    verified, told, read = look(stocked)
    assert told == []
    assert (verified.packages, verified.events, verified.lines) == (2, 3, len(stocked.rows("audit")))
    assert sum(read) == sum(len(blob) for blob in stocked.shelf.blobs.values())
    assert max(read) <= 1 << 20


def test_a_house_without_packages_is_well(services):
    verified, told, _ = look(services)
    assert (verified.packages, told) == (0, [])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda body: body[:-1] + b"\xff" if body[-1] != 0xFF else body[:-1] + b"\0", "has different content"),
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
    assert "the hashes differ" in look(stocked)[1][0]


class BadDisk(MemoryBlobs):
    """Blobs on a disk that does not give them back."""

    def open(self, name):
        raise OSError(5, "Input/output error")


def test_what_cannot_be_read_is_told_too(stocked):
    _, told, _ = look(stocked, blobs=BadDisk(stocked.shelf))
    assert [sentence.endswith("cannot be read (Input/output error)") for sentence in told] == [True, True]


class TestDocuments:
    """`verify` checks every document against the truth: what the bytes that were just read say."""

    @pytest.mark.parametrize(
        ("field", "value", "shown"),
        [
            ("description", "another one", "description"),
            ("tags", ["odd"], "tags"),
            ("dependency_groups", [{"dependencies": [{"id": "Evil", "range": "1.0"}]}], "dependencyGroups"),
            ("version", "1.0.0.1", "version"),
            ("license", {"kind": "expression", "value": "MIT"}, "licenseExpression"),
            ("version", "no version", "document"),
        ],
    )
    def test_what_is_shown_otherwise_than_the_package_says_is_told_for_each_version(self, stocked, field, value, shown):
        content = stocked.get("acme.widgets", "1.0.0")
        self.change(stocked, content.content_id, facts={**content.facts, field: value})
        _, told, _ = look(stocked)
        for feed in ("default", "other"):
            sentence = f"Acme.Widgets 1.0.0 on {feed}: the {shown} that clients see differs from the package"
            assert sentence in told

    def test_another_nuspec_is_told(self, stocked):
        self.change(stocked, stocked.get("acme.gadgets", "1.0.0").content_id, nuspec=b"<package/>")
        _, told, _ = look(stocked)
        assert told == ["Acme.Gadgets 1.0.0 on default: the nuspec that clients see differs from the package"]

    def change(self, services, content_id, **values):
        with services.db.write() as tx:
            tx.execute(update(schema.contents).where(schema.contents.c.id == content_id).values(values))


class TestLog:
    """`verify` checks events against rows: what comes of replaying a feed's events is what is there."""

    @pytest.fixture
    def lived(self, stocked):
        """A house in which versions were unlisted, deleted in both ways, brought back and replaced."""
        stocked.change_feed("default", {"delete": "soft", "overwrite": "always"})
        for number in range(1, 5):
            stocked.push(nupkg("Acme.Tools", f"{number}.0.0"))
        for number in (1, 2):
            take_away(stocked, "Acme.Tools", f"{number}.0.0")
        bring_back(stocked, "Acme.Tools", "2.0.0")
        stocked.push(nupkg("Acme.Tools", "3.0.0", payload_bytes=10))
        stocked.change_feed("default", {"delete": "hard"})
        take_away(stocked, "Acme.Tools", "4.0.0")
        stocked.unlist("Acme.Gadgets", "1.0.0")
        return stocked

    def test_a_life_of_changes_leaves_log_and_rows_in_step(self, lived):
        verified, told, _ = look(lived)
        assert told == []
        assert verified.events == len(lived.rows("events"))

    @pytest.mark.parametrize(
        ("statement", "sentence"),
        [
            (
                "UPDATE entries SET listed = 0 WHERE feed_id = 1 AND id_key = 'acme.widgets'",
                "default: Acme.Widgets 1.0.0 has listed False, but event 1 says True",
            ),
            (
                "UPDATE entries SET revision = 9 WHERE id_key = 'acme.gadgets'",
                "default: Acme.Gadgets 1.0.0 has revision 9, but event 12 says 12",
            ),
            (
                "UPDATE entries SET sort_key = x'00' WHERE id_key = 'acme.gadgets'",
                "default: Acme.Gadgets 1.0.0 has a sort_key that does not match its id and version",
            ),
            (
                "DELETE FROM entries WHERE id_key = 'acme.tools' AND version_key = '2.0.0'",
                "default: acme.tools 2.0.0 is missing, but event 9 says that it exists",
            ),
            (
                "DELETE FROM events WHERE feed_id = 1 AND number = 12",
                "default: the head is 12, but the last event is 11",
            ),
            (
                "DELETE FROM events WHERE feed_id = 1 AND number BETWEEN 5 AND 6",
                "default: events 5 to 6 are missing",
            ),
            (
                "DELETE FROM events WHERE feed_id = 2",
                "other: Acme.Widgets 1.0.0 exists, but no event mentions it",
            ),
            (
                "DELETE FROM deletions",
                "default: acme.tools 1.0.0 was soft-deleted, but its deletion record is missing",
            ),
            (
                "UPDATE deletions SET content_id = 1",
                "default: acme.tools 1.0.0 was soft-deleted, but the content kept for it has another sha256",
            ),
            (
                "UPDATE deletions SET version_key = '4.0.0'",
                "default: acme.tools 4.0.0 has a deletion record, but no event says that it was soft-deleted",
            ),
            (
                "UPDATE packages SET revision = 2 WHERE id_key = 'acme.tools'",
                "default: the id acme.tools has revision 2, but its last event is 11",
            ),
            (
                "DELETE FROM packages WHERE id_key = 'acme.tools'",
                "default: the id acme.tools is missing, but event 11 mentions it",
            ),
            (
                "INSERT INTO packages VALUES (1, 'stray', 3, 4)",
                "default: the id stray exists, but no event mentions it",
            ),
            (
                "UPDATE heads SET number = 99 WHERE feed_id = 2",
                "other: the head is 99, but the last event is 1",
            ),
            ("UPDATE heads SET at = 0 WHERE feed_id = 2", "other: the head is dated 1970-01-01"),
            (
                "UPDATE events SET at = at - 1 WHERE feed_id = 1 AND number = 5",
                "default: event 5 is dated before the previous event",
            ),
            ("UPDATE events SET details = 'odd' WHERE feed_id = 2", "other: the events or rows cannot be read"),
            (
                "INSERT INTO garbage SELECT blob, 0, 1 FROM contents WHERE id = 1",
                "is marked as garbage, but a package uses it",
            ),
        ],
    )
    def test_what_was_tampered_with_is_told(self, lived, statement, sentence):
        with lived.db.write() as tx:
            tx.exec_driver_sql(statement)
        _, told, _ = look(lived)
        assert [each for each in told if sentence in each], told


class TestAuditChain:
    """A hash chain over the rows, checked by `verify`, shows tampering, also after a restore."""

    def change(self, services, statement):
        with services.db.write() as tx:
            tx.execute(statement)

    def test_a_line_that_was_changed_is_told(self, stocked):
        self.change(stocked, update(schema.audit).where(schema.audit.c.id == 2).values(actor="mallory"))
        _, (told,), _ = look(stocked)
        assert told == "audit log: line 2 was changed, inserted or moved; the lines after it cannot be trusted"

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
        assert told == f"audit log: line {verified.lines} does not match the given audit head, or is missing"

    @pytest.mark.parametrize(
        ("damage", "sentences"),
        [
            ("hash = 'abc'", ("was changed", "does not match")),
            ("hash = CAST(x'ff' AS TEXT)", ("was changed", "does not match")),
            ("hash = NULL", ("has no hash", "does not match")),
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
