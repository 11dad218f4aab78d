"""Package ids: their syntax, and the folded form that decides which ids are equal.

Invariant: two ids are equal exactly when their keys are equal. A key never leaves the folder or path segment it is put
in, because ids contain only word characters with single dots and dashes between them.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import quote as percent_encode

from motherlode.nuget.quoting import quote

MAX_ID_LENGTH = 100
MAX_DEPENDENCY_ID_LENGTH = 128
RESERVED_IDS = frozenset({"create-verification-key"})

_ASCII_ID = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*")
_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Nd", "Pc"})


class InvalidId(ValueError):
    """The text is not a package id; `str()` says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class PackageId:
    """A package id. Equality and hash use `key`; `written` keeps the casing.

    `key` is folded like .NET's ToLowerInvariant (character by character, without changing the length), because clients
    build URLs with it.
    """

    written: str = field(compare=False)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        written = self.written
        object.__setattr__(self, "key", written.lower() if written.isascii() else "".join(map(_fold, written)))

    @property
    def segment(self) -> str:
        """The key percent-encoded as one segment of a URL path."""
        return percent_encode(self.key, safe="")

    def __str__(self) -> str:
        return self.written


def parse_package_id(text: str, *, max_length: int = MAX_ID_LENGTH) -> PackageId:
    r"""Read an id by the rule of the NuGet clients, `\w+([.-]\w+)*` in Unicode.

    Raises:
        InvalidId: the text breaks the rule or is longer than `max_length` characters. White space is not trimmed.
    """
    _check_length(text, max_length)
    if not (_ASCII_ID.fullmatch(text) or _is_word_chain(text)):
        raise InvalidId(
            f"{quote(text)} is not a valid package id. Use letters, digits and '_', with single '.' or '-' between "
            "them."
        )
    return PackageId(text)


def _check_length(text: str, max_length: int) -> None:
    if not text.strip():
        raise InvalidId("The package id is empty. Use letters, digits, '_', '.' and '-'.")
    if len(text) > max_length:
        raise InvalidId(f"The package id {quote(text)} has {len(text)} characters; at most {max_length} are allowed.")


def _is_word_chain(text: str) -> bool:
    return all(part and all(map(_is_word, part)) for part in re.split(r"[.-]", text))


def _is_word(character: str) -> bool:
    # quirk: .NET's \w matches UTF-16 units, so clients have no word characters beyond U+FFFF.
    return character <= "\uffff" and unicodedata.category(character) in _WORD_CATEGORIES


def _fold(character: str) -> str:
    # quirk: the lower case of U+0130 (dotted capital I) is more than one character; .NET keeps it unchanged.
    folded = character.lower()
    return folded if len(folded) == 1 else character
