"""Feeds in plain Python: what they hold after each change, and what they refuse, by the words of the documentation.

Bytes are numbers here: a package is its name (id and version) and a number, the same on every feed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from motherlode.domain.refusals import (
    AlreadyExists,
    IdLocked,
    NoSuchId,
    NoSuchVersion,
    NotFound,
    Refusal,
    WasDeleted,
)

Name = tuple[str, str]
Refused = type[Refusal] | None
KEEP = timedelta(days=30)


@dataclass
class Held:
    """A version that readers see."""

    number: int
    listed: bool
    pushed_at: datetime


@dataclass
class Gone:
    """A version that was deleted softly; `is_kept` as long as its bytes are."""

    held: Held
    deleted_at: datetime
    is_kept: bool = True


@dataclass
class PlainFeed:
    """One feed; each verb returns how it is refused, or None once it is done."""

    delete: str = "unlist"
    overwrite: str = "never"
    held: dict[Name, Held] = field(default_factory=dict)
    gone: dict[Name, Gone] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    kinds: list[str] = field(default_factory=list)
    """The events so far."""

    def push(self, name: Name, number: int, at: datetime) -> Refused:
        """Push the package of that number."""
        if name[0] in self.locked:
            return IdLocked
        if name in self.gone:
            return WasDeleted
        if name not in self.held:
            self.held[name] = Held(number, listed=True, pushed_at=at)
            self.known.add(name[0])
            self.kinds.append("published")
            return None
        if self.overwrite == "never" or (self.overwrite == "prerelease" and "-" not in name[1]):
            return AlreadyExists
        held = self.held[name]
        if held.number != number:
            self.held[name] = Held(number, held.listed, at)
            self.kinds.append("replaced")
        return None

    def set_listed(self, name: Name, listed: bool) -> Refused:
        """Unlist or relist."""
        refused = self._refuse_change(name)
        if refused is None and self.held[name].listed != listed:
            self.held[name].listed = listed
            self.kinds.append("relisted" if listed else "unlisted")
        return refused

    def take_away(self, name: Name, at: datetime) -> Refused:
        """DELETE."""
        if self.delete == "unlist":
            return self.set_listed(name, listed=False)
        refused = self._refuse_change(name)
        if refused is None:
            held = self.held.pop(name)
            self.kinds.append("deleted")
            if self.delete == "soft":
                self.gone[name] = Gone(held, at)
        return refused

    def bring_back(self, name: Name) -> Refused:
        """Restore a version."""
        if name not in self.gone:
            return NoSuchVersion
        if not self.gone[name].is_kept:
            return NotFound
        if name[0] in self.locked:
            return IdLocked
        self.held[name] = self.gone.pop(name).held
        self.kinds.append("restored")
        return None

    def lock(self, package_id: str, *, is_locked: bool) -> Refused:
        """Lock or unlock an id."""
        if package_id not in self.known:
            return NoSuchId
        (self.locked.add if is_locked else self.locked.discard)(package_id)
        return None

    def collect(self, at: datetime) -> None:
        """Let go of the bytes whose time is up."""
        for gone in self.gone.values():
            gone.is_kept = gone.is_kept and gone.deleted_at > at - KEEP

    def needed(self) -> set[tuple[Name, int]]:
        """The packages whose bytes must be there."""
        gone = {(name, gone.held.number) for name, gone in self.gone.items() if gone.is_kept}
        return gone | {(name, held.number) for name, held in self.held.items()}

    def _refuse_change(self, name: Name) -> Refused:
        if name not in self.held:
            return NoSuchVersion
        return IdLocked if name[0] in self.locked else None
