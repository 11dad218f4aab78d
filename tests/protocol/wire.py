"""Requests as bytes on a socket, for what a library would mend; and the answers to them."""

import http.client
import json
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.servers import Answer, Server

GOLDEN = Path(__file__).parents[1] / "golden"


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """The next answer on the connection; it ends where its framing says."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    try:
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        response.close()


def exchange(server: Server, request: bytes) -> Answer:
    """Send bytes on a connection of their own and read one answer."""
    with server.connect() as connection:
        connection.sendall(request)
        return read_answer(connection, request.split(b" ", 1)[0].decode("latin-1"))


def request_bytes(
    method: str, path: str, *headers: str, body: bytes = b"", version: str = "1.1", host: str | None = "127.0.0.1"
) -> bytes:
    """A request as it would be sent: nothing is added but Host, and Content-Length where there is a body."""
    lines = [f"{method} {path} HTTP/{version}", *([f"Host: {host}"] if host is not None else []), *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*chunks: bytes) -> bytes:
    """A body in chunks, the empty one at its end included."""
    return b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in (*chunks, b""))


def resource_paths(server: Server) -> dict[str, str]:
    """The paths that the recorded requests leave open, as the service index of the server names them."""
    index = server.get("/v3/index.json")
    named = {resource["@type"]: urlsplit(resource["@id"]).path for resource in json_of(index)["resources"]}
    return {
        "index": "/v3/index.json",
        "flat": named["PackageBaseAddress/3.0.0"],
        "registrations": named["RegistrationsBaseUrl/3.6.0"],
        "search": named["SearchQueryService/3.0.0-beta"],
        "autocomplete": named["SearchAutocompleteService/3.0.0-rc"],
        "publish": named["PackagePublish/2.0.0"],
        "v2": "/api/v2",
        "legacy": "/api/v2/package",
    }


def golden(name: str, server: Server, *, nupkg: bytes = b"", key: str | None = None) -> bytes:
    """The recorded request of that name, aimed at the server: every byte the client's own but for what must differ."""
    recorded = (GOLDEN / f"{name}.http").read_bytes()
    head, blank, body = recorded.partition(b"\r\n\r\n")
    for place, path in resource_paths(server).items():
        head = head.replace(f"{{{place}}}".encode(), path.encode())
    # one recording (the delete at V2's address) has another placeholder than SECRET for the key
    head = re.sub(rb"(?im)^(X-NuGet-ApiKey:)[^\r]*", rb"\1 " + (key or server.key).encode(), head)
    head = re.sub(rb"(?im)^(Host:)[^\r]*", rf"\1 127.0.0.1:{server.port}".encode(), head)
    body = body.replace(b"<<<NUPKG>>>", nupkg)
    if re.search(rb"(?im)^transfer-encoding: *chunked", head):
        body = chunked(*_as_dotnet_cuts(body))
    head = re.sub(rb"(?im)^(Content-Length:)[^\r]*", rf"\1 {len(body)}".encode(), head)
    return head + blank + body


def json_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of a successful answer."""
    assert answer.status == 200, answer
    assert (answer.header("content-type") or "").startswith("application/json")
    return json.loads(answer.body)


def _as_dotnet_cuts(body: bytes) -> list[bytes]:
    """Cut as .NET does: the form's head in two pieces, the package in pieces of 128 KiB, the last delimiter alone."""
    end = body.rindex(b"\r\n--")
    middle = body[184:end]
    pieces = [middle[at : at + 131072] for at in range(0, len(middle), 131072)]
    return [piece for piece in (body[:40], body[40:184], *pieces, body[end:]) if piece]
