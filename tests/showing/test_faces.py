"""How a feed introduces itself, as of its last request."""

from motherlode.domain.logos import format_logo, logo_of
from motherlode.projections.documents.catalog_follower import Face

LOGO = logo_of(b"\x89PNG\r\n\x1a\nlogo")


def test_a_feed_without_settings_goes_by_its_name(house, looker):
    house.create_feed("tools")
    assert looker.feed("tools").face == Face("tools", "tools", "", None)


def test_what_is_set_binds_the_next_request(house, looker):
    looker.feed()
    house.change_feed("default", {"title": "Build tools", "about": "What we restore.", "logo": format_logo(LOGO)})
    feed = looker.feed()
    assert feed.face == Face("default", "Build tools", "What we restore.", "image/png")
    assert feed.policy.logo == LOGO
    house.change_feed("default", {"title": "", "logo": ""})
    assert looker.feed().face == Face("default", "default", "What we restore.", None)


def test_settings_that_stay_are_not_read_again(house, looker):
    before = looker.feed()
    house.create_feed("other")
    after = looker.feed()
    assert after.policy is before.policy
    assert after.face is before.face
