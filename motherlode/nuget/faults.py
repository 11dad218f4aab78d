"""What can be wrong with a package, as data: a stable code, and a sentence for its publisher."""

from dataclasses import dataclass
from typing import Final

MAX_FAULTS: Final = 100
"""At most this many faults of a package are reported: nobody reads more, and a hostile package has any number."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a package: `code` is stable, `message` is a sentence for its publisher."""

    code: str
    message: str


class FaultyPackage(ValueError):
    """The package cannot be read or breaks rules; `faults` lists what is wrong, never empty."""

    def __init__(self, faults: tuple[Fault, ...] | list[Fault]) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults[:MAX_FAULTS])
