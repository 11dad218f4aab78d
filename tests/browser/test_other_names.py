"""A server with a public address that is opened by another name, as by whoever has just set it up behind a proxy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import PHONE_DARK, Window, reading
from tests.browser.test_signing_in import sign_in
from tests.protocol.live_changes import add_user
from tests.support.builders import nupkg
from tests.support.servers import Server

PREFIX = "/nu/get"
PUBLIC = f"https://pkg.example{PREFIX}"


@pytest.mark.parametrize("before", ["", PREFIX])
@pytest.mark.parametrize("window", [PHONE_DARK, Window(has_scripts=False)], ids=str)
def test_pages_have_their_style_and_their_forms_work(
    browser: Browser, serve: Callable[..., Server], window: Window, before: str
) -> None:
    """With the path of the public address or without it; nothing breaches the policy, nor asks the public address."""
    server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": PUBLIC})
    server.push(nupkg("Acme.First"))
    password = add_user(server, "ada")
    with reading(browser, server.url, window) as reader:
        page = reader.page
        for path in ("/", "/packages", "/packages/Acme.First", "/stats", "/sign-in"):
            reader.visit(before + path)
            rules = page.evaluate("() => [...document.styleSheets].map((sheet) => sheet.cssRules.length)")
            assert rules, path
            assert all(count > 0 for count in rules), path
        if window.has_scripts:
            reader.visit(f"{before}/packages/Acme.First")
            expect(page.get_by_role("button", name="Copy").first).to_be_visible()
        reader.visit(f"{before}/sign-in?next=/packages/Acme.First")
        sign_in(reader, "ada", password)
        page.wait_for_url(f"{server.url}{PREFIX}/packages/Acme.First")
        expect(page.get_by_role("banner")).to_contain_text("ada")
        page.get_by_role("link", name="Packages", exact=True).click()
        page.wait_for_url(f"{server.url}{PREFIX}/packages")
        page.get_by_role("main").get_by_label("Search packages").fill("acme")
        page.keyboard.press("Enter")
        page.wait_for_url("**/packages?*q=acme*")
        expect(page.get_by_role("link", name="Acme.First")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
