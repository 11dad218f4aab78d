"""The last use of each key is kept until it is written down, and only of so many."""

from datetime import UTC, datetime, timedelta

from motherlode.usage.api_keys import KeyUses

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def test_the_last_use_of_each_is_handed_over_once():
    uses = KeyUses()
    uses.note("one", NOON, "10.0.0.1")
    uses.note("one", LATER, "10.0.0.2")
    uses.note("two", NOON, "10.0.0.1")
    assert uses.take() == {"one": (LATER, "10.0.0.2"), "two": (NOON, "10.0.0.1")}
    assert uses.take() == {}


def test_what_is_put_back_gives_way_to_what_came_meanwhile():
    uses = KeyUses()
    uses.note("one", LATER, "10.0.0.2")
    uses.put_back({"one": (NOON, "10.0.0.1"), "two": (NOON, "10.0.0.1")})
    assert uses.take() == {"one": (LATER, "10.0.0.2"), "two": (NOON, "10.0.0.1")}


def test_only_so_many_keys_are_kept():
    uses = KeyUses(most=2)
    for number in range(5):
        uses.note(f"key-{number}", NOON, "10.0.0.1")
    uses.note("key-0", LATER, "10.0.0.1")
    assert uses.take() == {"key-0": (LATER, "10.0.0.1"), "key-1": (NOON, "10.0.0.1")}
