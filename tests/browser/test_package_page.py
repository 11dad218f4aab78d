"""The page of a package: reading it, installing from it, and finding one's way to what belongs to it."""

import re
from collections.abc import Callable, Mapping

import pytest
from lxml import etree
from playwright.sync_api import Locator, expect

from tests.browser.chromium import ALL_WINDOWS, PHONE_DARK, Reader, Window
from tests.browser.sample_company import COMMIT, OWNER
from tests.browser.test_signing_in import sign_in
from tests.support.servers import Server

Open = Callable[..., Reader]
PLAIN = Window(has_scripts=False)


@pytest.mark.parametrize("window", ALL_WINDOWS, ids=str)
def test_the_readme_is_shown_with_all_that_it_uses(open_reader: Open, window: Window) -> None:
    """Tables, code, tasks, alerts, folded parts and strokes; pictures of other hosts are links, not requests."""
    reader = open_reader(window)
    reader.visit("/packages/Harbor.Http")
    readme = reader.page.locator(".readme")
    expect(readme.locator("pre code")).to_contain_text("HarborClient.For")
    expect(readme.get_by_role("table")).to_contain_text("Retries with jitter")
    expect(readme.locator("del, s")).to_have_text("how often")
    expect(readme.get_by_role("img", name="done")).to_have_count(2)
    expect(readme.get_by_role("img", name="to do")).to_have_count(1)
    readme.locator("summary").click()
    expect(readme.get_by_text("It is smaller.")).to_be_visible()
    expect(readme.locator("img")).to_have_count(0)
    expect(readme.get_by_role("link", name="A chart of latencies")).to_be_visible()
    expect(readme.get_by_role("link", name="www.example.com")).to_have_attribute(
        "rel", "nofollow noopener noreferrer ugc"
    )


def test_links_within_the_readme_lead_within_it(reader: Reader) -> None:
    reader.visit("/packages/Harbor.Http")
    reader.page.locator(".readme").get_by_role("link", name="What it does").click()
    target = reader.page.locator(".readme").get_by_role("heading", name="What it does")
    expect(target).to_be_in_viewport()


@pytest.mark.parametrize("window", [Window(), PHONE_DARK, PLAIN], ids=str)
def test_dependencies_versions_and_facts_stay_at_hand_beside_a_long_readme(open_reader: Open, window: Window) -> None:
    """The links to the sections stay in view, and lead to headings that nothing covers."""
    reader = open_reader(window)
    page = reader.page
    page.emulate_media(reduced_motion="reduce")
    reader.visit("/packages/Harbor.Json")
    for name in ("Dependencies", "Versions", "Facts"):
        page.get_by_role("heading", name="Configure").evaluate("(each) => each.scrollIntoView({behavior: 'instant'})")
        bar = page.get_by_role("navigation", name="On this page")
        expect(bar).to_be_in_viewport()
        heading = page.get_by_role("heading", name=name, exact=True)
        if name != "Facts" or window.width < 900:
            bar.get_by_role("link", name=name).click()
        expect(heading).to_be_in_viewport()
        bounds, covered = heading.bounding_box(), bar.bounding_box()
        assert bounds
        assert covered
        assert bounds["y"] >= covered["y"] + covered["height"]


@pytest.mark.parametrize("window", [Window(), PHONE_DARK, PLAIN], ids=str)
def test_a_long_readme_is_folded_after_two_screens(open_reader: Open, window: Window) -> None:
    reader = open_reader(window)
    reader.visit("/packages/Harbor.Json")
    readme, last = reader.page.locator(".readme"), reader.page.get_by_role("heading", name="Moving from 1.x")
    assert _height_of(readme) <= 2 * _height_of(reader.page.locator("html"), "clientHeight")
    unfold = reader.page.get_by_role("checkbox", name="Show the whole README")
    unfold.focus()
    reader.page.keyboard.press("Space")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert _height_of(readme) == _height_of(readme, "scrollHeight")
    reader.visit("/packages/Harbor.Http")
    expect(reader.page.get_by_role("checkbox")).to_have_count(0)


@pytest.mark.parametrize("window", [Window(), PHONE_DARK, PLAIN], ids=str)
def test_the_contents_of_a_readme_lead_into_its_fold(open_reader: Open, window: Window) -> None:
    reader = open_reader(window)
    reader.visit("/packages/Harbor.Json")
    reader.page.get_by_text("Contents", exact=True).click()
    contents = reader.page.get_by_role("navigation", name="Contents of the README")
    contents.get_by_role("link", name="Trimming", exact=True).click()
    expect(reader.page.get_by_role("heading", name="Trimming", exact=True)).to_be_in_viewport()
    readme = reader.page.locator(".readme")
    assert _height_of(readme) == _height_of(readme, "scrollHeight")


def test_a_link_in_the_fold_is_shown_when_it_is_reached_by_keyboard(open_reader: Open) -> None:
    reader = open_reader(PLAIN)
    reader.visit("/packages/Harbor.Json")
    link = reader.page.locator(".readme").get_by_role("link", name="guide for moving")
    reader.page.get_by_role("checkbox", name="Show the whole README").focus()
    reader.page.keyboard.press("Shift+Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()


def _height_of(box: Locator, kind: str = "offsetHeight") -> int:
    return int(box.evaluate(f"(each) => each.{kind}"))


@pytest.mark.parametrize("window", [Window(), PHONE_DARK, PLAIN], ids=str)
def test_each_way_to_install_is_a_line_to_copy(open_reader: Open, window: Window) -> None:
    """A tab for each client; without scripts all are there at once."""
    reader = open_reader(window)
    reader.visit("/packages/Harbor.Http")
    region = reader.page.get_by_role("region", name="Install", exact=True)
    for name, line in {
        ".NET CLI": "dotnet add package Harbor.Http --version 3.2.1",
        "Package Manager Console": "Install-Package Harbor.Http -Version 3.2.1",
        "PackageReference": '<PackageReference Include="Harbor.Http" Version="3.2.1" />',
        "Central": '<PackageVersion Include="Harbor.Http" Version="3.2.1" />',
        "Paket": "paket add Harbor.Http --version 3.2.1",
        "File-based": "#:package Harbor.Http@3.2.1",
        "nuget.exe": "nuget install Harbor.Http -Version 3.2.1",
    }.items():
        if window.has_scripts:
            region.get_by_role("tab", name=name).click()
            expect(region.get_by_role("tabpanel")).to_have_count(1)
        shown = region.locator("section.tab:visible code").filter(has_text=line)
        expect(shown.first).to_be_visible()
    if window.has_scripts:
        region.get_by_role("tab").first.click()
        region.get_by_role("tabpanel").get_by_role("button", name="Copy").first.click()
        expect(reader.page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
        copied = reader.page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith("dotnet add package Harbor.Http --version 3.2.1")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Harbor.Cli", "dotnet tool install --global Harbor.Cli --version 1.0.3"),
        ("Harbor.Templates", "dotnet new install Harbor.Templates@2.3.0"),
        ("Harbor.Sdk", '<Project Sdk="Harbor.Sdk/1.0.0">'),
        ("Harbor.Analyzers", 'PrivateAssets="all"'),
        ("Harbor.Next", "dotnet add package Harbor.Next --version 0.1.0-alpha.2"),
    ],
)
def test_a_package_is_installed_by_what_it_is(open_reader: Open, path: str, line: str) -> None:
    reader = open_reader(PLAIN)
    reader.visit(f"/packages/{path}")
    expect(reader.page.get_by_role("region", name="Install", exact=True)).to_contain_text(line)


def test_dependencies_lead_to_their_pages(reader: Reader) -> None:
    """Those on this feed are links to their pages, the others to a search. Where one leads, one sees who uses it."""
    reader.visit("/packages/Harbor.Http")
    region = reader.page.get_by_role("region", name="Dependencies")
    for summary in region.locator("details:not([open]) > summary").all():
        summary.click()
    foreign = region.get_by_role("listitem").filter(has_text="System.Threading.Channels")
    expect(foreign).to_contain_text("not on this feed")
    expect(foreign.get_by_role("link", name="System.Threading.Channels")).to_have_attribute(
        "href", re.compile(r"/packages\?q=packageid%3ASystem\.Threading\.Channels$")
    )
    region.get_by_role("link", name="Harbor.Logging").first.click()
    reader.page.wait_for_url("**/packages/Harbor.Logging")
    used_by = reader.page.get_by_role("region", name="Used by")
    expect(used_by.get_by_role("link", name="Harbor.Http")).to_be_visible()
    expect(used_by.get_by_role("link", name="Harbor.Cache")).to_be_visible()


@pytest.mark.parametrize("window", [Window(320), PLAIN], ids=str)
def test_versions_lead_to_their_pages(open_reader: Open, window: Window) -> None:
    """All listed ones with their dates; an old one says that there is a newer one, and leads back."""
    reader = open_reader(window)
    reader.visit("/packages/Harbor.Http")
    versions = reader.page.get_by_role("region", name="Versions")
    expect(versions.get_by_role("row")).to_have_count(10)  # the head, and all but the unlisted one
    expect(versions).not_to_contain_text("2.2.0")
    versions.get_by_role("link", name="1.0.0").click()
    reader.page.wait_for_url("**/packages/Harbor.Http/1.0.0")
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("1.0.0")
    reader.page.get_by_role("main").get_by_role("link", name="3.2.1").first.click()
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("3.2.1")


def test_an_unlisted_version_says_so_and_is_not_indexed(reader: Reader) -> None:
    reader.visit("/packages/Harbor.Http/2.2.0")
    expect(reader.page.get_by_role("main")).to_contain_text("unlisted")
    expect(reader.page.locator("meta[name=robots]")).to_have_attribute("content", "noindex")
    reader.visit("/packages/Harbor.Http")
    expect(reader.page.locator("meta[name=robots]")).to_have_count(0)


def test_its_owner_sees_unlisted_versions(open_reader: Open, passwords: Mapping[str, str]) -> None:
    reader = open_reader()
    reader.visit("/sign-in?next=/packages/Harbor.Http")
    sign_in(reader, OWNER, passwords[OWNER])
    reader.page.wait_for_url("**/packages/Harbor.Http")
    row = reader.page.get_by_role("region", name="Versions").get_by_role("row").filter(has_text="2.2.0")
    expect(row).to_contain_text("unlisted")
    reader.visit("/packages/Harbor.Withdrawn")


def test_facts_lead_to_license_repository_and_owner(reader: Reader) -> None:
    reader.visit("/packages/Harbor.Http")
    facts = reader.page.locator("aside")
    expect(facts.get_by_role("link", name="MIT")).to_have_attribute("href", "https://spdx.org/licenses/MIT.html")
    commit = f"https://github.com/harbor-works/harbor-http/commit/{COMMIT}"
    expect(facts.locator(f"a[href='{commit}']")).to_be_visible()
    expect(facts).to_contain_text("net8.0")
    facts.get_by_role("link", name=OWNER).click()
    expect(reader.page.locator("#count")).to_contain_text("packages")
    expect(reader.page.get_by_role("searchbox")).to_have_value(f"owner:{OWNER}")


def test_a_license_file_is_read_on_a_page_of_its_own(reader: Reader) -> None:
    reader.visit("/packages/Harbor.Legal")
    reader.page.locator("aside dt:text-is('License') + dd a").click()
    reader.page.wait_for_url("**/packages/Harbor.Legal/1.0.0/license")
    expect(reader.page.get_by_role("main").locator("pre")).to_contain_text("<b>but</b>")


def test_downloads_are_drawn_and_told(reader: Reader) -> None:
    """The drawing has a name, and the same numbers are in a table."""
    reader.visit("/packages/Harbor.Http")
    region = reader.page.get_by_role("region", name="Downloads")
    expect(region.get_by_role("img").first).to_be_visible()
    region.get_by_text("As a table").click()
    expect(region.get_by_role("table", name="Downloads per day").get_by_role("row")).to_have_count(43)


def test_statistics_can_be_read_and_taken_along(reader: Reader, harbor: Server) -> None:
    """Days, packages and clients; each also as CSV."""
    reader.visit("/stats")
    expect(reader.page.get_by_role("main")).to_contain_text("dotnet / MSBuild")
    expect(reader.page.get_by_role("link", name="Harbor.Json").first).to_be_visible()
    links = reader.page.get_by_role("main").locator("a[href$='.csv']").all()
    assert len(links) == 3
    for link in links:
        answer = harbor.get((link.get_attribute("href") or "").removeprefix(harbor.url))
        assert (answer.status, answer.header("Content-Type")) == (200, "text/csv; charset=utf-8")
        assert len(answer.body.splitlines()) > 3


def test_new_versions_can_be_followed(reader: Reader, harbor: Server) -> None:
    """The page names the Atom feed in its head; the newest listed version is the first in it."""
    reader.visit("/packages/Harbor.Http")
    address = reader.page.locator("link[type='application/atom+xml']").get_attribute("href") or ""
    answer = harbor.get(address.removeprefix(harbor.url))
    titles = etree.fromstring(answer.body).findall("{*}entry/{*}title")
    assert "3.2.1" in (titles[0].text or "")
    assert len(titles) == 9
