"""How a feed introduces itself, as of its last request."""

from motherlode.domain.logos import format_logo, logo_of
from motherlode.projections.documents.catalog_follower import FeedBranding

LOGO = logo_of(b"\x89PNG\r\n\x1a\nlogo")


def test_a_feed_without_settings_goes_by_its_name(services, looker):
    services.create_feed("tools")
    assert looker.feed("tools").face == FeedBranding("tools", "tools", "", None)


def test_what_is_set_binds_the_next_request(services, looker):
    looker.feed()
    services.change_feed("default", {"title": "Build tools", "about": "What we restore.", "logo": format_logo(LOGO)})
    feed = looker.feed()
    assert feed.face == FeedBranding("default", "Build tools", "What we restore.", "image/png")
    assert feed.policy.logo == LOGO
    services.change_feed("default", {"title": "", "logo": ""})
    assert looker.feed().face == FeedBranding("default", "default", "What we restore.", None)


def test_settings_that_stay_are_not_read_again(services, looker):
    before = looker.feed()
    services.create_feed("other")
    after = looker.feed()
    assert after.policy is before.policy
    assert after.face is before.face
