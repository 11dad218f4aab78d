"""Requests that no client sends: addresses, methods and headers of scraps."""

import random

PATHS = (
    "/",
    "/v3/index.json",
    "/v3/flat/acme.widgets/index.json",
    "/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg",
    "/v3/flat/acme.widgets/1.0.0/readme",
    "/v3/registration-gz-semver2/acme.widgets/index.json",
    "/v3/registration/acme.widgets/page/1.0.0/2.0.0.json",
    "/v3/registration/acme.widgets/1.0.0.json",
    "/v3/catalog/data/acme.widgets/1.0.0.json",
    "/api/v2/package",
    "/api/v2/package/acme.nothing/1.0.0",
    "/feeds/default/v3/index.json",
    "/health/ready",
)
METHODS = ("GET", "GET", "GET", "HEAD", "PUT", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "BREW", "get", "\x80")
SCRAPS = (
    *("%00", "%2f", "%5c", "..", "/../", "//", "%ff", "%C3%A4", "%E2%80%AE", "%F0%9F%98%80", "%ED%A0%80", "%", "%zz"),
    *(
        "1.0.0",
        "-",
        "+",
        "*",
        "[1.0,2.0)",
        "{id}",
        "';--",
        "\\",
        ":",
        "?a=b",
        "#x",
        "A" * 3000,
        "9" * 400,
        "~",
        "%0d%0a",
    ),
)
HEADERS = (
    "Range: bytes={scrap}-{scrap}",
    "Range: bytes=99999999999999999999-1",
    "If-None-Match: {scrap}",
    "If-Range: {scrap}",
    "If-Modified-Since: {scrap}",
    "Accept-Encoding: {scrap};q={scrap}, gzip;q=x",
    "Accept: {scrap}",
    "Host: {scrap}",
    "X-Forwarded-For: {scrap}",
    "X-Forwarded-Host: {scrap}",
    "Authorization: Basic {scrap}",
    "X-NuGet-ApiKey: {scrap}",
    "X-NuGet-ApiKey: {key}",
    "Content-Type: multipart/form-data; boundary={scrap}",
    'Content-Type: multipart/form-data; boundary="b',
    "Content-Encoding: {scrap}",
    "Content-Length: {scrap}",
    "Transfer-Encoding: {scrap}",
    "Expect: {scrap}",
    "Connection: {scrap}",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "Cookie: {scrap}",
    "{scrap}: {scrap}",
)


def make_nonsense(noise: random.Random, key: str) -> bytes:
    """One request, down to its bytes; it asks that the connection be closed."""
    path = noise.choice(PATHS)
    for _ in range(noise.randrange(4)):
        at = noise.randrange(1, len(path) + 1)
        path = path[:at] + noise.choice(SCRAPS) + path[at + noise.randrange(3) :]
    body = noise.choice([b"", b"", noise.randbytes(noise.randrange(3000)), b"--b\r\n\r\nPK\x05\x06", b"PK\x03\x04" * 9])
    lines = [f"{noise.choice(METHODS)} {path} HTTP/1.1", "Connection: close", f"X-NuGet-ApiKey: {key}"]
    templates = noise.sample(HEADERS, noise.randrange(5))
    lines += [template.replace("{scrap}", noise.choice(SCRAPS)).replace("{key}", key) for template in templates]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
