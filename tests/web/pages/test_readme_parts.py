"""What a page says about its README: the contents, and whether it is folded."""

import pytest

from motherlode.web.pages.readme.markdown import render_readme
from motherlode.web.pages.readme_parts import Readme, make_readme
from tests.web.pages.payloads import TEXTS


def readme(text: str) -> Readme:
    return make_readme(render_readme(text, image_hosts=frozenset({"img.shields.io"})))


def contents(text: str) -> list[tuple[str, str, int]]:
    return [(entry.id, entry.text, entry.depth) for entry in readme(text).contents]


def test_the_title_is_left_out_and_two_levels_are_shown() -> None:
    assert contents("# Title\n\n## A & B\n\n### `code`\n\n#### too deep\n\n## C\n") == [
        ("readme-a--b", "A & B", 0),
        ("readme-code", "code", 1),
        ("readme-c", "C", 0),
    ]


def test_headings_of_one_level_are_all_shown() -> None:
    assert [text for _, text, _ in contents("# A\n\n# B\n\n# C\n")] == ["A", "B", "C"]


@pytest.mark.parametrize("text", ["", "no heading", "# A\n\n## B\n\n## C\n"])
def test_few_headings_have_no_table(text: str) -> None:
    assert contents(text) == []


def test_an_image_in_a_heading_is_its_text() -> None:
    text = "## ![Logo](https://img.shields.io/a.svg) A\n\n## ![B](b.png)\n\n## C\n"
    assert [text for _, text, _ in contents(text)] == ["Logo A", "B", "C"]


def test_no_heading_becomes_markup() -> None:
    for payload in TEXTS:
        for entry in readme(f"## A\n\n## B\n\n## {payload}\n\n## C\n").contents:
            assert "<" not in entry.id
            assert '"' not in entry.id


@pytest.mark.parametrize(
    ("text", "is_long"),
    [
        ("short", False),
        ("A line.\n\n" * 80, False),
        ("A line.\n\n" * 90, True),
        ("- item\n" * 90, True),
        ("```\n" + "code\n" * 90 + "```\n", True),
        ("word " * 2_500, True),
        ("word " * 1_000, False),
        ("<details>\n<summary>x</summary>\n\n" + "A line.\n\n" * 200 + "</details>\n", False),
        ("<details open>\n<summary>x</summary>\n\n" + "A line.\n\n" * 200 + "</details>\n", True),
    ],
)
def test_a_readme_of_more_than_two_screens_is_long(text: str, is_long: bool) -> None:
    assert readme(text).is_long == is_long
