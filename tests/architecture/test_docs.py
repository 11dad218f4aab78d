"""The documentation is complete: every setting, route, refusal, fault and right has its line, and no line is stale."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from motherlode.domain import refusals
from motherlode.domain.feed_settings import FEED_SETTINGS
from motherlode.domain.permissions import RIGHTS
from motherlode.domain.refusals import Refusal
from motherlode.settings import SETTINGS
from motherlode.web.refusal_responses import status_of
from motherlode.web.routes import FEED_ROUTES, SERVER_ROUTES

ROOT = Path(__file__).parents[2]
FAMILIES = {"invalid", "not-found", "refused"}


def read(name: str) -> str:
    return (ROOT / name).read_text()


def rows(text: str) -> list[list[str]]:
    """The cells of every table row."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def code_of(cell: str) -> str:
    return cell.strip("`")


def every_refusal(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_refusal(child)


def test_every_setting_is_documented_with_its_variable_and_default() -> None:
    documented = {code_of(row[0]): row for row in rows(read("docs/settings.md")) if "." in row[0]}

    assert set(documented) == {setting.full_name for setting in SETTINGS}
    for setting in SETTINGS:
        row = documented[setting.full_name]
        assert code_of(row[1]) == setting.variable
        assert code_of(row[2]) == setting.default or (not setting.default and row[2] in {"unset", "none"})


def test_every_feed_setting_is_documented_with_its_default() -> None:
    text = read("docs/feeds.md")
    documented = {code_of(row[0]): code_of(row[1]) for row in rows(text) if row[0].startswith("`")}

    assert documented == {name: setting.default or "unset" for name, setting in FEED_SETTINGS.items()}


def test_every_right_is_documented() -> None:
    text = read("docs/access.md").split("## Keys")[1].split("## Private feeds")[0]

    assert {code_of(row[0]) for row in rows(text) if row[0].startswith("`")} == set(RIGHTS)


def test_every_route_is_documented_with_its_methods() -> None:
    whole = [row for row in rows(read("docs/addresses.md")) if len(row) > 2 and code_of(row[2]).startswith("/")]
    documented = {(code_of(row[0]), row[1], code_of(row[2])) for row in whole}
    built = {
        (route.name, method, route.path)
        for route in (*FEED_ROUTES, *SERVER_ROUTES)
        for method in route.methods
        if method != "HEAD"
    }

    assert documented == built


def test_every_refusal_is_documented_with_its_status() -> None:
    documented = {code_of(row[0]): row[1] for row in rows(read("docs/refusals.md")) if row[0].startswith("`")}
    built = {kind.code: status_of(kind.__new__(kind)) for kind in every_refusal() if kind.code not in FAMILIES}

    assert {code: status for code, status in documented.items() if "," not in code} == {
        code: str(status) for code, status in built.items()
    }


def test_the_tree_of_refusals_is_drawn_whole() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", refusals.__doc__ or ""))

    assert drawn == {kind.__name__ for kind in every_refusal()} - {"Refusal"}


@pytest.mark.parametrize(
    "document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_architecture_fits_on_two_screens() -> None:
    assert len(read("ARCHITECTURE.md").splitlines()) <= 150


def test_every_test_that_shows_a_defence_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", read("docs/security.md"))

    assert len(named) > 20
    assert [(path, test) for path, test in named if f"def {test}" not in read(path) and test] == []


def test_every_adr_is_listed() -> None:
    listed = set(re.findall(r"\((\d{4}-[^)]+\.md)\)", read("docs/adr/README.md")))

    assert listed == {path.name for path in (ROOT / "docs/adr").glob("0*.md")}
