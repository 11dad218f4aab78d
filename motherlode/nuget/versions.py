"""Package versions: one to four numbers, labels, build metadata (NuGet versioning, SemVer 2.0.0).

Invariant: versions are equal exactly when their keys are equal (`1.0`, `1.0.0.0` and `1.0.0+a` are the same version).
Comparing sort keys byte by byte gives NuGet's precedence, so that a database can sort by an indexed column.
"""

import re
import struct
from dataclasses import dataclass, field

from motherlode.nuget.blanks import trim
from motherlode.nuget.quoting import quote

MAX_NUMBER = 2**31 - 1

_LABEL = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_METADATA = r"[0-9A-Za-z-]+"
_NUMBER = r"0*([0-9]{1,10})"
_VERSION = re.compile(
    rf"{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:\.{_NUMBER})?"
    rf"(?:-({_LABEL}(?:\.{_LABEL})*))?"
    rf"(?:\+({_METADATA}(?:\.{_METADATA})*))?"
)
_INT32 = re.compile(r"-?0*[0-9]{1,10}")
_RELEASE = b"\xff"
_NUMERIC_LABEL = b"\x01"
_TEXT_LABEL = b"\x02"


class InvalidVersion(ValueError):
    """The text is not a version; `str()` says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version. Equality and hash use `key`; order uses `sort_key`, then `key`.

    `labels` are the dot-separated prerelease labels with their casing, `metadata` is the text after "+" (or ""),
    `written` is the original text without the white space around it.
    """

    major: int = field(compare=False)
    minor: int = field(compare=False)
    patch: int = field(compare=False)
    revision: int = field(compare=False, default=0)
    labels: tuple[str, ...] = field(compare=False, default=())
    metadata: str = field(compare=False, default="")
    written: str = field(compare=False, default="")
    normalized: str = field(init=False, repr=False, compare=False)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        numbers = f"{self.major}.{self.minor}.{self.patch}"
        if self.revision:
            numbers = f"{numbers}.{self.revision}"
        normalized = f"{numbers}-{'.'.join(self.labels)}" if self.labels else numbers
        object.__setattr__(self, "normalized", normalized)
        object.__setattr__(self, "key", normalized.lower())
        if not self.written:
            object.__setattr__(self, "written", self.full)

    @property
    def full(self) -> str:
        """The normalized form with the build metadata."""
        return f"{self.normalized}+{self.metadata}" if self.metadata else self.normalized

    @property
    def is_prerelease(self) -> bool:
        """Whether it has a prerelease label; build metadata does not count."""
        return bool(self.labels)

    @property
    def is_semver2(self) -> bool:
        """Whether it has several labels or build metadata, so clients without SemVer 2 must not see it."""
        return len(self.labels) > 1 or bool(self.metadata)

    @property
    def sort_key(self) -> bytes:
        """Bytes that sort by NuGet's precedence, equal for versions of equal precedence."""
        numbers = struct.pack(">4I", self.major, self.minor, self.patch, self.revision)
        return numbers + (b"".join(map(_label_sort_key, self.labels)) if self.labels else _RELEASE)

    def __lt__(self, other: "Version") -> bool:
        return self._rank() < other._rank()

    def __le__(self, other: "Version") -> bool:
        return self._rank() <= other._rank()

    def __gt__(self, other: "Version") -> bool:
        return self._rank() > other._rank()

    def __ge__(self, other: "Version") -> bool:
        return self._rank() >= other._rank()

    def __str__(self) -> str:
        return self.normalized

    def _rank(self) -> tuple[bytes, str]:
        return self.sort_key, self.key


def parse_version(text: str) -> Version:
    """Read a version as the NuGet clients do: `major[.minor[.patch[.revision]]][-labels][+metadata]`.

    White space around it is ignored, white space inside is refused, digits and letters are ASCII.

    Raises:
        InvalidVersion: the text is not a version, or a number is above 2147483647.
    """
    written = trim(text)
    match = _VERSION.fullmatch(written)
    if match is None:
        raise InvalidVersion(
            f"{quote(text)} is not a valid version. Use one to four numbers such as 1.2.3, then labels such as -beta.1 "
            "(numbers in labels without leading zeros), then build metadata such as +build.5."
        )
    major, minor, patch, revision = (int(number or 0) for number in match.group(1, 2, 3, 4))
    if max(major, minor, patch, revision) > MAX_NUMBER:
        raise InvalidVersion(f"The version {quote(written)} has a number above {MAX_NUMBER}. Use smaller numbers.")
    labels = tuple(match[5].split(".")) if match[5] else ()
    return Version(major, minor, patch, revision, labels, match[6] or "", written)


def _label_sort_key(label: str) -> bytes:
    number = _find_int32(label)
    if number is None:
        return _TEXT_LABEL + label.lower().encode("ascii") + b"\0"
    return _NUMERIC_LABEL + struct.pack(">I", number + 2**31)


def _find_int32(label: str) -> int | None:
    # quirk: clients use Int32.TryParse for labels, so "-5" is a number and 20240101000000 is text.
    if not _INT32.fullmatch(label):
        return None
    number = int(label)
    return number if -(2**31) <= number <= MAX_NUMBER else None
