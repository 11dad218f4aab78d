"""READMEs as HTML: what Markdown means, what may stay of HTML, and what no text can do."""

import re
from xml.etree.ElementTree import Element

import pytest

from motherlode.domain.image_hosts import parse_image_hosts
from motherlode.web.pages.readme.markdown import MAX_CHARACTERS, render_readme
from tests.web.pages.markup import Page, find_faults, parse_page
from tests.web.pages.payloads import TEXTS

HOST = "img.shields.io"


def render(text: str, *hosts: str) -> str:
    return str(render_readme(text, image_hosts=frozenset(hosts)))


def page_of(html: str) -> Page:
    """A page that holds the README where a package's page has it."""
    head = '<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><main><h1>x</h1><h2>README</h2>'
    return parse_page(f"{head}{html}</main></body></html>")


def parts(text: str, name: str, *hosts: str) -> list[Element]:
    """The elements of that name that the README is made into."""
    return page_of(render(text, *hosts)).all(name)


def text_of(element: Element) -> str:
    return "".join(element.itertext())


class TestMarkdown:
    """CommonMark, and what GitHub adds to it."""

    def test_words_lists_and_code(self) -> None:
        html = render("Some *fine* **words**, `code`.\n\n1. one\n2. two\n\n```csharp\nvar x = a < b;\n```\n")
        assert "<em>fine</em> <strong>words</strong>, <code>code</code>." in html
        assert "<ol>\n<li>one</li>\n<li>two</li>\n</ol>" in html
        assert '<pre><code class="coloured"><span class="t">var</span> x = a &lt; b;\n</code></pre>' in html

    def test_a_table_keeps_how_its_columns_are_aligned(self) -> None:
        html = render("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |\n")
        assert re.findall(r'<th class="([\w-]+)"', html) == ["align-left", "align-center", "align-right"]
        assert "style" not in html

    def test_a_head_without_a_text_heads_nothing(self) -> None:
        html = render("|   | b |\n|:-:|---|\n| 1 | 2 |\n")
        assert '<td class="align-center"></td>\n<th>b</th>' in html

    def test_what_is_struck_out(self) -> None:
        assert render("~~gone~~") == "<p><s>gone</s></p>\n"

    def test_tasks_are_signs_that_say_whether_they_are_done(self) -> None:
        html = render("- [x] one\n- [ ] two\n")
        assert re.findall(r'<span class="task" role="img" aria-label="([\w ]+)">', html) == ["done", "to do"]
        assert "<input" not in html

    def test_alerts_have_their_kind_and_a_title(self) -> None:
        html = render("> [!WARNING]\n> Mind the gap.\n")
        assert 'class="markdown-alert markdown-alert-warning"' in html
        assert '<p class="markdown-alert-title">Warning</p>' in html

    def test_footnotes_lead_there_and_back(self) -> None:
        page = page_of(render("Said[^1].\n\n[^1]: Who said it.\n"))
        links = [each.get("href") for each in page.all("a")]
        assert links == ["#readme-fn1", "#readme-fnref1"]
        assert find_faults(page) == []

    @pytest.mark.parametrize(
        ("text", "href"),
        [
            ("https://example.org/x", "https://example.org/x"),
            ("www.example.org", "http://www.example.org"),
            ("<https://example.org/>", "https://example.org/"),
            ("someone@example.org", "mailto:someone@example.org"),
        ],
    )
    def test_a_bare_address_is_a_link(self, text: str, href: str) -> None:
        assert [each.get("href") for each in parts(text, "a")] == [href]

    def test_names_of_products_are_no_addresses(self) -> None:
        assert parts("ASP.NET, Node.js and Newtonsoft.Json", "a") == []

    def test_the_mark_at_the_beginning_of_a_file_is_passed_over(self) -> None:
        assert render("\ufeff# Title") == '<h3 id="readme-title">Title</h3>\n'


class TestHeadings:
    def test_they_begin_at_level_3_and_step_down_one_at_a_time(self) -> None:
        html = render("# a\n\n#### b\n\n###### c\n\n## d\n\n# e\n")
        assert re.findall(r"<(h\d)", html) == ["h3", "h4", "h5", "h4", "h3"]

    def test_the_first_one_is_level_3_whatever_it_was(self) -> None:
        assert re.findall(r"<(h\d)", render("### a\n\n## b\n")) == ["h3", "h3"]

    def test_the_lowest_level_is_6(self) -> None:
        html = render("\n\n".join(f"{'#' * level} a" for level in range(1, 7)))
        assert re.findall(r"<(h\d)", html) == ["h3", "h4", "h5", "h6", "h6", "h6"]

    def test_links_find_them_in_any_casing(self) -> None:
        html = render(
            "[there](#Getting-Started) and [again](#getting-started-1)\n\n# Getting Started!\n\n# Getting started\n"
        )
        assert re.findall(r'href="#([\w-]+)"', html) == ["readme-getting-started", "readme-getting-started-1"]
        assert re.findall(r'id="([\w-]+)"', html) == ["readme-getting-started", "readme-getting-started-1"]

    def test_one_without_a_text_is_none(self) -> None:
        assert "<h" not in render("#\n\n<h2></h2>\n\n# <br>\n")

    def test_the_name_of_an_image_is_a_text(self) -> None:
        assert render("# ![Logo](logo.png)") == '<h3 id="readme-logo"><span class="no-image">Logo</span></h3>\n'

    def test_names_that_the_author_gave_are_kept_apart_from_those_of_the_page(self) -> None:
        html = render('<a name="main"></a>\n\n[x](#main)\n')
        assert 'id="readme-main"' in html
        assert 'href="#readme-main"' in html

    def test_no_id_is_there_twice(self) -> None:
        page = page_of(render('<p id="a">x</p><p id="a">y</p>\n\n# A\n\n# A\n\n# A 1\n\n<a id="a-1"></a>\n'))
        assert find_faults(page) == []

    def test_a_link_to_a_place_that_is_not_there_leads_nowhere(self) -> None:
        assert [each.attrib for each in parts("[x](#nowhere)", "a")] == [{}]


class TestLinks:
    def test_they_tell_nobody_and_vouch_for_nothing(self) -> None:
        (link,) = parts('[x](https://example.org/ "A title")', "a")
        rel = "nofollow noopener noreferrer ugc"
        assert link.attrib == {"href": "https://example.org/", "rel": rel, "title": "A title"}

    @pytest.mark.parametrize(
        "address",
        [
            "docs/start.md",
            "/packages",
            "//example.org/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "vbscript:x",
            "data:text/html,x",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://name@example.org/",
            "https://name:secret@example.org/",
            "https:example.org",
            "mailto:a@b.example?bcc=c@d.example",
            "#",
        ],
    )
    def test_what_leads_nowhere_or_astray_is_no_link(self, address: str) -> None:
        for text in (f"[x]({address})", f'<a href="{address}">x</a>'):
            assert parts(text, "a") == []

    def test_a_link_in_a_link_is_none(self) -> None:
        inner = '<a href="https://a.example/">a <a href="https://b.example/">b</a></a>'
        assert [each.get("href") for each in parts(inner, "a")] == ["https://a.example/"]


class TestImages:
    def test_one_of_a_host_on_the_list_is_shown(self) -> None:
        (image,) = parts(f'![A badge](https://{HOST}/a.svg "t")', "img", HOST)
        assert image.attrib == {"src": f"https://{HOST}/a.svg", "alt": "A badge", "title": "t", "loading": "lazy"}

    def test_it_is_loaded_over_https_whatever_was_written(self) -> None:
        (image,) = parts(f"![x](HTTP://{HOST.upper()}/a.svg)", "img", HOST)
        assert (image.get("src") or "").startswith("https://")

    @pytest.mark.parametrize(
        "address",
        [
            "https://evil.example/a.png",
            f"https://{HOST}.evil.example/a.png",
            f"https://evil.example/{HOST}",
            f"https://{HOST}:8443/a.png",
            f"https://sub.{HOST}/a.png",
        ],
    )
    def test_one_of_another_host_is_a_link_that_says_where_it_leads(self, address: str) -> None:
        page = page_of(render(f"![A badge]({address})", HOST))
        assert page.all("img") == []
        (link,) = page.all("a")
        assert (link.get("href"), text_of(link)) == (address, "A badge")
        assert (link.get("title") or "").startswith("image on ")

    @pytest.mark.parametrize(
        "address", ["a.png", "/v3/index.json", "//evil.example/a.png", "data:image/png;base64,AAAA", "javascript:x", ""]
    )
    def test_one_that_is_nowhere_is_its_text(self, address: str) -> None:
        html = render(f'<img src="{address}" alt="A badge">', HOST)
        assert html == '<span class="no-image">A badge</span>'

    @pytest.mark.parametrize(
        ("address", "is_shown"),
        [
            ("https://raw.githubusercontent.com/a/b/main/logo.png", True),
            ("https://www.codecov.io/gh/a/b/badge.svg", True),
            ("https://github.com/a/b/actions/workflows/ci.yml/badge.svg?branch=main", True),
            ("http://github.com/a/b/workflows/Build/badge.svg", True),
            ("https://github.com/a/b/raw/main/logo.png", False),
            ("https://github.com/a/b/badge.svg", False),
            ("https://github.com.evil.example/a/b/workflows/c/badge.svg", False),
            ("https://evil.example/github.com/a/b/workflows/c/badge.svg", False),
            ("https://github.com:8443/a/b/workflows/c/badge.svg", False),
            ("https://github.com/a/b/workflows/c/badge.svg#x", False),
            ("https://www.img.shields.io/a.svg", False),
            ("https://shields.io/a.svg", False),
        ],
    )
    def test_gallery_shows_what_the_public_gallery_shows(self, address: str, is_shown: bool) -> None:
        page = page_of(str(render_readme(f"![x]({address})", image_hosts=parse_image_hosts("gallery"))))
        assert len(page.all("img")) == is_shown
        assert all((image.get("src") or "").startswith("https://") for image in page.all("img"))

    def test_one_in_a_link_stays_in_it(self) -> None:
        (link,) = parts("[![Build](https://evil.example/b.svg)](https://example.org/)", "a")
        assert (link.get("href"), text_of(link)) == ("https://example.org/", "Build")

    def test_a_link_around_an_image_without_words_has_a_name(self) -> None:
        (image,) = parts(f"[![](https://{HOST}/b.svg)](https://example.org/)", "img", HOST)
        assert image.get("alt") == f"image on {HOST}"

    def test_sizes_are_numbers(self) -> None:
        (image,) = parts(f'<img src="https://{HOST}/a.svg" width="40" height="100%">', "img", HOST)
        assert (image.get("width"), image.get("height"), image.get("alt")) == ("40", None, "")

    def test_of_a_picture_its_image_is_shown(self) -> None:
        text = f'<picture><source srcset="https://evil.example/x"><img src="https://{HOST}/a.svg" alt="x"></picture>'
        page = page_of(render(text, HOST))
        assert [each.tag for each in page.all("img", "source", "picture")] == ["img"]


class TestHtml:
    def test_what_readmes_of_packages_use_stays(self) -> None:
        html = render('<p align="center">Hello<br><b>you</b></p>\n<details open><summary>More</summary>Text</details>')
        assert '<p class="align-center">Hello<br><b>you</b></p>' in html
        assert '<details open=""><summary>More</summary>Text</details>' in html

    def test_old_tags_become_new_ones(self) -> None:
        html = render("<center><tt>a</tt> <strike>b</strike></center>")
        assert html == '<div class="align-center"><code>a</code> <s>b</s></div>'

    def test_parts_without_their_whole_are_plain(self) -> None:
        assert render("<div><li>a</li><summary>b</summary></div>") == "<div><div>a</div><div>b</div></div>"

    def test_styles_classes_and_handlers_go(self) -> None:
        html = render('<p style="position:fixed" class="notice site-header" onclick="x()" data-copy hidden>a</p>')
        assert html == "<p>a</p>"

    def test_what_is_code_of_any_kind_goes_with_what_is_in_it(self) -> None:
        html = render(
            "a<script>alert(1)</script><style>*{}</style><svg><a>x</a></svg><iframe src=x>y</iframe><!-- c -->b"
        )
        assert "".join(html.split()) == "<p>ab</p>"

    def test_a_form_goes_but_for_its_words(self) -> None:
        html = render('<form action="/sign-out"><input name="token" value="1"><button>Click</button></form>')
        assert html == "Click"


class TestHostile:
    @pytest.mark.parametrize("payload", TEXTS)
    @pytest.mark.parametrize(
        "frame", ["{}", "> {}", "- {}", "# {}", "| {} |\n|---|\n| {} |", "<div>\n\n{}\n", "```{}\n{}"]
    )
    def test_no_payload_runs_or_breaks_the_page(self, frame: str, payload: str) -> None:
        page = page_of(render(frame.replace("{}", payload)))
        assert find_faults(page) == []

    def test_a_text_that_is_too_long_is_cut_at_a_line_and_says_so(self) -> None:
        html = render("a line of words\n" * (MAX_CHARACTERS // 16 + 100))
        assert html.count("a line of words") == MAX_CHARACTERS // 16
        assert html.endswith('<p class="notice">This README is too long. The rest of it is not shown.</p>')

    def test_a_text_of_marks_is_shown_as_it_is(self) -> None:
        html = render("[<" * 50_000)
        assert html == f'<pre class="plain">{"[&lt;" * 50_000}</pre>'

    @pytest.mark.parametrize(
        "text",
        [
            '[a]: http://x/ "' + "b" * 100_000 + '"\n\n' + "[a]" * 1_000,
            "[a]: http://x/" + "b" * 3_900 + "\n\n" + ("[a] " * 2_000 + "\n\n") * 4,
            "[a]: http://x/" + "b" * 3_900 + "\n\n" + ("![a] " * 1_500 + "\n\n") * 4,
            "*![![a]]* [a]\n\n" * 500 + "[a]: http://x/" + "b" * 3_900,
            "[^1]: a\n\n" + "[^1][^1]\n\n" * 3_300,
        ],
        ids=["title", "address", "image", "image-in-image", "footnote"],
    )
    def test_what_is_used_too_often_to_be_written_out_is_shown_as_it_is(self, text: str) -> None:
        html = render(text)
        assert html.startswith('<pre class="plain">')
        assert len(html) < 2 * len(text)

    def test_what_is_used_often_is_written_out(self) -> None:
        text = "[a]: http://example.org/\n[^1]: b\n\n" + "[a] ![a] [^1]\n\n" * 500
        assert len(parts(text, "a")) == 2_000

    @pytest.mark.parametrize(
        "text",
        [
            "|a" * 2_000 + "|\n" + "|-" * 2_000 + "|\n" + "x\n" * 4_000,
            ("|a" * 100 + "\n" + "|-" * 100 + "\n" + "x\n" * 650 + "\n") * 10,
            "".join(f"> {line}\n" for line in ("a|b", "-|-", *["x"] * 5_000)),
            "- a|b\n  -|-\n" + "  x\n" * 5_000,
            ("|a" * 100 + "\r" + "|-" * 100 + "\r" + "x\r" * 650),
        ],
        ids=["wide", "many", "quoted", "listed", "other-ends-of-lines"],
    )
    def test_a_table_of_too_many_cells_is_shown_as_it_is(self, text: str) -> None:
        html = render(text)
        assert html.startswith('<pre class="plain">')
        assert len(html) < 2 * len(text)

    def test_a_large_table_is_a_table(self) -> None:
        rows = "|---|---|---|\n" + "| a | b | c |\n" * 1_000
        assert len(parts(f"| A | B | C |\n{rows}", "td")) == 3_000

    def test_a_text_of_too_many_lines_is_shown_as_it_is(self) -> None:
        assert render("a\n" * 10_100).startswith('<pre class="plain">')
        assert render("a\n" * 5_000).startswith("<p>")

    @pytest.mark.parametrize(
        ("piece", "number"),
        [
            ("xmpp:", 900),
            ("http:", 900),
            ("mailto:", 900),
            ("aaaaaaaa:", 900),
            ("<http://", 800),
            ("<http://a>", 600),
            ("a@", 1_500),
            ("![ or ", 900),
        ],
    )
    def test_long_paragraphs_in_which_too_much_might_be_an_address_are_shown_as_they_are(
        self, piece: str, number: int
    ) -> None:
        paragraphs = render(f"{piece * number} https://example.org/\n\n" * 10).split("<p>")
        assert "<a" in paragraphs[1]
        assert "<a" not in paragraphs[-1]

    def test_many_links_in_paragraphs_of_usual_length_are_links(self) -> None:
        text = "Some words before [a link](https://example.org/) and a few more behind it. " * 5
        assert len(parts(f"{text}\n\n" * 400, "a")) == 2_000

    def test_a_paragraph_without_an_end_is_shown_as_it_is(self) -> None:
        assert "<em>" not in render("*a* " * 5_000)
        assert "<em>" in render("*a* " * 100)

    def test_tags_without_number_are_shown_as_text(self) -> None:
        assert parts("<div>" * 5_000, "div") == []
        assert len(parts("<div>" * 50, "div")) == 50

    def test_tags_that_stay_open_are_not_opened_again_in_each_paragraph(self) -> None:
        opened = "".join(f'<b id="{number}">' for number in range(500))
        html = render(f"{opened}\n\n" + "a\n\n" * 500)
        assert len(html) < 50_000

    @pytest.mark.parametrize("piece", ["> ", "- ", "[", "![", "*a_", "<b>", "<div>\n", "`", "|a", "\\", "&"])
    def test_nesting_ends_somewhere(self, piece: str) -> None:
        text = piece * (30_000 // len(piece))
        html = render(text)
        assert len(html) < 12 * len(text) + 1_000
        assert depth_of(page_of(html).one("main")) < 50


def depth_of(element: Element) -> int:
    """How many levels there are below the element."""
    depth, level = 0, list(element)
    while level:
        depth, level = depth + 1, [child for each in level for child in each]
    return depth
