"""What a rule is, and what it can use.

Invariant: a rule is a pure function of its `Subject`. It finds every fault of its kind in time that grows no faster
than the package, and its messages tell the publisher what is wrong and what to change.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from motherlode.nuget.archive.zip_reader import Entry
from motherlode.nuget.embedded_files import Embedded, Role
from motherlode.nuget.faults import Fault
from motherlode.nuget.limits import Limits
from motherlode.nuget.nuspec.nuspec_xml import RawElement
from motherlode.nuget.package import Identity, Package


class Strictness(StrEnum):
    """How strictly a feed validates: like the public gallery, or accepting everything that clients can restore."""

    GALLERY = "gallery"
    LENIENT = "lenient"


class Severity(StrEnum):
    """Which feeds refuse a package that breaks a rule: all feeds, strict feeds, or none (it is only a warning)."""

    ALWAYS = "always"
    GALLERY = "gallery"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Subject:
    """A package being validated.

    `text` is the nuspec, `metadata` its `<metadata>`, `package` their values; where `identity` is None, the package's
    id and version are placeholders. If the nuspec cannot be read, all three are empty and only the rules for entries
    run.
    """

    text: str
    metadata: RawElement
    package: Package
    identity: Identity | None
    entries: tuple[Entry, ...]
    embedded: tuple[Embedded, ...]
    is_signed: bool
    now: datetime
    limits: Limits

    def find_embedded(self, role: Role) -> Embedded | None:
        """Return the file with that role, or None if the package does not name one."""
        return next((each for each in self.embedded if each.role is role), None)

    def find_element(self, name: str) -> RawElement | None:
        """Return the first element with exactly that name in the metadata, or None."""
        return next(iter(self.metadata.children_named(name)), None)

    def text_of(self, name: str) -> str:
        """Return the trimmed text of the first element with that name in any letter case, or ""."""
        return self.metadata.value_of(name).strip()


Check = Callable[[Subject], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `code` is stable, `clause` names its source, `about` says what breaks it, `example` shows a breach.

    `check` finds the faults; related rules share one. It is None if a reader finds the faults while it reads.
    """

    code: str
    weight: Severity
    clause: str
    about: str
    example: str
    check: Check | None = None

    def refuses(self, strictness: Strictness) -> bool:
        """Return whether a feed of that strictness refuses packages that break this rule."""
        is_strict = strictness is Strictness.GALLERY
        return self.weight is Severity.ALWAYS or (is_strict and self.weight is Severity.GALLERY)


def find_faults(rules: Iterable[Rule], subject: Subject) -> list[Fault]:
    """Return all faults that `rules` find, of any severity, in the order of the rules."""
    checks = dict.fromkeys(rule.check for rule in rules if rule.check is not None)
    return [fault for check in checks for fault in check(subject)]


def length_of(text: str) -> int:
    """Return the length of a text as .NET counts it, in UTF-16 units: the unit of all limits."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
