"""Faults of a package as data: a stable code, and a message for the publisher."""

from dataclasses import dataclass
from typing import Final

MAX_FAULTS: Final = 100
"""Max faults reported for one package; a hostile package can have any number."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a package: `code` is stable, `message` tells the publisher what to change."""

    code: str
    message: str


class FaultyPackage(ValueError):
    """The package cannot be read or breaks rules; `faults` has at most `MAX_FAULTS` faults and is never empty."""

    def __init__(self, faults: tuple[Fault, ...] | list[Fault]) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults[:MAX_FAULTS])
