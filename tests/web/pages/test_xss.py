"""Nothing that a package or an address holds can run in a reader's browser: seen in the tree that a browser builds."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

import pytest
from lxml import etree

from tests.support.servers import Answer, Server
from tests.web.pages.attacks import FEED, icon_attacks, make_address_attacks, make_attacks, make_icon_attack
from tests.web.pages.conftest import TITLES
from tests.web.pages.markup import Page, find_dangers, find_faults, parse_page
from tests.web.pages.payloads import ADDRESSES, TEXTS

FIELDS = ("q", "type", "prerelease", "framework", "owner", "sort", "page", "next", "tab")
HOME = f"/feeds/{FEED}"


def look(server: Server, path: str) -> Page:
    """The page, whatever its status but a failure."""
    answer = server.get(path, Accept="text/html")
    assert answer.status < 500, path
    assert answer.header("Content-Type") == "text/html; charset=utf-8", path
    assert_is_guarded(answer)
    return parse_page(answer.body, server.url)


def assert_is_guarded(answer: Answer) -> None:
    """A browser is told to run nothing but our own files, and not to guess what a body is."""
    policy = answer.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.header("X-Content-Type-Options") == "nosniff"


def queries() -> Iterator[str]:
    """Each payload in every parameter that any page reads, at once."""
    for payload in TEXTS + ADDRESSES:
        yield urlencode(dict.fromkeys(FIELDS, payload))


def folded(text: str) -> str:
    """The text as `Page.text` has it."""
    return " ".join(text.split())


def faults_by(pages: Iterable[tuple[str, Page]]) -> dict[str, list[str]]:
    """What is wrong with pages that hold attacks, by attack."""
    found = ((name, find_faults(page)) for name, page in pages)
    return {name: faults for name, faults in found if faults}


def test_no_field_of_a_package_becomes_markup(attacked: Server) -> None:
    """The page of each attack is as sound as any, and shows its description letter by letter."""
    pages = {attack: look(attacked, attack.page) for attack in make_attacks()}
    assert faults_by((attack.payload, page) for attack, page in pages.items()) == {}
    hidden = [attack.payload for attack, page in pages.items() if folded(attack.payload) not in page.text]
    assert hidden == []


def test_no_address_of_a_package_becomes_a_script(attacked: Server) -> None:
    """Links lead to http and https alone, and none stands in another attribute."""
    pages = {attack: look(attacked, attack.page) for attack in make_address_attacks()}
    assert faults_by((attack.payload, page) for attack, page in pages.items()) == {}


def test_a_license_file_is_shown_as_text(attacked: Server) -> None:
    pages = {attack: look(attacked, attack.license_page) for attack in make_attacks()}
    assert faults_by((attack.payload, page) for attack, page in pages.items()) == {}
    wanted = {attack.payload: folded(attack.payload.strip("\ufeff")) for attack in pages}
    hidden = [attack.payload for attack, page in pages.items() if wanted[attack.payload] not in page.text]
    assert hidden == []


def test_no_list_of_packages_runs_what_packages_say(attacked: Server) -> None:
    """Home, search and statistics of a feed on which there is nothing but attacks."""
    last = (len(make_attacks()) + len(make_address_attacks())) // 20 + 1
    paths = [f"{HOME}/", f"{HOME}/stats", *(f"{HOME}/packages?page={page}" for page in range(1, last + 1))]
    pages = {path: look(attacked, path) for path in paths}
    assert faults_by(pages.items()) == {}
    cards = " ".join(page.text for page in pages.values())
    assert [attack.id for attack in make_attacks() if attack.id not in cards] == []


@pytest.mark.parametrize("path", [f"{HOME}/packages", "/packages"])
def test_no_question_becomes_markup(attacked: Server, path: str) -> None:
    pages = ((query, look(attacked, f"{path}?{query}")) for query in queries())
    assert faults_by(pages) == {}


@pytest.mark.parametrize("path", ["/", "/stats", f"{HOME}/packages/Attack.N0", "/sign-in"])
def test_no_page_repeats_a_parameter_that_it_does_not_know(attacked: Server, path: str) -> None:
    pages = ((query, look(attacked, f"{path}?{query}")) for query in [*queries()][::6])
    assert faults_by(pages) == {}


@pytest.mark.parametrize("path", ["/packages/{}", "/packages/Attack.N0/{}", "/{}", "/feeds/{}/", "/static/{}"])
def test_no_part_of_a_path_becomes_markup(attacked: Server, path: str) -> None:
    pages = ((payload, look(attacked, path.format(quote(payload, safe="")))) for payload in TEXTS[::3])
    assert faults_by(pages) == {}


@pytest.mark.parametrize("feed", TITLES)
def test_no_setting_of_a_feed_becomes_markup(attacked: Server, feed: str) -> None:
    """Its title and what it says about itself are text on every page."""
    pages = {path: look(attacked, f"/feeds/{feed}{path}") for path in ("/", "/packages", "/stats", "/packages/No.Such")}
    assert faults_by(pages.items()) == {}
    assert folded(TITLES[feed]) in pages["/"].text


def test_no_setting_of_a_feed_becomes_markup_in_the_list_of_feeds(attacked: Server) -> None:
    page = look(attacked, "/feeds")
    assert find_faults(page) == []
    assert [title for title in TITLES.values() if folded(title) not in page.text] == []


def test_where_a_form_leads_back_to_is_on_this_server(attacked: Server) -> None:
    """Wherever a sign-in was asked to lead, the form never holds an address that leads away."""
    for payload in (*ADDRESSES, "//evil.example", "/\\evil.example", "https://evil.example/", "/%09/evil.example"):
        page = look(attacked, f"/sign-in?{urlencode({'next': payload})}")
        assert all(_stays_here(field) for field in page.all("input") if field.get("name") == "next"), payload


def _stays_here(field: Element) -> bool:
    value = field.get("value", "")
    return value == "" or (value.startswith("/") and not value.startswith(("//", "/\\")) and "evil" not in value[:8])


def test_a_feed_of_versions_says_all_as_text(attacked: Server) -> None:
    """The Atom feed is XML in which no package has put an element of its own."""
    for attack in make_attacks():
        answer = attacked.get(f"{attack.page}/feed.atom")
        assert answer.status == 200
        root = etree.fromstring(answer.body)
        assert {etree.QName(each).namespace for each in root.iter(etree.Element)} == {"http://www.w3.org/2005/Atom"}
        types = {each.get("type", "text") for each in root.iter("{*}title", "{*}summary", "{*}content")}
        assert types <= {"text"}, attack.payload


@pytest.mark.parametrize("kind", icon_attacks())
def test_an_icon_is_sent_as_the_image_it_is_or_not_at_all(attacked: Server, kind: str) -> None:
    package = make_icon_attack(kind, icon_attacks()[kind])
    pushed = attacked.push(package, feed=HOME)
    if pushed.status != 201:
        assert pushed.status == 400
        return
    answer = attacked.get(f"{HOME}/v3/flat/icon.{kind}/1.0.0/icon")
    if answer.status == 200:
        assert answer.header("Content-Type") == {"png": "image/png", "jpeg": "image/jpeg"}[kind]
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert "sandbox" in (answer.header("Content-Security-Policy") or "")
    assert find_dangers(look(attacked, f"{HOME}/packages/Icon.{kind}")) == []


@pytest.mark.parametrize("file", ["readme", "license", "attack.n0.nuspec"])
def test_files_out_of_packages_are_never_markup(attacked: Server, file: str) -> None:
    answer = attacked.get(f"{HOME}/v3/flat/attack.n0/1.0.0/{file}")
    assert answer.status == 200
    assert (answer.header("Content-Type") or "").partition(";")[0] in {"text/plain", "text/markdown", "application/xml"}
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert "sandbox" in (answer.header("Content-Security-Policy") or "")
