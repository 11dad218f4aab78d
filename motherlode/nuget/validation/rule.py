"""What a rule is, and all that it may look at.

Invariant: a rule is a pure function of its `Subject`. It finds every fault of its kind in time that grows with the
package and not faster, and its sentences tell a publisher what is wrong and what to change.
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
    """How closely a feed judges: as the public gallery does, or so that all passes that clients can restore."""

    GALLERY = "gallery"
    LENIENT = "lenient"


class Severity(StrEnum):
    """Where breaking a rule is a reason to refuse: on every feed, on strict ones, or nowhere (then it is only told)."""

    ALWAYS = "always"
    GALLERY = "gallery"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Subject:
    """A package under judgement.

    `text` is the nuspec, `metadata` its `<metadata>`, `package` what they mean; the package's id and version stand for
    nothing where `identity` is None. Of a nuspec that cannot be read they are empty, and only the rules of entries ask.
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
        """The file of that role, if the package names one."""
        return next((each for each in self.embedded if each.role is role), None)

    def find_element(self, name: str) -> RawElement | None:
        """The first element of exactly that name in the metadata."""
        return next(iter(self.metadata.children_named(name)), None)

    def text_of(self, name: str) -> str:
        """The text of the first element of that name, in any letter case, trimmed; "" where there is none."""
        return self.metadata.value_of(name).strip()


Check = Callable[[Subject], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `code` is stable; `clause` says whose rule it is, `about` what breaks it, `example` shows a breach.

    `check` finds the faults; rules that are judged together share one. None: the reader finds them while it reads.
    """

    code: str
    weight: Severity
    clause: str
    about: str
    example: str
    check: Check | None = None

    def refuses(self, strictness: Strictness) -> bool:
        """Whether a feed of that strictness refuses what breaks this rule."""
        is_strict = strictness is Strictness.GALLERY
        return self.weight is Severity.ALWAYS or (is_strict and self.weight is Severity.GALLERY)


def find_faults(rules: Iterable[Rule], subject: Subject) -> list[Fault]:
    """Everything that `rules` find, whatever their weight, in their order."""
    checks = dict.fromkeys(rule.check for rule in rules if rule.check is not None)
    return [fault for check in checks for fault in check(subject)]


def length_of(text: str) -> int:
    """The characters of a text as .NET counts them (UTF-16 units), since limits are given in those."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
