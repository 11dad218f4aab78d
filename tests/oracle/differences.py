"""Where this server reads a text otherwise than NuGet's library, on purpose: the rows of a table in docs/validation.md.

A text that is read otherwise and that no row explains fails the tests, and so does a row that explains nothing.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from motherlode.nuget.blanks import trim
from tests.oracle.texts import LONG_NAMES, SHORT_NAMES

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "validation.md"
HEADING: Final = "### Where Motherlode is stricter or looser than NuGet's library"

Explains = Callable[[str], object]


def _found(pattern: str) -> Explains:
    return re.compile(pattern, re.IGNORECASE).search


def _is_odd_long_name(text: str) -> bool:
    keys = [trim(part).partition("=") for part in text.split(",")[1:] if part]
    names = [key.lower() for key, equals, _ in keys if equals]
    is_known = {*names} <= {"version", "profile", "platform"} and len(names) == len(keys) == len({*names})
    return "," in text and (not is_known or "version" not in names or "=" in text.split(",", maxsplit=1)[0])


def _squeeze(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_TAKEN: Final = frozenset(_squeeze(name).rstrip("0123456789") for name in (*SHORT_NAMES, *LONG_NAMES))


def _is_odd_or_taken(text: str) -> object:
    """Whether a long name has odd characters, or a folder name that another framework has."""
    name = trim(text.lstrip(",").partition(",")[0]).lower()
    is_taken = _squeeze(name).rstrip("0123456789") in _TAKEN
    return "," in text and (is_taken or not re.fullmatch(r"(?a:[a-z0-9][\w.-]*)", name) or name.startswith("version="))


DIFFERENCES: Final[dict[tuple[str, str], Explains]] = {
    ("address", "not clean"): _found(""),
    ("version", "white space inside"): _found(r"\S\s+\S"),
    ("range", "white space inside a version"): _found(r"[0-9]\s+[.+-]|\.\s+[0-9]|\.\s*\n"),
    ("range", "one version, excluded"): _found(r"^\s*\(([^,]+),"),
    ("range", "empty square brackets"): _found(r"^\s*[\[(]\s+[\])]\s*$"),
    ("range", "long"): lambda text: len(text) > 256,
    ("id", "line break at the end"): _found(r"\n\Z"),
    ("id", "long"): lambda text: len(text) > 100,
    ("license", "not listed by SPDX"): _found(""),
    ("license", "brackets before WITH"): _found(r"\)\s*WITH "),
    ("license", "UNLICENSED in brackets"): _found(r"^[\s(]*\(\s*UNLICENSED\s*\)[\s)]*$"),
    ("license", "other white space than blanks"): _found(r"[^\S ]"),
    ("license", "long"): lambda text: len(text) > 500,
    ("framework", "portable: version, order and spelling of members"): _found(r"portable"),
    ("framework", "portable: members that nobody knows"): _found(r"portable.*-|portable.*profile="),
    ("framework", "portable: no members"): _found(r"portable\s*,"),
    ("framework", "version of more than four digits without dots"): _found(r"^[^,]*[a-z][0-9]{5,}"),
    ("framework", "agnostic and unsupported"): _found(r"^[\s,]*(agnostic|unsupported)"),
    ("framework", "long name with other parts"): _is_odd_long_name,
    ("framework", "long name that nobody knows"): _is_odd_or_taken,
    ("framework", ".NET Framework 5 and later in a long name"): _found(r"net[^,]*,.*version"),
    ("framework", "long name with an odd profile"): _found(r"(?a)profile=.*[^\w.+,-]|profile=.*_"),
    ("framework", "long name with a platform"): _found(r"platform="),
    ("framework", "platform that is more than a name and a version"): _found(r"^[^,]*net[^,]*-([0-9+-]|[^,]*\.)"),
}


def listed_differences() -> list[tuple[str, str]]:
    """Kind and name of each row of the table, as the document has them."""
    _, _, after = DOCUMENT.read_text("utf-8").partition(HEADING)
    rows = [line for line in after.partition("\n#")[0].splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]
    return [(kind, name) for kind, name, *_ in cells if not kind.startswith("--")]
