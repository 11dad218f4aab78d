"""Signing in and out: readers of private feeds, the first user of all, and whoever mistypes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import ALL_WINDOWS, PHONE_DARK, Reader, Window, reading
from tests.browser.sample_company import READER
from tests.support.leaks import new_password
from tests.support.servers import Server
from tests.web.pages.markup import find_faults, parse_page

Open = Callable[..., Reader]


def sign_in(reader: Reader, name: str, password: str) -> None:
    """Fill in the form that is shown, and send it."""
    reader.page.get_by_label("User name").fill(name)
    reader.page.get_by_label("Password", exact=True).fill(password)
    reader.page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("window", ALL_WINDOWS, ids=str)
def test_a_reader_signs_in_looks_around_and_signs_out(
    open_reader: Open, passwords: Mapping[str, str], window: Window
) -> None:
    """From a page of a private feed to the form, back to that page, on to a package, and out again."""
    reader = open_reader(window)
    reader.visit("/feeds/team/packages/Team.Plans", status=401)
    assert "Team.Plans" not in reader.page.get_by_role("main").inner_text()
    sign_in(reader, READER, passwords[READER])
    reader.page.wait_for_url("**/feeds/team/packages/Team.Plans")
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("Team.Plans")
    expect(reader.page.get_by_role("banner")).to_contain_text(READER)
    reader.visit("/feeds/team/")
    expect(reader.page.get_by_role("link", name="Team.Plans").first).to_be_visible()
    reader.page.get_by_role("button", name="Sign out").click()
    expect(reader.page.get_by_role("link", name="Sign in")).to_be_visible()
    reader.visit("/feeds/team/", status=401)


def test_the_pictures_of_a_private_feed_are_shown_to_those_who_signed_in(
    open_reader: Open, passwords: Mapping[str, str]
) -> None:
    reader = open_reader()
    reader.visit("/sign-in?next=/feeds/team/packages/Team.Plans")
    sign_in(reader, READER, passwords[READER])
    reader.page.wait_for_url("**/Team.Plans")
    icons = reader.page.locator("img[src*='/v3/flat/']")
    expect(icons.first).to_be_visible()
    assert icons.first.evaluate("(image) => image.complete && image.naturalWidth > 0")


def test_a_wrong_password_is_told_and_can_be_mended(open_reader: Open, passwords: Mapping[str, str]) -> None:
    """The form comes again with what to do, has the focus there, keeps the name and not the password."""
    reader = open_reader(PHONE_DARK)
    reader.visit("/sign-in?next=/stats")
    reader.expects_error_at("/sign-in")
    sign_in(reader, READER, new_password())
    alert = reader.page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(reader.page.get_by_label("User name")).to_have_value(READER)
    expect(reader.page.get_by_label("Password", exact=True)).to_have_value("")
    sign_in(reader, READER, passwords[READER])
    reader.page.wait_for_url("**/stats")


def test_the_way_back_never_leads_elsewhere(open_reader: Open, passwords: Mapping[str, str]) -> None:
    reader = open_reader()
    reader.visit("/sign-in?next=https://evil.example/")
    sign_in(reader, READER, passwords[READER])
    reader.page.wait_for_url(f"{reader.url}/")


def test_pages_for_somebody_are_as_sound_as_others(open_reader: Open, passwords: Mapping[str, str], axe: str) -> None:
    """What stands in place of the link to sign in is sound mark-up, and axe-core finds nothing."""
    reader = open_reader(PHONE_DARK)
    reader.visit("/sign-in")
    sign_in(reader, READER, passwords[READER])
    reader.page.wait_for_url(f"{reader.url}/")
    for path in ("/", "/packages?q=harbor", "/packages/Harbor.Http", "/stats", "/feeds/team/", "/sign-in"):
        assert find_faults(parse_page(reader.visit(path), reader.url)) == [], path
        assert READER in reader.page.get_by_role("banner").inner_text()
        reader.page.evaluate(axe)
        assert reader.page.evaluate("() => axe.run().then((found) => found.violations.map((rule) => rule.id))") == []


def test_somebody_without_a_role_is_told_so(open_reader: Open, passwords: Mapping[str, str]) -> None:
    """Signed in, a feed that is not there looks like one that one may not read, and the page says who one is."""
    reader = open_reader()
    reader.visit("/sign-in")
    sign_in(reader, READER, passwords[READER])
    reader.page.wait_for_url(f"{reader.url}/")
    reader.visit("/feeds/no-such-feed/", status=404)
    expect(reader.page.get_by_role("main")).to_contain_text(READER)


@pytest.mark.parametrize("window", [PHONE_DARK, Window(has_scripts=False)], ids=str)
def test_the_first_user_makes_himself_one(browser: Browser, serve: Callable[..., Server], window: Window) -> None:
    """From the first page of a new server on, with the first key; after that the form is an ordinary one."""
    server = serve()
    password = new_password()
    key = (Path(server.data) / "first-key.txt").read_text().strip()
    with reading(browser, server.url, window) as reader:
        reader.visit("/")
        reader.page.get_by_role("link", name="Create the first account").click()
        reader.page.get_by_label("key").fill(key)
        reader.page.get_by_label("User name").fill("founder")
        reader.page.get_by_label("Password", exact=True).fill(password)
        reader.page.get_by_label("again").fill(password)
        reader.page.get_by_role("main").get_by_role("button").click()
        reader.page.wait_for_url(f"{server.url}/")
        expect(reader.page.get_by_role("banner")).to_contain_text("founder")
        reader.page.get_by_role("button", name="Sign out").click()
        expect(reader.page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(reader.page.get_by_role("link", name="Create the first account")).to_have_count(0)
        reader.visit("/sign-in")
        expect(reader.page.get_by_label("key")).to_have_count(0)
        sign_in(reader, "founder", password)
        expect(reader.page.get_by_role("banner")).to_contain_text("founder")
