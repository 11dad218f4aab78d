"""The oracle itself: known answers, so that a library that answers nonsense makes no other test pass."""

import pytest

from tests.oracle.library import Library, encode_nuspec

NUSPEC = b"""<package><metadata><id>A</id><version>1.0</version></metadata></package>"""


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("version", "1.0-a+b", ("1.0.0-a", "1.0.0-a+b", "True", "True")),
        ("range", "[1.0,)", ("[1.0.0, )",)),
        ("framework", "net45-full", (".NETFramework,Version=v4.5", "net45", "0.0.0.0")),
        ("id", "A.B", ("a.b",)),
        ("license", "MIT OR Apache-2.0", ("standard",)),
        ("uri", "https://a.example/x", ("https://a.example/x",)),
        ("nuspec", encode_nuspec(NUSPEC), ("A", "1.0.0")),
    ],
)
def test_known_answers(library: Library, kind: str, text: str, values: tuple[str, ...]) -> None:
    assert library.ask(kind, [text])[0].values == values


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("version", "x"),
        ("range", "[2.0,1.0"),
        ("framework", "net4.5,Version=V4.5"),
        ("id", "A/B"),
        ("license", "MIT AND"),
        ("uri", "https://me@corp.example@files.example/i.png"),
        ("nuspec", encode_nuspec(b"<package")),
        ("nupkg", "not-there.nupkg"),
    ],
)
def test_known_refusals(library: Library, kind: str, text: str) -> None:
    assert library.ask(kind, [text])[0].is_refused


def test_answers_come_in_order(library: Library) -> None:
    texts = [f"{major}.0.0" for major in range(1000)]
    assert [reading.values[0] for reading in library.ask("version", texts)] == texts
