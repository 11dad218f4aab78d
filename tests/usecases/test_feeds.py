"""Feeds: created with the server's defaults, changed one setting at a time."""

import pytest

from motherlode.domain.feed_settings import FeedPolicy, parse_feed_policy
from motherlode.domain.logos import format_logo, logo_of
from motherlode.domain.permissions import ADMIN, PUSH, Actor
from motherlode.domain.refusals import FeedExists, InvalidSetting, NoSuchFeed, NotAllowed
from motherlode.usecases.feeds.feeds import change_feed, create_feed
from motherlode.usecases.sign_in.identify import CONSOLE

NOT_BUILT = [
    ("min_age", "7d"),
    ("upstreams", "https://example.org/v3/index.json"),
    ("retention", "10"),
]


def test_a_new_feed_has_the_servers_defaults_and_no_event(house):
    defaults = FeedPolicy(max_package_bytes=5_000_000)
    row = create_feed("other", {}, CONSOLE, defaults=defaults, db=house.db, clock=house.clock)
    assert (row.name, row.head, row.created_at) == ("other", 0, house.clock.now())
    assert parse_feed_policy(row.settings) == defaults
    line = house.rows("audit")[-1]
    assert (line.action, line.feed, line.subject) == ("create-feed", "other", "other")


def test_what_is_set_at_its_making_wins_over_the_defaults(house):
    row = house.create_feed("other", {"max_package_size": "1MB"})
    assert parse_feed_policy(row.settings).max_package_bytes == 1 << 20


def test_a_name_that_is_taken_is_refused(house):
    with house.refusing(FeedExists, match="choose another name, or change it with 'feed set'"):
        house.create_feed("default")


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a@b", "a/b", "é", "a" * 64, "a\n", " a"])
def test_a_name_that_no_feed_can_have_is_refused(house, name):
    with house.refusing(InvalidSetting, match="No feed can be called"):
        house.create_feed(name)


@pytest.mark.parametrize(("name", "value"), NOT_BUILT)
def test_a_setting_that_is_not_built_is_refused_with_a_sentence(house, name, value):
    for change in (
        lambda: house.create_feed("other", {name: value}),
        lambda: house.change_feed("default", {name: value}),
    ):
        with house.refusing(InvalidSetting, match=f"{name} = .* is not built yet: leave it"):
            change()


def test_the_default_of_a_setting_that_is_not_built_is_taken(house):
    settings = {"min_age": "", "upstreams": "", "retention": ""}
    assert house.create_feed("other", settings)
    assert house.change_feed("default", settings)


def test_every_fault_is_told_at_once(house):
    before = house.snapshot()
    with pytest.raises(InvalidSetting) as refused:
        house.change_feed("default", {"colour": "red", "max_package_size": "many"})
    assert house.snapshot() == before
    assert [fault.message.split()[0] for fault in refused.value.faults] == ["There", "max_package_size"]


def test_a_change_keeps_what_it_does_not_name(house):
    house.create_feed("other", {"max_package_size": "1MB"})
    row = house.change_feed("other", {"delete": "unlist"})
    assert parse_feed_policy(row.settings).max_package_bytes == 1 << 20
    assert house.rows("audit")[-1].action == "change-feed"


def test_the_audit_log_says_what_was_set_and_what_was_changed(house):
    house.create_feed("other", {"read": "authenticated"})
    assert house.last_line().details["read"] == "authenticated"
    house.change_feed("other", {"read": "anonymous", "max_package_size": "1MB"})
    changed = {"read": {"from": "authenticated", "to": "anonymous"}, "max_package_size": {"from": "250MB", "to": "1MB"}}
    assert house.last_line().details == changed


def test_the_audit_log_says_of_a_logo_what_it_is(house):
    logos = [format_logo(logo_of(b"\x89PNG\r\n\x1a\n" + filling * 4_192)) for filling in (b"a", b"b")]
    house.create_feed("other", {"logo": logos[0]})
    assert house.last_line().details["logo"] == "image/png, 4,200 bytes"
    row = house.change_feed("other", {"logo": logos[1]})
    assert row.settings["logo"] == logos[1]
    assert house.last_line().details == {"logo": {"from": "image/png, 4,200 bytes", "to": "image/png, 4,200 bytes"}}


def test_only_administrators_make_and_change_feeds(house):
    house.add_account("alice")
    house.add_account("root", role="administrator")
    for actor in (Actor("k", frozenset({PUSH})), house.actor("alice", ADMIN), house.actor("root", PUSH)):
        with house.refusing(NotAllowed, match="Only an administrator"):
            house.do(create_feed, "other", {}, actor=actor, defaults=FeedPolicy())
        with house.refusing(NotAllowed, match="Only an administrator"):
            house.do(change_feed, "default", {"read": "authenticated"}, actor=actor)
    assert house.do(change_feed, "default", {"read": "authenticated"}, actor=house.actor("root", ADMIN))


def test_a_change_of_settings_is_a_change_of_who_may_do_what(house):
    before = house.rows("access")
    house.change_feed("default", {"read": "authenticated"})
    assert house.rows("access") != before


def test_a_feed_that_is_not_there_is_not_changed(house):
    with house.refusing(NoSuchFeed):
        house.change_feed("other", {"max_package_size": "1MB"})
