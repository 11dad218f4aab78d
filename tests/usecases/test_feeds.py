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


def test_a_new_feed_has_the_servers_defaults_and_no_event(services):
    defaults = FeedPolicy(max_package_bytes=5_000_000)
    row = create_feed("other", {}, CONSOLE, defaults=defaults, db=services.db, clock=services.clock)
    assert (row.name, row.head, row.created_at) == ("other", 0, services.clock.now())
    assert parse_feed_policy(row.settings) == defaults
    line = services.rows("audit")[-1]
    assert (line.action, line.feed, line.subject) == ("create-feed", "other", "other")


def test_what_is_set_at_its_making_wins_over_the_defaults(services):
    row = services.create_feed("other", {"max_package_size": "1MB"})
    assert parse_feed_policy(row.settings).max_package_bytes == 1 << 20


def test_a_name_that_is_taken_is_refused(services):
    with services.refusing(FeedExists, match="Choose another name, or change it with 'feed set'"):
        services.create_feed("default")


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a@b", "a/b", "é", "a" * 64, "a\n", " a"])
def test_a_name_that_no_feed_can_have_is_refused(services, name):
    with services.refusing(InvalidSetting, match="is not a valid feed name"):
        services.create_feed(name)


@pytest.mark.parametrize(("name", "value"), NOT_BUILT)
def test_a_setting_that_is_not_built_is_refused_with_a_sentence(services, name, value):
    for change in (
        lambda: services.create_feed("other", {name: value}),
        lambda: services.change_feed("default", {name: value}),
    ):
        with services.refusing(InvalidSetting, match=f"{name} = .* is not implemented yet. Leave it"):
            change()


def test_the_default_of_a_setting_that_is_not_built_is_taken(services):
    settings = {"min_age": "", "upstreams": "", "retention": ""}
    assert services.create_feed("other", settings)
    assert services.change_feed("default", settings)


def test_every_fault_is_told_at_once(services):
    before = services.snapshot()
    with pytest.raises(InvalidSetting) as refused:
        services.change_feed("default", {"colour": "red", "max_package_size": "many"})
    assert services.snapshot() == before
    assert [fault.message.split()[0] for fault in refused.value.faults] == ["There", "max_package_size"]


def test_a_change_keeps_what_it_does_not_name(services):
    services.create_feed("other", {"max_package_size": "1MB"})
    row = services.change_feed("other", {"delete": "unlist"})
    assert parse_feed_policy(row.settings).max_package_bytes == 1 << 20
    assert services.rows("audit")[-1].action == "change-feed"


def test_the_audit_log_says_what_was_set_and_what_was_changed(services):
    services.create_feed("other", {"read": "authenticated"})
    assert services.last_line().details["read"] == "authenticated"
    services.change_feed("other", {"read": "anonymous", "max_package_size": "1MB"})
    changed = {"read": {"from": "authenticated", "to": "anonymous"}, "max_package_size": {"from": "250MB", "to": "1MB"}}
    assert services.last_line().details == changed


def test_the_audit_log_says_of_a_logo_what_it_is(services):
    logos = [format_logo(logo_of(b"\x89PNG\r\n\x1a\n" + filling * 4_192)) for filling in (b"a", b"b")]
    services.create_feed("other", {"logo": logos[0]})
    assert services.last_line().details["logo"] == "image/png, 4,200 bytes"
    row = services.change_feed("other", {"logo": logos[1]})
    assert row.settings["logo"] == logos[1]
    assert services.last_line().details == {"logo": {"from": "image/png, 4,200 bytes", "to": "image/png, 4,200 bytes"}}


def test_only_administrators_make_and_change_feeds(services):
    services.add_account("alice")
    services.add_account("root", role="administrator")
    for actor in (Actor("k", frozenset({PUSH})), services.actor("alice", ADMIN), services.actor("root", PUSH)):
        with services.refusing(NotAllowed, match="Only an administrator"):
            services.do(create_feed, "other", {}, actor=actor, defaults=FeedPolicy())
        with services.refusing(NotAllowed, match="Only an administrator"):
            services.do(change_feed, "default", {"read": "authenticated"}, actor=actor)
    assert services.do(change_feed, "default", {"read": "authenticated"}, actor=services.actor("root", ADMIN))


def test_a_change_of_settings_is_a_change_of_who_may_do_what(services):
    before = services.rows("access")
    services.change_feed("default", {"read": "authenticated"})
    assert services.rows("access") != before


def test_a_feed_that_is_not_there_is_not_changed(services):
    with services.refusing(NoSuchFeed):
        services.change_feed("other", {"max_package_size": "1MB"})
