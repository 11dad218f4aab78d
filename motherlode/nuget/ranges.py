"""Version ranges of dependencies: all bracket forms, but no floating versions (NuGet versioning, "Version ranges").

Invariant: some version satisfies every parsed range, and every client can read its `normalized` text.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from motherlode.nuget.blanks import trim
from motherlode.nuget.quoting import quote
from motherlode.nuget.versions import InvalidVersion, Version, parse_version

MAX_RANGE_LENGTH = 256


class InvalidVersionRange(ValueError):
    """The text is not a version range; `str()` says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Versions from `min` to `max`; None means no bound. A bound that is None is never included.

    `written` is the original text; equality ignores it.
    """

    min: Version | None
    max: Version | None
    include_min: bool
    include_max: bool
    written: str = field(default="", compare=False)

    @property
    def normalized(self) -> str:
        """The text for documents: `[1.0.0, )`, `(, 2.0.0)`, `[1.0.0, 1.0.0]`."""
        # quirk: unbounded is `(, )` with the space; clients refuse `(,)` and the whole document that contains it.
        low = f"{'[' if self.include_min else '('}{self.min.normalized if self.min else ''}"
        high = f"{self.max.normalized if self.max else ''}{']' if self.include_max else ')'}"
        return f"{low}, {high}"

    @property
    def is_semver2(self) -> bool:
        """Whether a bound is a SemVer 2 version, which makes the whole package SemVer 2."""
        return any(bound is not None and bound.is_semver2 for bound in (self.min, self.max))

    def satisfied_by(self, version: Version) -> bool:
        """Return whether `version` is in the range, by precedence; prereleases are not treated specially."""
        rank = version.sort_key
        if self.min is not None and (rank < (low := self.min.sort_key) or (rank == low and not self.include_min)):
            return False
        return self.max is None or rank < (high := self.max.sort_key) or (rank == high and self.include_max)

    def __str__(self) -> str:
        return self.normalized


ANY = VersionRange(None, None, include_min=False, include_max=False)


@lru_cache(maxsize=8192)
def parse_range(text: str) -> VersionRange:
    """Read a range strictly: `1.0`, `[1.0]`, `[1.0,2.0)`, `(,2.0]`, `(, )`… White space around bounds is ignored.

    Raises:
        InvalidVersionRange: the text is anything else, has a floating version or more than 256 characters, or no
            version can satisfy it.
    """
    written = trim(text)
    if len(written) > MAX_RANGE_LENGTH:
        raise _refuse(text, f"it has {len(written)} characters; at most {MAX_RANGE_LENGTH} are allowed")
    if not written.startswith(("[", "(")):
        return VersionRange(_parse_bound(written, text), None, include_min=True, include_max=False, written=written)
    if not written.endswith(("]", ")")):
        raise _refuse(text, "the closing bracket is missing")
    parts = written[1:-1].split(",")
    if len(parts) > 2 or not any(parts):
        raise _refuse(text, "the brackets must contain one version, or two with a comma")
    if len(parts) == 1:
        return _parse_exact(written, text)
    low, high = (_parse_bound(part, text) if trim(part) else None for part in parts)
    include_min, include_max = low is not None and written[0] == "[", high is not None and written[-1] == "]"
    if low is not None and high is not None:
        _check_order(low, high, is_closed=include_min and include_max, text=text)
    return VersionRange(low, high, include_min, include_max, written)


def _parse_exact(written: str, text: str) -> VersionRange:
    if (written[0], written[-1]) != ("[", "]"):
        raise _refuse(text, "a single version needs square brackets on both sides")
    version = _parse_bound(written[1:-1], text)
    return VersionRange(version, version, include_min=True, include_max=True, written=written)


def _parse_bound(text: str, range_text: str) -> Version:
    try:
        return parse_version(text)
    except InvalidVersion:
        raise _refuse(range_text, f"{quote(text.strip())} is not a version") from None


def _check_order(low: Version, high: Version, *, is_closed: bool, text: str) -> None:
    if low.sort_key > high.sort_key:
        raise _refuse(text, "the lower bound is above the upper one")
    if low.sort_key == high.sort_key and not is_closed:
        raise _refuse(text, "no version lies between equal bounds unless both are included")


def _refuse(text: str, reason: str) -> InvalidVersionRange:
    return InvalidVersionRange(
        f"{quote(text)} is not a valid version range: {reason}. Use 1.0, [1.0], [1.0, 2.0) and so on, without '*'."
    )
