"""Unicode's normal forms (UAX #15), in time that grows with the text and not faster.

The library puts each run of combining marks in order by insertion, so that a name of 65,000 marks takes three seconds.
Here long runs are put in order first, by a stable sort on the same number, which leaves it nothing to do.
Invariant: the result is the one that `unicodedata.normalize` gives, for every text.
"""

import re
import unicodedata
from functools import lru_cache, partial
from typing import Final, Literal

Form = Literal["NFC", "NFKC"]

_LONG: Final = 31
"""Marks in a row: one more than UAX #15 knows in any language (13), or allows in its Stream-Safe Text Format."""
_FIRST_MARK, _BEHIND_MARKS = 0x300, 0x20000
_DECOMPOSED: Final[dict[Form, Literal["NFD", "NFKD"]]] = {"NFC": "NFD", "NFKC": "NFKD"}


def normalize(form: Form, text: str) -> str:
    """The text in that normal form."""
    if text.isascii():
        return text
    return unicodedata.normalize(form, _long_runs(form).sub(partial(_put_in_order, form), text))


def _put_in_order(form: Form, run: re.Match[str]) -> str:
    decomposed = "".join(map(_decomposer(form), run[0]))
    return "".join(sorted(decomposed, key=unicodedata.combining))


@lru_cache
def _long_runs(form: Form) -> re.Pattern[str]:
    """Finds runs of characters that are nothing but marks once they are decomposed."""
    decompose = _decomposer(form)
    marks = (chr(code) for code in range(_FIRST_MARK, _BEHIND_MARKS) if unicodedata.combining(decompose(chr(code))[0]))
    return re.compile(f"[{''.join(marks)}]{{{_LONG},}}")


@lru_cache
def _decomposer(form: Form) -> "partial[str]":
    return partial(unicodedata.normalize, _DECOMPOSED[form])
