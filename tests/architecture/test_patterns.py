"""Patterns judge whole texts: none lets a line break through at its end, or a letter of another script."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from motherlode.web.routes import FEED_ROUTES, SERVER_ROUTES, find_route

ROOT = Path(__file__).parents[2]
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
LINE_END = re.compile(r"(?<!\\)(?:\\\\)*\$")
ROUTES = [*FEED_ROUTES, *SERVER_ROUTES]


def patterns_in(source: str) -> Iterator[ast.Call]:
    """Every call that makes or uses a pattern by its text."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name in FUNCTIONS:
                yield node


def text_of(pattern: ast.expr) -> str:
    """What is written of a pattern, without its classes of characters; parts put in by name are left out."""
    parts = [part.value for part in ast.walk(pattern) if isinstance(part, ast.Constant)]
    text = "".join(part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in parts)
    return re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "", text)


def faults_of(source: str) -> list[str]:
    """What is wrong with the patterns in a source file."""
    faults = []
    for call in patterns_in(source):
        flags = ast.unparse(call)
        if LINE_END.search(text_of(call.args[0])) and "re.MULTILINE" not in flags:
            faults.append(f"line {call.lineno}: `$` also matches before a line break: use fullmatch, or \\Z")
        if "re.IGNORECASE" in flags and "re.ASCII" not in flags:
            faults.append(f"line {call.lineno}: IGNORECASE takes ſ for s and the Kelvin sign for k: add re.ASCII")
    return faults


@pytest.mark.parametrize("file", sorted((ROOT / "motherlode").rglob("*.py")), ids=lambda file: file.stem)
def test_no_pattern_ends_with_a_dollar_or_ignores_the_case_of_other_scripts(file: Path) -> None:
    assert faults_of(file.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        're.compile(r"[a-z]+$")',
        're.match("^a$|^b$", text)',
        're.compile(rf"{START}[$]x$", re.DOTALL)',
        're.fullmatch("a(?:$|b)", text)',
        're.compile("[a-z]", re.IGNORECASE)',
        're.compile(rb"x$")',
    ],
)
def test_such_a_pattern_would_be_found(line: str) -> None:
    assert len(faults_of(line)) == 1


@pytest.mark.parametrize("line", [r're.compile(r"a\$b[$]")', 're.compile("^a$", re.MULTILINE)', 're.compile("[]$]")'])
def test_others_are_not(line: str) -> None:
    assert faults_of(line) == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.methods[0]} {route.path}")
@pytest.mark.parametrize("end", ["\n", "\r", "\x00", "/\n", "\n/", "//", "\u2028"])
def test_no_route_leads_on_when_a_sign_is_put_behind_its_path(route, end: str) -> None:
    path = re.sub(r"\{[a-z]+\}", "a", route.path)
    found = find_route(ROUTES, route.methods[0], path)
    behind = find_route(ROUTES, route.methods[0], path + end)
    assert found is not None
    assert behind is None or list(behind[1].values()) != list(found[1].values())


@pytest.mark.parametrize("path", ["/metricſ", "/pac\u212aages", "/v3/flat/a/ındex.json", "/ſtats"])
def test_letters_of_other_scripts_are_no_other_casing(path: str) -> None:
    assert find_route(ROUTES, "GET", path) is None
