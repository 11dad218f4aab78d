"""Rederive: what is stored follows from the bytes again, events tell it, and nothing else changes or is lost."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import NoSuchFeed, NotAllowed
from motherlode.nuget.archive.zip_reader import Limits
from motherlode.nuget.package_json import EXTRACTOR_VERSION
from motherlode.store import feeds
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.database import schema
from motherlode.store.packages import catalog, contents
from motherlode.usecases.maintenance.reprocess import Rederived, rederive
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.support.builders import nupkg
from tests.usecases.services import Services

PACKAGE = nupkg(title="Widgets", tags="a b", dependencies={"Acme.Base": "[1.0.0-a.1, )"})
LATER = timedelta(hours=1)


class Stopped(Exception):
    """Whoever runs it has had enough."""


def reread(services: Services, **wishes):
    """What a run did, and the sentences that it told."""
    told = []
    wishes = {"report": told.append, "advance": lambda done, total: None, "blobs": services.blobs} | wishes
    done = rederive(CONSOLE, **wishes, db=services.db, clock=services.clock, limits=Limits())
    assert done.left == len(told)
    return done, told


def age(services: Services, entry, **columns):
    """Let a content be as an older reader wrote it down: facts, nuspec as given, and no number."""
    with services.db.write() as tx:
        mine = schema.contents.c.id == entry.content_id
        if columns:
            tx.execute(update(schema.contents).where(mine).values(**columns))
        contents.forget_readings(tx, ())


def age_entries(services: Services, **columns):
    """Let all entries be as an older reader wrote them down."""
    with services.db.write() as tx:
        tx.execute(update(schema.entries).values(**columns))
        contents.forget_readings(tx, ())


def rederived_events(services: Services, feed="default"):
    with services.db.read() as tx:
        events = catalog.since(tx, feeds.get(tx, feed).id, 0, 1000)
    return [event for event in events if event.kind == "rederived"]


def audit_lines(services: Services):
    return [(line.feed, line.details) for line in services.rows("audit") if line.action == "rederive"]


def without_readings(services: Services):
    return {name: rows for name, rows in services.snapshot().items() if name != "readings"}


@pytest.fixture
def entry(services):
    """A version on one feed."""
    services.push(PACKAGE)
    return services.get("acme.widgets", "1.0.0")


class TestWhatComesOutTheSame:
    def test_what_todays_reader_has_read_is_not_read_again(self, services, entry):
        services.shelf.blobs.clear()
        before = services.snapshot()
        assert reread(services) == (Rederived(0, 0, 0), [])
        assert services.snapshot() == before

    def test_it_writes_nothing_but_that_it_was_read(self, services, entry):
        age(services, entry)
        before = without_readings(services)
        assert reread(services) == (Rederived(1, 0, 0), [])
        assert without_readings(services) == before
        assert services.rows("readings") == [(entry.content_id, EXTRACTOR_VERSION)]
        assert reread(services)[0].packages == 0

    def test_a_lower_number_is_read_again_and_a_higher_one_is_not(self, services, entry):
        for number, packages in ((EXTRACTOR_VERSION - 1, 1), (EXTRACTOR_VERSION + 1, 0)):
            with services.db.write() as tx:
                contents.mark_read(tx, [entry.content_id], number)
            assert reread(services)[0].packages == packages


class TestWhatDiffers:
    def test_facts_are_those_of_the_bytes_again(self, services, entry):
        age(services, entry, facts={"id": "Acme.Widgets", "version": "1.0.0", "title": "Old", "copyright": "gone"})
        assert reread(services) == (Rederived(1, 1, 0), [])
        assert services.get("acme.widgets", "1.0.0").facts == entry.facts

    def test_what_was_read_before_there_were_frameworks_has_them(self, services, entry):
        older = {name: said for name, said in entry.facts.items() if name != "frameworks"}
        assert older != entry.facts
        with services.db.write() as tx:
            tx.execute(update(schema.contents).values(facts=older))
            contents.mark_read(tx, [entry.content_id], 1)
        assert reread(services) == (Rederived(1, 1, 0), [])
        assert services.get("acme.widgets", "1.0.0").facts["frameworks"] == ["netstandard2.0"]
        assert rederived_events(services)[0].details["before"] == {"frameworks": None}

    def test_the_event_has_what_was_said_before_and_the_entry_whole(self, services, entry):
        age(
            services,
            entry,
            facts={name: said for name, said in entry.facts.items() if name != "tags"} | {"title": "Old"},
        )
        services.clock.pass_by(LATER)
        reread(services)
        (event,) = rederived_events(services)
        assert event.details.pop("before") == {"title": "Old", "tags": None}
        with services.db.read() as tx:
            published = catalog.since(tx, entry.feed_id, 0, 1)[0]
        assert (event.number, event.at, event.details) == (2, services.clock.now(), published.details)

    def test_the_entry_and_its_package_carry_the_events_number_and_time(self, services, entry):
        age(services, entry, facts={**entry.facts, "title": "Old"})
        services.clock.pass_by(LATER)
        reread(services)
        after = services.get("acme.widgets", "1.0.0")
        assert (after.revision, after.changed_at) == (2, services.clock.now())
        (package,) = services.rows("packages")
        assert (package.revision, package.changed_at) == (2, services.clock.now())

    def test_an_unlisted_version_stays_so_and_keeps_when_it_was_pushed(self, services, entry):
        services.clock.pass_by(LATER)
        services.unlist("Acme.Widgets", "1.0.0")
        age(services, entry, facts={**entry.facts, "title": "Old"})
        reread(services)
        after = services.get("acme.widgets", "1.0.0")
        assert (after.listed, after.pushed_at) == (False, entry.pushed_at)
        assert rederived_events(services)[0].details["listed"] is False

    def test_the_nuspec_is_the_one_in_the_package_again(self, services, entry):
        age(services, entry, nuspec=b"<old />")
        assert reread(services)[0].changed == 1
        with services.db.read() as tx:
            assert b"<title>Widgets</title>" in (contents.find_nuspec(tx, entry.content_id) or b"")
        assert rederived_events(services)[0].details["before"] == {}

    @pytest.mark.parametrize(
        ("column", "old"),
        [
            ("id_written", "ACME.widgets"),
            ("version_written", "1.0"),
            ("sort_key", b"\0"),
            ("is_prerelease", True),
            ("is_semver2", False),
        ],
    )
    def test_each_column_of_entries_that_follows_from_the_bytes_does(self, services, entry, column, old):
        before = services.rows("entries")[0]._asdict()
        assert before[column] != old
        age_entries(services, **{column: old})
        assert reread(services)[0].changed == 1
        after = services.rows("entries")[0]._asdict()
        assert after == before | {"revision": 2, "changed_at": after["changed_at"]}
        assert rederived_events(services)[0].details["is_semver2"] is True

    def test_every_feed_that_holds_the_bytes_gets_an_event(self, services, entry):
        services.create_feed("other")
        services.create_feed("third")
        services.push(PACKAGE, feed="other")
        services.push(nupkg("Acme.Gadgets"), feed="third")
        age(services, entry, facts={**entry.facts, "title": "Old"})
        assert reread(services, feed_names=["other"])[0] == Rederived(1, 1, 0)
        assert [len(rederived_events(services, feed)) for feed in ("default", "other", "third")] == [1, 1, 0]

    def test_a_line_of_the_audit_log_comes_with_each_feeds_first_change_and_one_with_the_count(self, services, entry):
        services.create_feed("other")
        services.push(PACKAGE, feed="other")
        services.push(nupkg("Acme.Gadgets"))
        for each in (entry, services.get("acme.gadgets", "1.0.0")):
            age(services, each, facts={**each.facts, "title": "Old"})
        reread(services)
        begun, ended = {"reading": EXTRACTOR_VERSION, "packages": 2}, {"reading": EXTRACTOR_VERSION, "changed": 1}
        expected = [("default", begun), ("other", begun), ("default", ended | {"changed": 2}), ("other", ended)]
        assert audit_lines(services) == expected


class TestWhatCannotBeRead:
    """What can no longer be read keeps what was read of it, is reported, and is tried again."""

    @pytest.mark.parametrize(
        ("damage", "sentence"),
        [
            (lambda blobs, blob: blobs.pop(blob), "is missing"),
            (lambda blobs, blob: blobs.update({blob: b"nothing"}), "has 7 bytes, not"),
            (lambda blobs, blob: blobs.update({blob: nupkg(title="Gadgets", tags="a b")}), "bytes, not"),
            (
                lambda blobs, blob: blobs.update({blob: blobs[blob].replace(b"PK\1\2", b"PK\3\3", 1)}),
                "has different content",
            ),
        ],
        ids=["gone", "no package", "another package", "a byte"],
    )
    def test_a_blob_that_is_not_what_was_pushed_changes_nothing(self, services, entry, damage, sentence):
        services.push(nupkg("Acme.Zebra"))
        age(services, entry, facts={**entry.facts, "title": "Old"})
        damage(services.shelf.blobs, entry.blob)
        before = without_readings(services)
        for packages in (2, 1):
            done, (told,) = reread(services)
            assert done == Rederived(packages, 0, 1)
            assert told.startswith(f"Acme.Widgets 1.0.0 on default: its blob {entry.blob} ")
            assert sentence in told
        assert without_readings(services) == before

    def test_a_package_that_is_refused_today_stays_and_the_sentence_says_why(self, services, entry):
        before = without_readings(services)
        age(services, entry)
        told = []
        done = rederive(
            CONSOLE,
            db=services.db,
            blobs=services.blobs,
            clock=services.clock,
            limits=Limits(max_entries=1),
            report=told.append,
            advance=lambda done, total: None,
        )
        assert done == Rederived(1, 0, 1)
        assert told[0].startswith("Acme.Widgets 1.0.0 on default: The package is invalid: ")
        assert without_readings(services) == before

    def test_what_the_gallery_alone_would_refuse_is_read(self, services):
        """Packages were taken before there were these rules."""
        services.change_feed("default", {"strictness": "lenient"})
        services.push(nupkg(description="", more="<license type='expression'>No-Such-License</license>"))
        entry = services.get("acme.widgets", "1.0.0")
        age(services, entry, facts={**entry.facts, "title": "Old"})
        assert reread(services) == (Rederived(1, 1, 0), [])

    @pytest.mark.parametrize(
        "older",
        [
            nupkg(owners="Ann", authors="", serviceable=""),
            nupkg(owners="Ann", authors="", files={"runtime.json": b"[]", "lib/portable-net40-client+sl5/A.dll": b""}),
            nupkg(owners="Ann", authors="", nuspec_name="a.nuspec", files={"lib/" + "a" * 256: b""}),
        ],
        ids=["a flag", "files", "a name"],
    )
    def test_what_every_feed_would_refuse_today_is_read(self, services, entry, older):
        """Packages were taken before there were these rules, and are served."""
        services.shelf.blobs[entry.blob] = older
        hashes = {"sha256": hashlib.sha256(older).digest(), "sha512": hashlib.sha512(older).digest()}
        age(services, entry, **hashes, size=len(older))
        assert reread(services) == (Rederived(1, 1, 0), [])
        assert services.get("acme.widgets", "1.0.0").facts["authors"] == "Ann"

    @pytest.mark.parametrize("keys", [{"id_key": "acme.gadgets"}, {"version_key": "2.0.0"}])
    def test_what_reads_as_another_id_or_version_stays_as_it_was(self, services, entry, keys):
        age_entries(services, **keys)
        before = without_readings(services)
        for _ in range(2):
            done, (told,) = reread(services)
            assert done == Rederived(1, 0, 1)
            assert "it now reads as Acme.Widgets 1.0.0" in told
        assert without_readings(services) == before

    def test_a_disk_that_does_not_give_it_back_is_told(self, services, entry):
        class BadDisk(MemoryBlobs):
            def open(self, name):
                raise OSError(5, "Input/output error")

        age(services, entry)
        _, (told,) = reread(services, blobs=BadDisk(services.shelf))
        assert told.endswith("cannot be read (Input/output error)")


class TestWhichAreRead:
    @pytest.fixture
    def stocked(self, services):
        """Two feeds with a package each, and one that is on both."""
        services.create_feed("other")
        services.push(nupkg("A"))
        services.push(nupkg("B"), feed="other")
        services.push(nupkg("C"))
        services.push(nupkg("C"), feed="other")
        return services

    def test_again_reads_all_once_more(self, stocked):
        assert reread(stocked)[0].packages == 0
        assert reread(stocked, is_again=True)[0].packages == 3
        assert reread(stocked)[0].packages == 0

    def test_those_of_some_feeds_alone(self, stocked):
        assert reread(stocked, is_again=True, feed_names=["other"])[0].packages == 2
        with stocked.db.write() as tx:
            tx.execute(delete(schema.readings))
        assert reread(stocked, feed_names=["default"])[0].packages == 2
        assert reread(stocked, feed_names=["other", "default"])[0].packages == 1

    def test_more_than_a_page_and_progress_to_the_end(self, services):
        for number in range(120):
            services.push(nupkg(version=f"{number}.0.0"))
        steps = []
        done, _ = reread(services, is_again=True, advance=lambda *step: steps.append(step))
        assert done == Rederived(120, 0, 0)
        assert steps == [(number, 120) for number in range(1, 121)]

    def test_a_feed_that_is_not_there_is_refused(self, stocked):
        with stocked.refusing(NoSuchFeed):
            reread(stocked, feed_names=["default", "nowhere"], is_again=True)

    def test_administrators_alone_may(self, stocked):
        with stocked.refusing(NotAllowed):
            rederive(
                Actor("mallory", frozenset({"push", "unlist"})),
                is_again=True,
                db=stocked.db,
                blobs=stocked.blobs,
                clock=stocked.clock,
                limits=Limits(),
                report=print,
                advance=print,
            )


class TestStoppedAndGoingOn:
    def test_a_second_run_reads_what_the_first_one_did_not_come_to(self, services):
        """What was changed is done; of what came out the same, a page at most is read once more."""
        for number in range(60):
            services.push(nupkg(version=f"{number}.0.0", title="New"))
        for number in range(60):
            entry = services.get("acme.widgets", f"{number}.0.0")
            if number % 2 or number > 50:
                age(services, entry, facts={**entry.facts, "title": "Old"})

        def stop(done, total):
            if done == 55:
                raise Stopped

        with pytest.raises(Stopped):
            reread(services, advance=stop)
        changed = len(rederived_events(services))
        assert changed == 29
        assert reread(services)[0] == Rederived(6, 5, 0)
        assert len({event.version_key for event in rederived_events(services)}) == len(rederived_events(services)) == 34
        assert [details.get("packages") for _, details in audit_lines(services)] == [60, 6, None]


class WhileReading(MemoryBlobs):
    """Blobs during whose reading something else happens, once."""

    def __init__(self, shelf, happen):
        super().__init__(shelf)
        self._happen = happen

    def open(self, name):
        happen, self._happen = self._happen, lambda: None
        happen()
        return super().open(name)


class TestBesideOthers:
    """Between the reading of a package and the writing of what was read, anything may be written."""

    def test_an_unlist_in_between_is_kept(self, services, entry):
        age(services, entry, facts={**entry.facts, "title": "Old"})
        reread(services, blobs=WhileReading(services.shelf, lambda: services.unlist("Acme.Widgets", "1.0.0")))
        after = services.get("acme.widgets", "1.0.0")
        assert (after.listed, after.facts, after.revision) == (False, entry.facts, 3)
        assert rederived_events(services)[0].details["listed"] is False

    def test_a_push_of_the_same_bytes_in_between_has_its_event(self, services, entry):
        services.create_feed("other")
        age(services, entry, facts={**entry.facts, "title": "Old"})
        reread(services, blobs=WhileReading(services.shelf, lambda: services.push(PACKAGE, feed="other")))
        assert len(rederived_events(services, "other")) == 1
        assert services.get("acme.widgets", "1.0.0", feed="other").facts == entry.facts

    def test_a_second_run_in_between_leaves_nothing_to_the_first(self, services, entry):
        age(services, entry, facts={**entry.facts, "title": "Old"})
        done, _ = reread(services, blobs=WhileReading(services.shelf, lambda: reread(services)))
        assert done == Rederived(1, 0, 0)
        assert len(rederived_events(services)) == 1
