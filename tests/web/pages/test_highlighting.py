"""Code in colours: which pieces get a class, that no text is lost, and that hostile code costs little."""

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.web.pages.highlighting import CLASSES, MAX_BLOCK, MAX_CODE, MAX_LINE, Highlighter, is_known_language
from motherlode.web.pages.readme.markdown import render_readme
from tests.web.pages.markup import find_faults, parse_page
from tests.web.pages.payloads import TEXTS

LANGUAGES = (
    *("bash", "cs", "css", "diff", "f#", "html", "js", "jsonc", "pwsh", "py", "sql", "toml", "ts", "vb", "csproj"),
    "yml",
)
ENDLESS = ("a\n", "a b\n", "/*\n", '"\\\\\n', "'\n", "<a ", "<!--", "<<x\n", "a.\n", "@{", "&", "{[(<\n", "*: ", "$(")
A_LOT_S = 5
PAGE = "<!DOCTYPE html><html lang=en><head><title>x</title></head><body><main><h1>x</h1>{}</main></body></html>"


def pieces_of(code: str, language: str) -> list[tuple[str | None, str]]:
    return list(Highlighter().highlight(code, language))


def words(code: str, language: str) -> dict[str, str | None]:
    return {text.strip(): kind for kind, text in pieces_of(code, language)}


@pytest.mark.parametrize(
    ("language", "code", "kinds"),
    [
        (
            "csharp",
            'public int A = 1; // x\nvar s = "b";',
            {"public": "k", "int": "t", "1": "m", "// x": "c", '"b"': "s"},
        ),
        ("F#", "let x = 1 // one\n", {"let": "k", "// one": "c"}),
        ("csproj", '<A b="c"><!-- d --></A>', {"<A": "t", "b=": "a", '"c"': "s", "<!-- d -->": "c"}),
        ("json", '{"a": [true, 1, "b"]}', {'"a"': "t", "true": "m", "1": "m", '"b"': "s"}),
        ("powershell", "$a = 'b' # c", {"$a": "v", "'b'": "s", "# c": "c"}),
        ("diff", "-old\n+new\n", {"-old": "d", "+new": "i"}),
        ("sql", "SELECT 1", {"SELECT": "k", "1": "m"}),
    ],
)
def test_what_code_is_made_of_gets_a_class(language: str, code: str, kinds: dict[str, str]) -> None:
    found = words(code, language)
    assert {word: found.get(word) for word in kinds} == kinds


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("payload", ["", *TEXTS[::7]])
def test_no_text_is_lost_and_each_class_is_known(language: str, payload: str) -> None:
    assert is_known_language(language)
    pieces = pieces_of(payload, language)
    assert "".join(text for _, text in pieces) == payload
    assert {kind for kind, _ in pieces} <= CLASSES | {None}


@given(
    st.sampled_from(LANGUAGES),
    st.text(alphabet=st.sampled_from("ab1 \n\t\"'`/*#<>{}()[]@$\\-=:;&|é\u2028"), max_size=80),
)
def test_any_text_comes_out_as_it_went_in(language: str, code: str) -> None:
    assert "".join(text for _, text in pieces_of(code, language)) == code


@pytest.mark.parametrize("language", ["mermaid", "", "text", "csharp2", "c", "../bash"])
def test_other_languages_stay_plain(language: str) -> None:
    assert not is_known_language(language)
    assert pieces_of("int a;", language) == [(None, "int a;")]


class TestBounds:
    def test_a_block_that_is_too_long_stays_plain(self) -> None:
        code = "int a; // b\n" * (MAX_BLOCK // 12 + 1)
        assert pieces_of(code, "cs") == [(None, code)]

    def test_a_block_with_a_line_that_is_too_long_stays_plain(self) -> None:
        assert len(pieces_of("int " + "a" * (MAX_LINE - 4), "cs")) == 2
        assert len(pieces_of("int " + "a" * MAX_LINE, "cs")) == 1

    def test_the_blocks_of_a_readme_share_a_bound(self) -> None:
        highlighter, code = Highlighter(), "// a comment\n" * 100
        kinds = [[kind for kind, _ in highlighter.highlight(code, "cs")] for _ in range(2 * MAX_CODE // len(code))]
        assert kinds[0] == ["c"]
        assert kinds[-1] == [None]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_hostile_code_does_not_hold_a_page_up(self, language: str) -> None:
        """Each block as long as it may be, of beginnings without an end."""
        for beginning in ENDLESS:
            code = (beginning * 30)[: MAX_LINE - 1].rpartition("\n")[0] or (beginning * 30)[: MAX_LINE - 1]
            block = (code + "\n") * (MAX_BLOCK // (len(code) + 1))
            started, highlighter = thread_time(), Highlighter()
            assert "".join(text for _, text in highlighter.highlight(block, language)) == block
            assert thread_time() - started < A_LOT_S, beginning


class TestReadmes:
    def test_a_fence_names_its_language(self) -> None:
        html = render_readme("```cs title=x\nint a;\n```\n", image_hosts=frozenset())
        assert html == '<pre><code class="coloured"><span class="t">int</span> a;\n</code></pre>\n'

    def test_code_without_a_language_or_with_another_one_stays_plain(self) -> None:
        for text in ("```\nint a;\n```\n", "```mermaid\nint a;\n```\n", "    int a;\n"):
            assert render_readme(text, image_hosts=frozenset()) == "<pre><code>int a;\n</code></pre>\n"

    def test_tags_within_code_stay_and_take_no_colours(self) -> None:
        text = '<pre><code class="language-cs">int <b>a</b>; // x</code></pre>'
        html = render_readme(text, image_hosts=frozenset())
        assert "int <b>a</b>; // x</code>" in html

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_no_code_becomes_markup(self, language: str) -> None:
        for payload in TEXTS:
            html = render_readme(f"~~~~{language}\n{payload}\n~~~~\n", image_hosts=frozenset())
            page = parse_page(PAGE.format(html))
            assert find_faults(page) == []
            assert {each.tag for each in page.one("main").iter()} == {"main", "h1", "pre", "code", *_spans(html)}


def _spans(html: str) -> set[str]:
    return {"span"} if "<span" in html else set()
