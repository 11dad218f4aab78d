"""However a README is made, laying it out is bounded work: counted in calls of functions, which no machine changes."""

import random
from typing import Final

import pytest

from motherlode.web.pages.readme.markdown import render_readme
from tests.support.effort import calls_of

MOST_CALLS: Final = 5_000_000
"""About half a second."""
README_BYTES: Final = 63_000
CONTAINERS: Final = ("> ", "- ", "> - ", "- > ", "1. ", "> 1. ", "+ - * ", "[^1]: ", "> [!NOTE]\n> ", "- [ ] ")
FOUND: Final = (
    "|a\n> *\n",
    "\n    [\n> *** ",
    "![<b>    <]\n> ---\n",
    "1. a@b.c*\n- a",
    "\n   - |a(</b>",
    "\n- -->===<\t",
    "1. a_\n  ",
    " `[a@b.c\n- 1. \t",
    "(\n- ![---    [a]&amp;> ",
    "a\n> -\n",
    "|-\n> ***\n",
    "[a]:\n> -\n",
    "> [a]\nhttp://a.b<a href='#x'>\n- ",
)
PIECES: Final = (
    *("> ", "- ", "1. ", "# ", "a", "\n", "\n\n", " ", "    ", "|", "|a", "|-", "`", "```", "*", "_", "**", "~~"),
    *("[a]", "[", "]", "(", "![", "<div>", "<b>", "</b>", "<", "&amp;", "\\", "http://a.b", "a@b.c", "[^1]", "[^1]: "),
    *(
        "[a]: ",
        "[ ] ",
        "[!NOTE]",
        "---",
        "***",
        "===",
        ":",
        "\t",
        "<!--",
        "-->",
        "\n> ",
        "\n- ",
        "\n   - ",
        "\n|-|-|\n",
    ),
)


def calls_for(piece: str, length: int = README_BYTES) -> int:
    text = (piece * (length // len(piece) + 1))[:length]
    return calls_of(lambda: render_readme(text, image_hosts=frozenset()))


@pytest.mark.parametrize("depth", [2, 10])
@pytest.mark.parametrize("container", CONTAINERS)
def test_lists_and_quotes_in_each_other(container: str, depth: int) -> None:
    assert calls_for(f"{container * depth}a\n") < MOST_CALLS
    assert calls_for(f"{container * depth}\n") < MOST_CALLS


@pytest.mark.parametrize("piece", FOUND)
@pytest.mark.parametrize("length", [5_000, README_BYTES])
def test_what_was_found_to_take_long(piece: str, length: int) -> None:
    assert calls_for(piece, length) < MOST_CALLS


@pytest.mark.parametrize("seed", range(10))
def test_pieces_of_markdown_at_random(seed: int) -> None:
    chance = random.Random(seed)
    piece = "".join(chance.choices(PIECES, k=chance.randrange(1, 9)))
    assert calls_for(piece) < MOST_CALLS


def test_links_deep_inside_of_other_tags_are_found_without_looking_at_each() -> None:
    text = "<div>" * 2_000 + "\n\n" + "[a](#a) " * 800 + "\n\n"
    assert calls_of(lambda: render_readme(text * 2, image_hosts=frozenset())) < MOST_CALLS
