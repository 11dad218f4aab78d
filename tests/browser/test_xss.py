"""Nothing that a package or an address holds runs in a real browser: no script, no dialog, no request elsewhere.

The policy must not even be needed: what it would block counts as found, since each reader notices breaches.
"""

from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Reader, Window, reading
from tests.support.builders import nupkg
from tests.support.leaks import new_password
from tests.support.servers import Server
from tests.web.pages.attacks import FEED, make_address_attacks, make_attacks
from tests.web.pages.conftest import TITLES
from tests.web.pages.payloads import ADDRESSES, TEXTS

HOME = f"/feeds/{FEED}"
FIELDS = ("q", "type", "prerelease", "framework", "owner", "sort", "page", "next")


def look_at(reader: Reader, path: str) -> None:
    """Open a page of any status, and see that nothing ran."""
    reader.expects_error_at(path)
    reader.page.goto(reader.url + path)
    assert reader.page.evaluate("() => window.__xss") is None, path
    assert reader.troubles == [], path


def test_no_package_runs_anything_on_its_pages(browser: Browser, attacked: Server) -> None:
    with reading(browser, attacked.url, Window()) as reader:
        for attack in (*make_attacks(), *make_address_attacks()):
            look_at(reader, attack.page)
        for attack in make_attacks()[::3]:
            look_at(reader, attack.license_page)


def test_no_package_runs_anything_in_a_list(browser: Browser, attacked: Server) -> None:
    last = (len(make_attacks()) + len(make_address_attacks())) // 20 + 1
    with reading(browser, attacked.url, Window()) as reader:
        for path in (f"{HOME}/", f"{HOME}/stats", *(f"{HOME}/packages?page={page}" for page in range(1, last + 1))):
            look_at(reader, path)


def test_no_feed_runs_anything_by_its_settings(browser: Browser, attacked: Server) -> None:
    with reading(browser, attacked.url, Window()) as reader:
        for name in TITLES:
            for path in ("/", "/packages", "/stats", "/nowhere"):
                look_at(reader, f"/feeds/{name}{path}")


def test_no_question_runs_anything(browser: Browser, attacked: Server) -> None:
    with reading(browser, attacked.url, Window()) as reader:
        for payload in TEXTS + ADDRESSES:
            look_at(reader, f"{HOME}/packages?{urlencode(dict.fromkeys(FIELDS, payload), quote_via=quote)}")
        for payload in (*TEXTS[::5], *ADDRESSES):
            look_at(reader, f"/sign-in?{urlencode({'next': payload}, quote_via=quote)}")
            look_at(reader, f"/packages/{quote(payload, safe='')}")
            look_at(reader, f"/{quote(payload, safe='')}")


def test_nothing_runs_that_is_typed_into_the_search(browser: Browser, attacked: Server) -> None:
    """What comes back is put into the page by the script: nothing of it runs either."""
    with reading(browser, attacked.url, Window()) as reader:
        reader.visit(f"{HOME}/packages")
        for payload in TEXTS[::8]:
            with reader.page.expect_response(
                lambda answer: "/packages?" in answer.url or answer.url.endswith("/packages")
            ):
                reader.page.get_by_role("searchbox").fill(payload)
        reader.page.get_by_role("searchbox").fill("")
        reader.page.wait_for_url(f"**{HOME}/packages")
        assert reader.page.evaluate("() => window.__xss") is None


def test_nothing_runs_that_is_typed_into_the_sign_in(browser: Browser, harbor: Server) -> None:
    """A name that nobody has comes back in the form."""
    with reading(browser, harbor.url, Window()) as reader:
        reader.visit("/sign-in")
        reader.expects_error_at("/sign-in")
        for payload in (TEXTS[0], '"><img src=x onerror=window.__xss=1>', "' autofocus onfocus='window.__xss=1"):
            reader.page.get_by_label("User name").fill(payload)
            reader.page.get_by_label("Password", exact=True).fill(new_password())
            reader.page.get_by_role("main").get_by_role("button", name="Sign in").click()
            reader.page.get_by_role("alert").wait_for()
            assert reader.page.get_by_label("User name").input_value() == payload
            assert reader.page.evaluate("() => window.__xss") is None


@pytest.mark.parametrize("file", ["readme", "license", "evil.files.nuspec", "icon"])
def test_no_file_of_a_package_runs_when_it_is_opened(browser: Browser, attacked: Server, file: str) -> None:
    """Also not a nuspec that holds a script of XHTML, nor a picture that goes on as a page."""
    script = "<script xmlns='http://www.w3.org/1999/xhtml'>window.__xss=1</script>"
    files = {"README.md": script.encode(), "LICENSE.txt": f"<html>{script}".encode(), "icon.png": _png(script)}
    names = "<readme>README.md</readme><icon>icon.png</icon>"
    more = f'{names}<license type="file">LICENSE.txt</license><hint>{script}</hint>'
    pushed = attacked.push(nupkg("Evil.Files", files=files, more=more), feed=HOME)
    assert pushed.status in {201, 409}, pushed.body
    with reading(browser, attacked.url, Window(), may_fail=True) as reader:
        reader.page.goto(f"{attacked.url}{HOME}/v3/flat/evil.files/1.0.0/{file}")
        assert reader.page.evaluate("() => window.__xss") is None
        assert [url for url in reader.asked if not url.startswith(attacked.url)] == []


def _png(script: str) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + script.encode()
