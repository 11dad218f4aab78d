"""Names of entries: what stays inside, and what is one file."""

import pytest

from motherlode.nuget.archive.entry_names import FAULTS, find_name_fault, is_ordinary, plain_name, sort_key


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../evil.txt", "entry-outside"),
        ("lib/../../evil.txt", "entry-outside"),
        ("..\\evil.txt", "entry-outside"),
        ("..", "entry-outside"),
        ("%2e%2e/evil.txt", "entry-outside"),
        ("lib/..%2f..%2fevil.txt", "entry-outside"),
        ("a%2fb/../../evil.txt", "entry-outside"),
        ("/etc/passwd", "entry-outside"),
        ("%2Fetc/passwd", "entry-outside"),
        ("\\evil.txt", "entry-outside"),
        ("lib/../a.dll", "entry-outside"),
        ("lib/%2e%2e/a.dll", "entry-outside"),
        ("lib/x\\..\\a.dll", "entry-outside"),
        ("lib/net45/../net8.0/a.dll", "entry-outside"),
        ("C:/evil.txt", "entry-outside"),
        ("c:evil.txt", "entry-outside"),
        ("c%3Aevil.txt", "entry-outside"),
        ("\\\\server\\share\\a.txt", "entry-double-backslash"),
        ("lib\\\\a.txt", "entry-double-backslash"),
        ("a\0b", "entry-name-control"),
        ("a\nb", "entry-name-control"),
        ("a%0Ab", "entry-name-control"),
        ("a\x7fb", "entry-name-control"),
        ("a\x85b", "entry-name-control"),
        ("", "entry-unnamed"),
        ("./", "entry-unnamed"),
        ("lib/..", "entry-unnamed"),
    ],
)
def test_a_name_that_may_not_be_unpacked_has_a_fault(name: str, code: str) -> None:
    fault = find_name_fault(name)
    assert fault is not None
    assert fault[0] == code
    assert code in FAULTS
    assert not is_ordinary(name)


@pytest.mark.parametrize(
    "name",
    [
        "lib/net45/a.dll",
        ".signature.p7s",
        "_rels/.rels",
        "lib/../lib/net45/a.txt",
        "lib/./net45/../net45/a.txt",
        "./lib/a.dll",
        "lib//a.txt",
        "lib\\a.txt",
        "lib/portable-net40%2Bsl5/a.dll",
        "lib/%252e%252e/a.dll",
        "100%.txt",
        "lib/...",
        "lib/a..b",
        "lib/Grüße 日本.txt",
        "a/" * 500 + "b",
    ],
)
def test_a_name_that_only_looks_odd_is_taken(name: str) -> None:
    assert find_name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("lib/a.dll", "LIB/A.dll"),
        ("lib/b.dll", "lib\\b.dll"),
        ("lib/c.dll", "./lib/c.dll"),
        ("lib/c.dll", "lib/./c.dll"),
        ("lib/d.txt", "lib//d.txt"),
        ("lib/e.txt", "lib/x/../e.txt"),
        ("lib/a+b", "lib/a%2Bb"),
        ("lib/Ä", "lib/ä"),
        ("lib/é", "lib/é"),
        ("lib/", "lib\\"),
    ],
)
def test_names_of_one_file_have_one_key(name: str, other: str) -> None:
    assert sort_key(name) == sort_key(other)


@pytest.mark.parametrize(("name", "other"), [("lib/a", "lib/b"), ("lib/a", "lib/a/"), ("lib/a.b", "lib/a/b")])
def test_names_of_two_files_have_two_keys(name: str, other: str) -> None:
    assert sort_key(name) != sort_key(other)


def test_what_lies_in_a_folder_sorts_right_behind_it() -> None:
    names = ["lib/x.a", "lib/x", "lib/x-b", "lib/x/y", "lib/x!"]
    assert sorted(names, key=sort_key)[:2] == ["lib/x", "lib/x/y"]


def test_a_plain_name_has_slashes_and_no_escapes() -> None:
    assert plain_name("images\\a%20b.png") == "images/a b.png"


def test_an_escape_that_is_no_utf8_does_no_harm() -> None:
    assert find_name_fault("a%ff.txt") is None
    assert sort_key("a%ff.txt") != sort_key("a%fe.txt")
