"""Finding a package: from the home of a feed to the search page, by typing, by filters, page by page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import ALL_WINDOWS, Reader, Window

Open = Callable[..., Reader]
WIDE_PLAIN = Window(has_scripts=False)


def titles(reader: Reader) -> list[str]:
    """The ids that the search page lists, in its order."""
    return reader.page.locator("#results h2").all_inner_texts()


@pytest.mark.parametrize("window", ALL_WINDOWS, ids=str)
def test_a_word_typed_at_home_finds_packages(open_reader: Open, window: Window) -> None:
    """The search box has the focus: type, press Enter, and read the results."""
    reader = open_reader(window)
    reader.visit("/")
    reader.page.keyboard.type("retry http")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/packages?*")
    assert titles(reader)[0] == "Harbor.Http"
    expect(reader.page.get_by_role("searchbox")).to_have_value("retry http")


def test_home_shows_what_is_new_and_what_is_liked(reader: Reader) -> None:
    reader.visit("/")
    newest = reader.page.get_by_role("region", name="Newest").get_by_role("listitem")
    popular = reader.page.get_by_role("region", name="Most downloaded").get_by_role("listitem")
    expect(newest).to_have_count(8)
    expect(popular).to_have_count(8)
    expect(newest.first).to_contain_text("Harbor.Next")
    expect(newest.first.locator("time")).to_have_text("yesterday")
    expect(popular.first).to_contain_text("Harbor.Json")
    assert "Harbor.Withdrawn" not in reader.page.content()


@pytest.mark.parametrize("window", [Window(), WIDE_PLAIN], ids=str)
def test_home_says_how_to_set_up_each_client(open_reader: Open, window: Window) -> None:
    """All clients have their lines with this server's address; without scripts all are there at once."""
    reader = open_reader(window)
    reader.visit("/")
    region = reader.page.get_by_role("region", name="Set up")
    for client in ("dotnet", "nuget.config", "Visual Studio", "GitHub Actions", "GitLab CI"):
        if window.has_scripts:
            region.get_by_role("tab", name=client).click()
            expect(region.get_by_role("tabpanel")).to_have_count(1)
            panel = region.get_by_role("tabpanel", name=client)
        else:
            panel = region.locator("section", has=reader.page.get_by_role("heading", name=client))
        expect(panel).to_be_visible()
        expect(panel).to_contain_text(f"{reader.url}/v3/index.json")


def test_the_copy_button_puts_a_line_into_the_clipboard(reader: Reader) -> None:
    reader.visit("/")
    panel = reader.page.get_by_role("region", name="Set up").get_by_role("tabpanel")
    panel.get_by_role("button", name="Copy").first.click()
    expect(reader.page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    copied = reader.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == panel.locator("code").first.inner_text()
    assert f"{reader.url}/v3/index.json" in copied


def test_an_empty_feed_shows_how_to_make_the_first_push(reader: Reader) -> None:
    reader.visit("/feeds/empty/")
    region = reader.page.get_by_role("region", name="Push the first package")
    expect(region).to_contain_text("dotnet nuget push")
    expect(region).to_contain_text(f"{reader.url}/feeds/empty/v3/index.json")


def test_results_follow_what_is_typed(reader: Reader) -> None:
    """No key but letters: list, count and address follow, and the address opens the same again."""
    reader.visit("/packages")
    box = reader.page.get_by_role("searchbox")
    box.fill("")
    box.press_sequentially("stamp")
    expect(reader.page.get_by_role("status").first).to_have_text("1 package")
    assert titles(reader) == ["Harbor.Cache"]
    reader.page.wait_for_url("**/packages?q=stamp")
    expect(box).to_be_focused()
    reader.visit(reader.path)
    assert titles(reader) == ["Harbor.Cache"]


@pytest.mark.parametrize("window", [Window(), WIDE_PLAIN], ids=str)
def test_filters_narrow_what_is_found(open_reader: Open, window: Window) -> None:
    """By type, prerelease, framework and owner, with the script as without; the address says what is shown."""
    reader = open_reader(window)

    def ask() -> None:
        if not window.has_scripts:
            reader.page.get_by_role("button", name="Search").last.click()

    reader.visit("/packages?q=harbor")
    reader.page.get_by_label("Type").select_option("DotnetTool")
    ask()
    reader.page.wait_for_url("**type=DotnetTool*")
    expect(reader.page.locator("#results h2")).to_have_text(["Harbor.Cli"])
    reader.page.get_by_label("Type").select_option("")
    reader.page.get_by_label("Owner").fill("nobody-at-all")
    ask()
    expect(reader.page.locator("#count")).to_have_text("No packages")
    reader.page.get_by_label("Owner").fill("mara")
    reader.page.get_by_label("Prerelease").check()
    ask()
    reader.page.wait_for_url("**prerelease=true*")
    expect(reader.page.locator("#results")).to_contain_text("Harbor.Next")
    reader.page.get_by_label("Framework").select_option("net8.0")
    ask()
    reader.page.wait_for_url("**framework=net8.0*")
    expect(reader.page.locator("#results")).to_contain_text("Harbor.Http")


def test_without_the_filter_no_prerelease_is_shown(reader: Reader) -> None:
    reader.visit("/packages?q=harbor.cache")
    expect(reader.page.locator("#results article").first).to_contain_text("1.0.0")
    reader.visit("/packages?q=harbor.cache&prerelease=true")
    expect(reader.page.locator("#results article").first).to_contain_text("1.1.0-rc.1")


@pytest.mark.parametrize("window", [Window(320), WIDE_PLAIN], ids=str)
def test_every_package_stands_on_one_page_of_results(open_reader: Open, window: Window) -> None:
    """Page by page, newest first: the true total, no package twice, none left out, and a way back."""
    reader = open_reader(window)
    reader.visit("/packages?q=quay&sort=newest")
    total = int(reader.page.locator("#count").inner_text().split()[0])
    found = titles(reader)
    assert len(found) == 20
    reader.page.get_by_role("link", name="Next").click()
    reader.page.wait_for_url("**page=2*")
    found += titles(reader)
    assert len(found) == len(set(found)) == total == 22
    reader.page.get_by_role("link", name="Previous").click()
    reader.page.wait_for_url(lambda url: "page=2" not in url)
    assert titles(reader) == found[:20]


def test_results_come_in_the_order_that_is_asked_for(reader: Reader) -> None:
    reader.visit("/packages?q=quay&sort=newest")
    newest = titles(reader)
    assert newest[:2] == ["Quay.Csv", "Quay.Xml"]
    reader.page.get_by_label("Sort by").select_option("downloads")
    reader.page.wait_for_url("**sort=downloads*")
    expect(reader.page.locator("#results h2").first).to_have_text("Quay.Web")


def test_nothing_found_says_what_to_do(reader: Reader) -> None:
    reader.visit("/packages?q=nothing-of-that-name")
    expect(reader.page.locator("#count")).to_have_text("No packages")
    expect(reader.page.get_by_role("link", name="Show prerelease versions")).to_be_visible()


def test_a_result_leads_to_its_page(reader: Reader) -> None:
    reader.visit("/packages?q=stampede")
    reader.page.get_by_role("link", name="Harbor.Cache").click()
    reader.page.wait_for_url("**/packages/Harbor.Cache")
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("Harbor.Cache")
