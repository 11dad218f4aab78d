"""How numbers, sizes and times are written for people, and that whatever is put into a page is text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from motherlode.domain.permissions import Actor
from motherlode.web.pages.core.templates import (
    PAGES,
    format_compact,
    format_number,
    format_size,
    mark_breaks,
    mark_time,
)
from motherlode.web.request import SignedInUser


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1K"),
        (1_049, "1K"),
        (1_250, "1.2K"),
        (9_999, "9.9K"),
        (34_567, "34K"),
        (999_999, "999K"),
        (1_000_000, "1M"),
        (5_600_000_000, "5.6B"),
        (7_000_000_000_000, "7000B"),
    ],
)
def test_a_short_number_never_says_more_than_there_is(number: int, text: str) -> None:
    assert format_compact(number) == text


def test_numbers_are_grouped() -> None:
    assert format_number(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (1434, "1.4 KB"),
        (12 << 20, "12 MB"),
        ((1 << 20) - 1, "1.0 MB"),
        (5 << 40, "5.0 TB"),
    ],
)
def test_sizes_are_written_in_the_unit_that_fits(size: int, text: str) -> None:
    assert format_size(size) == text


def test_a_time_is_marked_with_its_moment_whatever_its_zone() -> None:
    at = datetime(2026, 2, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert str(mark_time(at)) == (
        '<time datetime="2026-02-02T23:30:00Z" title="2026-02-02 23:30:00 UTC" data-relative>2 Feb 2026</time>'
    )
    assert mark_time(at.astimezone(UTC)) == mark_time(at)


def test_names_may_go_on_after_a_dot_and_stay_text() -> None:
    assert mark_breaks("A.B-C") == Markup("A.<wbr>B-<wbr>C")
    assert mark_breaks("<b>.x") == Markup("&lt;b&gt;.<wbr>x")
    assert mark_breaks("") == Markup("")


@pytest.mark.parametrize("point", [0x0, 0x7F, 0xFDD0, 0xFFFE, 0x1FFFE, 0x1FFFF, 0xFFFFF, 0x10FFFE, 0x10FFFF])
def test_no_page_holds_what_is_no_character(point: int) -> None:
    page = PAGES.render(
        "_visitor.html", feed=None, root="", links="", path="/", signed_in_user=_named(f"a{chr(point)}b")
    )
    assert b">ab<" in page


def test_the_rarest_characters_stay() -> None:
    text = "\N{GRINNING FACE}\U0010fffd"
    assert text.encode() in PAGES.render(
        "_visitor.html", feed=None, root="", links="", path="/", signed_in_user=_named(text)
    )


def _named(name: str) -> SignedInUser:
    return SignedInUser(Actor(name=name, rights=frozenset()), form_token="token")


def test_a_page_passes_over_nothing_that_was_forgotten() -> None:
    with pytest.raises(UndefinedError):
        PAGES.render("home.html", feed=None, root="", links="", path="/")
