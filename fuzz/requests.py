"""Requests to a server, by number: pushes in good and bad forms, addresses and headers of scraps, searches, changes.

Invariant: a request is made of the seed and its number alone, so that each can be sent again without those before it.
"""

import random
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fuzz.nonsense import SCRAPS, make_nonsense
from fuzz.packages import make_package

PUSH_PATHS: Final = ("/api/v2/package", "/api/v2/package/", "/api/v2", "/feeds/default/api/v2/package/")
_WORDS: Final = (
    "acme",
    "json",
    '"a b"',
    "tags:",
    "id:x",
    "packageid:",
    "owner:",
    "AND",
    "*",
    "\u0130",
    "-",
    "c#",
    "é" * 50,
)
_BOUNDARY: Final = "-" * 24 + "7f3a"
_FORM_TYPE: Final = f'multipart/form-data; boundary="{_BOUNDARY}"'


@dataclass(frozen=True, slots=True)
class Request:
    """One request as bytes; an `is_honest` one is HTTP as it should be, and must be answered."""

    octets: bytes
    is_honest: bool = False

    @property
    def method(self) -> str:
        """Its method as written."""
        return self.octets.partition(b" ")[0].decode("latin-1")


def make_request(seed: int, number: int, key: str) -> Request:
    """The request of that number."""
    noise = random.Random(f"{seed}-{number}")
    kind = noise.random()
    if kind < 0.5:
        return _push(noise, key, is_honest=True)
    if kind < 0.7:
        return _push(noise, key, is_honest=False)
    if kind < 0.8:
        return _search(noise)
    if kind < 0.85:
        return _change(noise, key)
    return Request(make_nonsense(noise, key))


def make_push(package: bytes, key: str) -> Request:
    """An honest push of a package."""
    body = _form(package)
    return Request(_request("PUT", PUSH_PATHS[0], _headers(key, _FORM_TYPE, body)) + body, is_honest=True)


def _push(noise: random.Random, key: str, *, is_honest: bool) -> Request:
    package = make_package(noise)
    body, content_type = (_form(package), _FORM_TYPE) if noise.random() < 0.8 else (package, "application/octet-stream")
    headers = _headers(key, content_type, body)
    if not is_honest:
        body = _spoil_body(noise, body)
        headers = _spoil_headers(noise, headers, len(body))
    return Request(_request("PUT", noise.choice(PUSH_PATHS), headers) + body, is_honest=is_honest)


def _headers(key: str, content_type: str, body: bytes) -> list[str]:
    return [f"X-NuGet-ApiKey: {key}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]


def _form(package: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name=package; filename=package.nupkg\r\n\r\n"
    return head.encode() + package + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _spoil_body(noise: random.Random, body: bytes) -> bytes:
    way = noise.randrange(6)
    if way == 0:
        return body[: noise.randrange(len(body) + 1)]
    if way == 1:
        return body.replace(b"\r\n", noise.choice((b"\n", b"\r", b"\r\r\n")), noise.randrange(1, 9))
    if way == 2:
        return body.replace(_BOUNDARY.encode(), noise.choice(SCRAPS).encode(), noise.randrange(1, 3))
    if way == 3:
        start = noise.randrange(len(body) + 1)
        return body[:start] + noise.randbytes(noise.randrange(64)) + body[start:]
    if way == 4:
        return body + body
    return body


def _spoil_headers(noise: random.Random, headers: list[str], size: int) -> list[str]:
    framing = noise.choice(
        (
            *[f"Content-Length: {size}"] * 5,
            f"Content-Length: {size + noise.randrange(-20, 20)}",
            f"Content-Length: {noise.choice(SCRAPS)}",
            "Transfer-Encoding: chunked",
            f"Content-Length: {size}\r\nContent-Length: {size}",
            "Expect: 100-continue\r\nContent-Length: " + str(size),
        )
    )
    others = [header for header in headers[:2] if noise.random() < 0.8]
    extra = noise.choice(("", "Content-Encoding: gzip", "X-NuGet-ApiKey: wrong", "X-NuGet-Protocol-Version: 4.1.0"))
    return [*others, framing, *([extra] if extra else [])]


def _search(noise: random.Random) -> Request:
    text = " ".join(noise.choice((*_WORDS, *SCRAPS)) for _ in range(noise.randrange(6)))
    values = ("0", "7", "-1", "true", "2.0.0", "99999999999", *SCRAPS)
    names = [name for name in ("skip", "take", "prerelease", "semVerLevel", "packageType") if noise.random() < 0.4]
    parameters = [f"{noise.choice(('q', 'id'))}={quote(text)}"]
    parameters += [f"{name}={quote(noise.choice(values))}" for name in names]
    path = f"/v3/{noise.choice(('search', 'autocomplete'))}?{'&'.join(parameters)}"
    return Request(_request("GET", path, []), is_honest=True)


def _change(noise: random.Random, key: str) -> Request:
    name = quote(noise.choice(("acme.widgets", "Acme.Widgets", "fuzz.1", noise.choice(SCRAPS))), safe="")
    version = quote(noise.choice(("1.0.0", "1", "01.0.0+x", noise.choice(SCRAPS))), safe="")
    method = noise.choice(("DELETE", "POST"))
    headers = [f"X-NuGet-ApiKey: {key}", "Content-Length: 0"]
    return Request(_request(method, f"/api/v2/package/{name}/{version}", headers), is_honest=True)


def _request(method: str, path: str, headers: list[str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1", errors="replace")
