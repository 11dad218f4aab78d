"""Readers notice what should not happen: else the silence of all other tests would say nothing."""

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.chromium import Window, reading

URL = "http://127.0.0.1:9"
POLICY = "default-src 'none'; script-src 'self'"
PAGE = "<!DOCTYPE html><title>x</title>{}"


@pytest.mark.parametrize("window", [Window(), Window(has_scripts=False)], ids=str)
@pytest.mark.parametrize(
    "markup",
    ["<p style='color:red'>x", "<img src=https://evil.example/x.png>", "<style>p {}</style>", "<base href=/x>"],
)
def test_a_breach_of_the_policy_is_noticed(browser: Browser, markup: str, window: Window) -> None:
    assert troubles_of(browser, markup, f"{POLICY}; base-uri 'none'", window) != []


@pytest.mark.parametrize(
    "script",
    ["alert(1)", "console.error('x')", "console.warn('x')", "throw new Error('x')", "fetch('https://evil.example/')"],
)
def test_what_a_script_does_wrong_is_noticed(browser: Browser, script: str) -> None:
    assert troubles_of(browser, f"<script>{script}</script>", "default-src * 'unsafe-inline'", Window()) != []


def test_an_answer_that_is_an_error_is_noticed(browser: Browser) -> None:
    assert troubles_of(browser, "<img src=/missing.png>", "default-src *", Window()) != []


def test_nothing_is_noticed_where_nothing_is_wrong(browser: Browser) -> None:
    assert troubles_of(browser, "<p>x", POLICY, Window()) == []


def troubles_of(browser: Browser, markup: str, policy: str, window: Window) -> list[str]:
    """What a reader notices on a page of this markup, which is sent under this policy."""

    def answer(route: Route) -> None:
        is_page = route.request.url == f"{URL}/"
        headers = {"Content-Security-Policy": policy, "Content-Type": "text/html; charset=utf-8"}
        route.fulfill(status=200 if is_page else 404, body=PAGE.format(markup), headers=headers)

    with reading(browser, URL, window, may_fail=True) as reader:
        reader.page.route("**/*", answer)
        reader.visit("/")
        reader.page.wait_for_load_state("networkidle")
        return list(reader.troubles)
