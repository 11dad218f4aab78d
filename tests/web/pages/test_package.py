"""The page of a package: all that it says of a version, to whom, and where its links lead."""

import base64
import hashlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest

from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Package
from motherlode.nuget.ranges import parse_range
from motherlode.projections.pages.views import FileRow
from motherlode.protocol.urls import Urls
from motherlode.web.pages.package import SourceLink, describe_range, find_source
from motherlode.web.pages.parts.file_tree import Folder, build_tree
from motherlode.web.pages.parts.license import Piece, license_pieces
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user
from tests.support.builders import nupkg, nuspec
from tests.support.servers import Server, start_server
from tests.web.pages.browsing import TEXT_HTML, Browser
from tests.web.pages.counting import count
from tests.web.pages.markup import Page, find_faults, parse_page

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LICENSE = '<license type="expression">(MIT OR Apache-2.0+) AND GPL-2.0-only WITH Classpath-exception-2.0</license>'
REPOSITORY = f'<repository type="git" url="https://github.com/acme/widgets.git" commit="{COMMIT}" />'
RICH = nupkg(
    "Acme.Rich",
    "2.0.0",
    description="Widgets for everyone.\nSecond line.",
    groups={"net8.0": {"Acme.Base": "[1.0.0, 2.0.0)", "Acme.Elsewhere": "1.5.0"}, "net472": {}},
    tags="alpha beta",
    releaseNotes="Faster & smaller.",
    copyright="(c) Acme",
    projectUrl="https://acme.example/widgets/",
    icon="icon.png",
    readme="README.md",
    more=LICENSE + REPOSITORY,
    files={"README.md": b"# Rich\n\nRead *me*.\n", "icon.png": PNG, "lib/net8.0/Acme.dll": b"x" * 3_000},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(data=tmp_path_factory.mktemp("package") / "data")
    try:
        for package in (
            nupkg("Acme.Base"),
            nupkg("Acme.Rich", "1.0.0"),
            nupkg("Acme.Rich", "2.1.0-beta", dependencies={"Acme.Base": "1.0.0"}),
            RICH,
            *(nupkg("Acme.Long", f"1.0.{patch}") for patch in range(25)),
        ):
            assert server.push(package).status == 201
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def owned(server: Server) -> tuple[str, str]:
    """Two versions of a package, the newer one unlisted; its owner's name and password."""
    password = add_user(server, "olga", default="publisher")
    key = add_key(server, "olga")
    for version in ("1.0.0", "2.0.0"):
        assert server.push(nupkg("Acme.Hidden", version), key=key).status == 201
    assert server.change("DELETE", "Acme.Hidden", "2.0.0", key=key).status == 204
    return "olga", password


def look(server: Server, path: str) -> Page:
    answer = server.get(path)
    assert answer.status == 200, path
    page = parse_page(answer.body, server.url)
    assert find_faults(page) == []
    return page


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(page: Page, name: str) -> Element:
    return page.one("section", aria_labelledby=name)


def rows_of(element: Element) -> list[str]:
    return [" ".join(filter(None, map(text_of, row))) for row in element.iter("tr")]


def links_of(element: Element) -> dict[str, str]:
    return {text_of(each): each.get("href", "") for each in element.iter("a")}


def facts_of(page: Page) -> dict[str, str]:
    """What stands on the side, by its names."""
    (side,) = page.all("aside")
    found: dict[str, str] = {}
    name = ""
    for element in next(side.iter("dl")):
        if element.tag == "dt":
            name = text_of(element)
        else:
            found[name] = f"{found[name]}, {text_of(element)}" if name in found else text_of(element)
    return found


def canonical_of(page: Page) -> str:
    return page.one("link", rel="canonical").get("href", "")


class TestContent:
    def test_an_id_leads_to_its_latest_stable_version(self, server: Server) -> None:
        page = look(server, "/packages/Acme.Rich")
        assert text_of(page.all("h1")[0]) == "Acme.Rich 2.0.0"
        assert text_of(page.all("title")[0]).startswith("Acme.Rich 2.0.0 ·")
        assert "Widgets for everyone." in page.text

    def test_the_readme_stands_in_it(self, server: Server) -> None:
        about = section(look(server, "/packages/Acme.Rich"), "about")
        assert text_of(next(about.iter("h3"))) == "Rich"
        assert text_of(next(about.iter("em"))) == "me"

    def test_the_icon_is_the_embedded_one(self, server: Server) -> None:
        sources = [each.get("src") for each in look(server, "/packages/Acme.Rich").all("img")]
        assert "/v3/flat/acme.rich/2.0.0/icon" in sources

    def test_the_way_to_install_it_is_to_be_copied(self, server: Server) -> None:
        lines = [text_of(each) for each in section(look(server, "/packages/Acme.Rich"), "install").iter("code")]
        assert lines[0] == "dotnet add package Acme.Rich --version 2.0.0"
        assert lines[-1].endswith(f" -Source {server.url}/v3/index.json")

    def test_dependencies_say_for_what_they_are_and_which_are_not_here(self, server: Server) -> None:
        found = section(look(server, "/packages/Acme.Rich"), "dependencies")
        assert [text_of(each) for each in found.iter("h3")] == ["net8.0"]
        assert "No dependencies for net472." in text_of(found)
        assert [text_of(each) for each in found.iter("li")] == [
            "Acme.Base ≥ 1.0.0 and < 2.0.0",
            "Acme.Elsewhere ≥ 1.5.0 not on this feed",
        ]
        assert links_of(found) == {
            "Acme.Base": "/packages/Acme.Base",
            "Acme.Elsewhere": "/packages?q=packageid%3AAcme.Elsewhere",
        }

    def test_who_uses_a_package_stands_on_its_page(self, server: Server) -> None:
        found = section(look(server, "/packages/acme.base"), "used-by")
        assert "1 package on this feed depends on Acme.Base." in text_of(found)
        assert links_of(found) == {"Acme.Rich": "/packages/Acme.Rich"}

    def test_facts(self, server: Server) -> None:
        facts = facts_of(look(server, "/packages/Acme.Rich/2.0.0"))
        assert facts["License"] == "(MIT OR Apache-2.0+) AND GPL-2.0-only WITH Classpath-exception-2.0"
        assert facts["Project"] == "acme.example/widgets"
        assert facts["Source"] == "github.com/acme/widgets at commit 0123456789"
        assert facts["Tags"] == "alpha beta"
        assert facts["Copyright"] == "(c) Acme"
        assert "net8.0" in facts["Target frameworks"]
        hash_of = base64.b64encode(hashlib.sha512(RICH).digest()).decode()
        assert facts["SHA-512"].startswith(hash_of)
        assert f"({len(RICH) / 1024:.1f} KB)" in facts["Package"]

    def test_links_of_the_side_lead_where_they_say(self, server: Server) -> None:
        (side,) = look(server, "/packages/Acme.Rich").all("aside")
        links = links_of(side)
        assert links["Apache-2.0+"] == "https://spdx.org/licenses/Apache-2.0.html"
        assert links["Classpath-exception-2.0"] == "https://spdx.org/licenses/Classpath-exception-2.0.html"
        assert links["acme.example/widgets"] == "https://acme.example/widgets/"
        assert links["0123456789"] == f"https://github.com/acme/widgets/commit/{COMMIT}"
        for name in (".nupkg", ".nuspec", "New versions (Atom)"):
            assert server.get(links[name]).status == 200, name
        assert server.get(links[".nupkg"]).body == RICH

    def test_release_notes_are_text(self, server: Server) -> None:
        assert "Faster & smaller." in text_of(section(look(server, "/packages/Acme.Rich"), "release-notes"))

    def test_files_are_a_tree(self, server: Server) -> None:
        found = section(look(server, "/packages/Acme.Rich"), "files")
        assert "5 files, " in text_of(found)
        assert next(text_of(each) for each in found.iter("summary")).startswith("lib 2 files")
        assert "Acme.dll 2.9 KB" in text_of(found)

    def test_versions_are_listed_the_newest_first_this_one_marked(self, server: Server) -> None:
        found = section(look(server, "/packages/Acme.Rich"), "versions")
        assert list(links_of(found).values()) == [f"/packages/Acme.Rich/{v}" for v in ("2.1.0-beta", "2.0.0", "1.0.0")]
        assert [text_of(each) for each in found.iter("a") if each.get("aria-current") == "page"] == ["2.0.0"]
        assert "State" not in text_of(found)

    def test_of_many_versions_the_older_ones_are_folded_and_there(self, server: Server) -> None:
        found = section(look(server, "/packages/Acme.Long"), "versions")
        assert len(links_of(found)) == 25
        (folded,) = found.iter("details")
        assert text_of(next(folded.iter("summary"))) == "5 older versions"
        assert len(links_of(folded)) == 5

    def test_an_older_version_names_the_newer_one(self, server: Server) -> None:
        page = look(server, "/packages/Acme.Rich/1.0.0")
        assert "A newer version is available: 2.0.0" in page.text
        assert "A stable version is available: 2.0.0" in look(server, "/packages/Acme.Rich/2.1.0-beta").text
        assert "There is a" not in look(server, "/packages/Acme.Rich").text

    def test_downloads_are_drawn_and_told(self, server: Server) -> None:
        assert "None in the last 42 days." in text_of(section(look(server, "/packages/acme.long"), "downloads"))
        count(server, {("acme.long", "1.0.3", 1, "curl"): 30, ("acme.long", "1.0.4", 60, "curl"): 7})
        page = look(server, "/packages/acme.long/1.0.3")
        found = section(page, "downloads")
        assert "30 in the last 42 days, peak 30 per day" in text_of(found)
        assert len([each for each in found.iter("rect") if each.get("class") == "bar"]) == 3
        assert facts_of(page)["Downloads"] == "37 total, 30 of this version"
        rows = rows_of(found)
        assert "1.0.3 30" in rows
        assert len([row for row in rows if row[:2] == "20"]) == 42

    def test_a_dependency_that_comes_later_is_found_where_its_link_led_before(self, server: Server) -> None:
        assert server.push(nupkg("Acme.Early", dependencies={"Acme.Later": "1.0.0"})).status == 201
        link = links_of(section(look(server, "/packages/acme.early"), "dependencies"))["Acme.Later"]
        assert "/packages/Acme.Later" not in links_of(look(server, link).one("main")).values()
        assert server.push(nupkg("Acme.Later")).status == 201
        assert "/packages/Acme.Later" in links_of(look(server, link).one("main")).values()

    def test_a_dependency_whose_versions_are_all_unlisted_says_so(self, server: Server) -> None:
        assert server.push(nupkg("Acme.Faded")).status == 201
        assert server.push(nupkg("Acme.Fading", dependencies={"acme.faded": "1.0.0"})).status == 201
        assert server.change("DELETE", "Acme.Faded", "1.0.0").status == 204
        found = section(look(server, "/packages/Acme.Fading"), "dependencies")
        assert [text_of(each) for each in found.iter("li")] == ["acme.faded ≥ 1.0.0 unlisted"]
        assert links_of(found) == {"acme.faded": "/packages/acme.faded"}

    def test_no_name_of_a_file_turns_the_direction_of_writing(self, server: Server) -> None:
        package = nupkg("Acme.Turned", files={"content/\u202egpj.exe": b"x", "con\u2066tent/\u061ca": b"x"})
        assert server.push(package).status == 201
        found = text_of(section(look(server, "/packages/Acme.Turned"), "files"))
        assert "\\u202egpj.exe" in found
        assert "con\\u2066tent 1 file" in found
        assert "\\u061ca" in found
        assert not any(sign in found for sign in "\u202e\u2066\u061c")


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/packages/acme.RICH", "/packages/ACME.rich/2.0", "/packages/Acme.Rich/2.0.0.0+x/"]
    )
    def test_any_spelling_answers_and_names_the_one_address(self, server: Server, path: str) -> None:
        assert canonical_of(look(server, path)) == "/packages/Acme.Rich"

    def test_the_page_of_another_version_is_its_own(self, server: Server) -> None:
        assert canonical_of(look(server, "/packages/acme.rich/01.0")) == "/packages/Acme.Rich/1.0.0"

    @pytest.mark.parametrize(
        "path", ["/packages/Acme.Nothing", "/packages/Acme.Rich/9.0.0", "/packages/Acme.Rich/x", "/packages/a..b"]
    )
    def test_what_is_not_there_is_404(self, server: Server, path: str) -> None:
        assert server.get(path).status == 404

    def test_a_browser_that_has_it_is_told_so_until_something_changes(self, server: Server) -> None:
        first = server.get("/packages/Acme.Base")
        tag = str(first.header("etag"))
        assert server.get("/packages/Acme.Base", If_None_Match=tag).status == 304
        assert server.push(nupkg("Acme.Base", "1.1.0")).status == 201
        assert server.get("/packages/Acme.Base", If_None_Match=tag).status == 200

    def test_on_another_feed_all_links_stay_on_it(self, server: Server) -> None:
        create_feed(server, "side")
        assert server.push(RICH, feed="/feeds/side").status == 201
        page = look(server, "/feeds/side/packages/acme.rich")
        assert canonical_of(page) == "/feeds/side/packages/Acme.Rich"
        inner = [each.get("href", "") for each in page.one("main").iter("a")]
        assert [link for link in inner if link.startswith("/") and not link.startswith("/feeds/side/")] == []
        assert "Acme.Base ≥ 1.0.0 and < 2.0.0 not on this feed" in text_of(section(page, "dependencies"))

    def test_the_first_view_is_small(self, server: Server) -> None:
        assert len(server.get("/packages/Acme.Rich", Accept_Encoding="gzip").body) < 12_000


class TestUnlisted:
    def test_an_unlisted_version_is_on_no_list(self, server: Server, owned: tuple[str, str]) -> None:
        page = look(server, "/packages/Acme.Hidden")
        assert text_of(page.all("h1")[0]) == "Acme.Hidden 1.0.0"
        assert "2.0.0" not in text_of(section(page, "versions"))

    def test_by_its_own_address_it_says_so_and_is_not_indexed(self, server: Server, owned: tuple[str, str]) -> None:
        page = look(server, "/packages/Acme.Hidden/2.0.0")
        assert "This version is unlisted" in page.text
        assert "noindex" in [each.get("content") for each in page.all("meta") if each.get("name") == "robots"]
        assert list(links_of(section(page, "versions"))) == ["1.0.0"]

    def test_its_owner_sees_it_on_the_list(self, server: Server, owned: tuple[str, str]) -> None:
        browser = Browser(server)
        assert browser.sign_in(*owned).status == 303
        rows = rows_of(section(_page(browser, server), "versions"))
        assert [row.split()[0] + " " + row.split()[-1] for row in rows[1:]] == ["2.0.0 unlisted", "1.0.0 listed"]

    def test_nobody_else_who_signs_in_does(self, server: Server, owned: tuple[str, str]) -> None:
        browser = Browser(server)
        assert browser.sign_in("hugo", add_user(server, "hugo", default="publisher")).status == 303
        assert "2.0.0" not in text_of(section(_page(browser, server), "versions"))

    def test_an_id_without_a_listed_version_is_no_page(self, server: Server) -> None:
        assert server.push(nupkg("Acme.Gone")).status == 201
        server.change("DELETE", "Acme.Gone", "1.0.0")
        for path in ("/packages/acme.gone", "/packages/Acme.Gone/feed.atom"):
            for accept in (TEXT_HTML, "*/*"):
                answer = server.get(path, Accept=accept)
                assert answer.status == 404
                assert "All versions of Acme.Gone are unlisted" in answer.body.decode()
                assert "does not exist" not in answer.body.decode()
        page = look(server, "/packages/Acme.Gone/1.0.0")
        assert "No listed versions." in text_of(section(page, "versions"))


def _page(browser: Browser, server: Server) -> Page:
    answer = browser.get("/packages/Acme.Hidden")
    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"
    return parse_page(answer.body, server.url)


def package(more: str = "", **elements: str) -> Package:
    found = parse_nuspec(nuspec(more=more, **elements)).package
    assert found
    return found


class TestPieces:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("1.0", "≥ 1.0.0"),
            ("[1.0]", "= 1.0.0"),
            ("(1.0,)", "> 1.0.0"),
            ("(,1.0]", "≤ 1.0.0"),
            ("(,1.0)", "< 1.0.0"),
            ("[1.0,2.0)", "≥ 1.0.0 and < 2.0.0"),
            ("(, )", "any version"),
        ],
    )
    def test_ranges_are_said_in_words(self, text: str, said: str) -> None:
        assert describe_range(parse_range(text)) == said

    @pytest.mark.parametrize(
        ("attributes", "shown"),
        [
            (
                'url="https://gitlab.com/a/b/c.git"',
                SourceLink("gitlab.com/a/b/c", "https://gitlab.com/a/b/c.git", None, None),
            ),
            (
                f'url="https://git.example/a.git" commit="{COMMIT}"',
                SourceLink("git.example/a", "https://git.example/a.git", COMMIT[:10], None),
            ),
            (
                'url="https://github.com/a/b" commit="../../x"',
                SourceLink("github.com/a/b", "https://github.com/a/b", "../../x", None),
            ),
            ('url="https://name:secret@git.example/a"', SourceLink("The address is not a web page", None, None, None)),
            ('url="javascript:alert(1)"', SourceLink("The address is not a web page", None, None, None)),
            ('url="git@github.com:a/b.git"', SourceLink("The address is not a web page", None, None, None)),
            ('type="git"', None),
        ],
    )
    def test_only_a_web_address_without_a_name_in_it_is_linked(self, attributes: str, shown: SourceLink | None) -> None:
        assert find_source(package(f"<repository {attributes} />")) == shown

    def test_a_license_that_spdx_does_not_list_is_text(self) -> None:
        found = package('<license type="expression">UNLICENSED</license>')
        assert license_pieces(found, Urls("")) == (Piece("UNLICENSED"),)

    def test_a_license_address_is_a_link(self) -> None:
        found = package(licenseUrl="https://acme.example/license")
        assert license_pieces(found, Urls("")) == (Piece("acme.example/license", "https://acme.example/license"),)
        assert license_pieces(package(), Urls("")) == ()

    def test_folders_hold_what_is_below_them(self) -> None:
        tree = build_tree([FileRow("b.txt", 1), FileRow("lib/net8.0/a.dll", 10), FileRow("lib/net8.0/b/c.dll", 100)])
        assert (tree.size, tree.count, [file.name for file in tree.files]) == (111, 3, ["b.txt"])
        (lib,) = tree.folders
        assert (lib.name, lib.size, lib.count) == ("lib/net8.0", 110, 2)
        assert lib.folders == [Folder("b", 100, 1, [], [FileRow("c.dll", 100)])]

    def test_a_path_without_an_end_is_no_tree_without_an_end(self) -> None:
        name = "/".join("a" * 500)
        folder, depth = build_tree([FileRow(name, 1), FileRow("a/x", 1)]), 0
        while folder.folders:
            folder, depth = folder.folders[0], depth + 1
        assert depth <= 8
        assert "".join(file.name for file in folder.files).count("a") >= 490
