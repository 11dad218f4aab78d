"""Packages that were good, or bad in a known way, and then had something done to them.

Invariant: the same random numbers make the same bytes, as long as the packages to begin with are the same.
"""

import os
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from fuzz.claims import build_entries
from fuzz.nonsense import SCRAPS
from tests.support.builders import nupkg, nuspec
from tests.support.signing import sign

MAX_BASE_BYTES: Final = 100 * 1024
_TEXT = re.compile(rb">([^<]*)<")
_VALUES: Final = (
    *(b"1.0.0", b"1.0.0-a.1+b", b"[1.0,2.0)", b"1.*", b"$id$", b"true", b"https://a.example/", b"javascript:1", b""),
    *(
        "Größe\u202e\u0301".encode(),
        b"\xff\xfe",
        b"&#x10FFFF;",
        b"&lt;b&gt;",
        b"<a>",
        b"]]>",
        b"<!--",
        b"&x;",
        b"A" * 5000,
    ),
    *(scrap.encode("latin-1", errors="replace") for scrap in SCRAPS),
)


def make_package(noise: random.Random) -> bytes:
    """One package, changed or not."""
    return noise.choice(_WAYS)(noise)


@cache
def bases() -> Sequence[bytes]:
    """The packages to begin with: a few of our own, and the small ones among the bad and odd, where these are here."""
    folder = os.environ.get("MOTHERLODE_PACKAGES")
    kept = [path for name in ("bad", "made") for path in sorted(Path(folder, name).glob("*.nupkg"))] if folder else []
    small = [path.read_bytes() for path in kept if path.stat().st_size <= MAX_BASE_BYTES]
    named = nuspec(more='<license type="expression">MIT</license><icon>i.png</icon><readme>r.md</readme>')
    files = {"i.png": b"\x89PNG\r\n\x1a\n" + bytes(99), "r.md": b"# Read me", "lib/net8.0/a.dll": b"MZ" + bytes(999)}
    return [nupkg(), nupkg(nuspec=named, files=files), sign(nupkg()), nupkg(payload_bytes=70_000), *small]


def _take(noise: random.Random) -> bytes:
    return noise.choice(bases())


def _flip(noise: random.Random) -> bytes:
    package = bytearray(_take(noise))
    for _ in range(noise.randrange(1, 9) if package else 0):
        package[noise.randrange(len(package))] = noise.randrange(256)
    return bytes(package)


def _cut(noise: random.Random) -> bytes:
    package = _take(noise)
    return package[: noise.randrange(len(package) + 1)]


def _repeat(noise: random.Random) -> bytes:
    package = _take(noise)
    start, stop = sorted(noise.randrange(len(package) + 1) for _ in range(2))
    return package[:stop] + package[start:stop] * noise.randrange(1, 4) + package[stop:]


def _join(noise: random.Random) -> bytes:
    first, second = _take(noise), _take(noise)
    return first[: noise.randrange(len(first) + 1)] + second[noise.randrange(len(second) + 1) :]


def _rewrite(noise: random.Random) -> bytes:
    """A sound archive around a nuspec of which some texts were exchanged; often of an id of its own."""
    package_id, version = f"Fuzz.{noise.randrange(10**9)}", f"{noise.randrange(9)}.{noise.randrange(9)}.0"
    document = nuspec(
        package_id,
        version,
        groups={"net8.0": {"Other": "1.0"}, None: {"Third": "[1.0,2.0)"}},
        tags="a b",
        title="Title",
        projectUrl="https://a.example/",
        more='<license type="expression">MIT</license><packageTypes><packageType name="Dependency"/></packageTypes>',
    )
    for _ in range(noise.randrange(4)):
        found = noise.choice([*_TEXT.finditer(document)] or [None])
        if found is not None:
            document = document[: found.start(1)] + noise.choice(_VALUES) + document[found.end(1) :]
    if noise.random() < 0.2:
        document = document.replace(noise.choice((b"1.0", b"net8.0", b"Other", b"MIT")), noise.choice(_VALUES))
    return nupkg(package_id, nuspec=document)


def _assemble(noise: random.Random) -> bytes:
    return build_entries(noise.randbytes(noise.randrange(200)))


def _sign(noise: random.Random) -> bytes:
    signed = bytearray(sign(nupkg(f"Fuzz.{noise.randrange(10**9)}")))
    if noise.random() < 0.7:
        signed[noise.randrange(len(signed))] ^= 1 << noise.randrange(8)
    return bytes(signed)


_WAYS: Final[Sequence[Callable[[random.Random], bytes]]] = (
    *(_take, _flip, _flip, _cut, _repeat, _join, _rewrite, _rewrite, _rewrite, _assemble, _sign),
)
