"""Races on real connections: two databases as two processes have them, and many threads."""

from concurrent.futures import ThreadPoolExecutor

from motherlode.domain.refusals import AlreadyExists
from motherlode.store.database.sqlite import open_database
from motherlode.store.packages import catalog, versions
from tests.store.rows import NOON, add_content, identity, publish


def test_of_twenty_pushes_of_one_version_exactly_one_is_taken(path, db, feed):
    """The winner's bytes are the ones that are kept."""
    beside = open_database(path)

    def push(number):
        try:
            with (db, beside)[number % 2].write() as tx:
                content = add_content(tx, f"body {number}".encode())
                entry = versions.add(tx, feed.id, identity(), content, is_semver2=False, at=NOON)
                catalog.append(tx, feed.id, "published", entry, at=NOON)
        except AlreadyExists:
            return None
        return content.sha256

    with ThreadPoolExecutor(20) as threads:
        taken = [sha256 for sha256 in threads.map(push, range(20)) if sha256]
    beside.close()
    with db.read() as tx:
        assert [versions.find(tx, feed.id, "acme.widgets", "1.0.0").sha256] == taken
        assert catalog.heads(tx) == {feed.id: 1}


def test_a_follower_sees_every_event_once_and_in_order(path, db, feed):
    """It asks for what came after the last one it saw, while four writers on two connections write."""
    beside = open_database(path)
    total = 60

    def write(number):
        with (db, beside)[number % 2].write() as tx:
            publish(tx, feed.id, version=f"{number}.0.0")

    def follow():
        seen = []
        while len(seen) < total:
            with beside.read() as tx:
                events = catalog.since(tx, feed.id, seen[-1] if seen else 0, 7)
            seen += [event.number for event in events]
        return seen

    with ThreadPoolExecutor(5) as threads:
        follower = threads.submit(follow)
        list(threads.map(write, range(total)))
        assert follower.result(timeout=60) == list(range(1, total + 1))
    beside.close()


def test_a_head_check_that_is_unchanged_promises_that_nothing_was_committed_before_it(path, db, feed):
    """Whoever committed, and then asks, sees another number than anyone saw before."""
    beside = open_database(path)
    for number in range(20):
        before = db.head_check()
        with beside.write() as tx:
            publish(tx, feed.id, version=f"{number}.0.0")
        assert db.head_check() != before
    beside.close()
