"""Made-up packages by the thousand, whose words are as unevenly spread as those of real ones.

The same number always makes the same package. Some hundred words are everywhere, thousands are
rare, and an id is two to four of them.
"""

import random
import re
from itertools import accumulate

from tests.support.builders import nupkg

_SYLLABLES = tuple(re.findall("..", "bacodaelfigohuinjakilomunaorpequrasetiumvawixeyoza"))
COMMON = re.findall(
    r"\w+",
    "Core Data Json Http Client Server Logging Testing Sql Cache Web Api Xml Text Async Auth Cloud Queue Event Graph "
    "Image Mail Math Net Parser Pdf Rest Rpc Rule Schema Search Security Serial Session Socket Storage Stream String "
    "Sync Task Template Thread Time Token Tools Trace Unit Url Validation View Xaml Zip",
)


def _words(count: int) -> list[str]:
    chosen = random.Random(1)
    rare = ("".join(chosen.choices(_SYLLABLES, k=chosen.choice((2, 3, 4)))).capitalize() for _ in range(2 * count))
    return list(dict.fromkeys([*COMMON, *rare]))[:count]


WORDS = _words(4000)
"""From the most to the least frequent."""
_WEIGHTS = list(accumulate(1 / (rank + 10) for rank in range(len(WORDS))))


def package_id(number: int) -> str:
    """The id of a made-up package; ids differ by their number."""
    return _id(number, random.Random(number))


def package(number: int) -> bytes:
    """A package of about a kilobyte."""
    chosen = random.Random(number)
    name = _id(number, chosen)
    text = chosen.choices(WORDS, cum_weights=_WEIGHTS, k=25)
    return nupkg(
        name,
        f"{chosen.randrange(9)}.{chosen.randrange(20)}.{chosen.randrange(10)}",
        title=name.replace(".", " "),
        description=" ".join(text).lower() + ".",
        tags=" ".join(text[:4]).lower(),
        authors=f"{text[5]} {text[6]}",
        dependencies={"Acme.Ten": "[1.0.0, )"},
    )


def _id(number: int, chosen: random.Random) -> str:
    name = ".".join(chosen.choices(WORDS, cum_weights=_WEIGHTS, k=chosen.choice((1, 2, 2, 3))))
    return f"{name}.N{number}"
