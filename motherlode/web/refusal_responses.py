"""The one place where a `Refusal` becomes a response.

Clients look in different places, so the response carries the message three times: in the status, in X-NuGet-Warning
(dotnet and nuget.exe print it and never read the body), and in a JSON problem that begins with the message (Paket
prints the raw body).
"""

import json
from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from motherlode.domain import refusals
from motherlode.domain.refusals import Refusal
from motherlode.nuget.faults import Fault
from motherlode.nuget.quoting import printable

_STATUS: Final[dict[type[Refusal], int]] = {
    refusals.Invalid: 400,
    refusals.EncodedBody: 415,
    refusals.AddressTooLong: 414,
    refusals.PackageTooLarge: 413,
    refusals.FormTooLarge: 413,
    refusals.FormRefused: 403,
    refusals.InvalidRange: 416,
    refusals.SignInNeeded: 401,
    refusals.KeyMissing: 401,
    refusals.KeyRefused: 403,
    refusals.NotAllowed: 403,
    refusals.NotFound: 404,
    refusals.MethodRefused: 405,
    refusals.AlreadyExists: 409,
    refusals.FeedExists: 409,
    refusals.FeedNotEmpty: 409,
    refusals.DefaultFeedKept: 409,
    refusals.AccountExists: 409,
    refusals.LastOwner: 409,
    refusals.SlowBody: 408,
    refusals.OlderData: 503,
    refusals.NewerData: 503,
    refusals.DatabaseUnusable: 503,
    refusals.DatabaseExists: 409,
    refusals.DatabaseMissing: 503,
    refusals.DatabaseStale: 503,
    refusals.Busy: 503,
    refusals.StorageFull: 507,
    refusals.InternalError: 500,
    Refusal: 400,
}
_BASIC: Final = 'Basic realm="Motherlode", charset="UTF-8"'
_BEARER: Final = 'Bearer realm="Motherlode"'
"""The challenge for browsers: no browser opens a dialog for it."""
_API_KEY: Final = 'ApiKey realm="Motherlode"'
MAX_WARNING_BYTES: Final = 2048
_MAX_LINE: Final = 500
_RETRY_AFTER_S: Final = 3
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
"""One encoder for all responses: `json.dumps` with options makes a new one for each call."""


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal: the status of its nearest class in the table."""
    return next(_STATUS[kind] for kind in type(refusal).__mro__ if kind in _STATUS)


def headers_of(refusal: Refusal, *, is_browser: bool) -> Iterator[tuple[str, str]]:
    """Yield the headers that every response to the refusal needs. With `is_browser`, no challenge in them makes a
    browser open its own login dialog."""
    match refusal:
        case refusals.KeyMissing(may_sign_in=may_sign_in):
            # a Basic challenge makes clients without a login send the whole package twice
            yield "WWW-Authenticate", _BASIC if may_sign_in and not is_browser else _API_KEY
        case refusals.SignInNeeded():
            yield "WWW-Authenticate", _BEARER if is_browser else _BASIC
            if isinstance(refusal, refusals.SignInRefused) and refusal.retry_after_s is not None:
                yield "Retry-After", str(refusal.retry_after_s)
        case refusals.MethodRefused(allowed=allowed):
            yield "Allow", ", ".join(allowed)
        case refusals.InvalidRange(size=size):
            yield "Content-Range", f"bytes */{size}"
        case refusals.Busy():
            yield "Retry-After", str(_RETRY_AFTER_S)
        case _:
            return


def problem_response(refusal: Refusal, *, request_id: str, is_write: bool, is_browser: bool = False) -> Response:
    """Return the refusal as `application/problem+json`.

    `is_write` is for push, delete and relist, whose clients print X-NuGet-Warning. With `is_browser`, no challenge
    makes a browser open its own login dialog."""
    headers = {"Cache-Control": "no-store"} | dict(headers_of(refusal, is_browser=is_browser))
    if not is_write:
        headers["Access-Control-Allow-Origin"] = "*"
    response = Response(_problem(refusal, request_id), status_of(refusal), headers, "application/problem+json")
    if is_write:
        for line in warning_lines(_sentences(refusal)):
            response.headers.append("X-NuGet-Warning", line)
    return response


def warning_lines(sentences: list[str], *, rest: str = "faults: the response body lists them all") -> list[str]:
    """X-NuGet-Warning values for the sentences: ASCII, one line each, at most 2 KB in total.

    If some do not fit, the last line gives the number left out; `rest` says what they are and where to find all."""
    lines = [_as_header(sentence) for sentence in sentences]
    taken: list[str] = []
    room = MAX_WARNING_BYTES - 100
    for line in lines:
        if taken and len(line) > room:
            taken.append(f"There are {len(lines) - len(taken)} more {rest}.")
            break
        taken.append(line)
        room -= len(line)
    return taken


def sentence_of(refusal: Refusal) -> str:
    """Return the message for clients; details of server faults stay in the log."""
    return refusal.public or str(refusal)


def _sentences(refusal: Refusal) -> list[str]:
    if len(refusal.faults) > 1:
        return [fault.message for fault in refusal.faults]
    return [sentence_of(refusal)]


def _as_header(sentence: str) -> str:
    """Return the sentence as one line of printable ASCII: anything else breaks the header or its reader."""
    words = sentence.encode("ascii", "backslashreplace").decode("ascii").split()
    line = "".join(character if 32 <= ord(character) < 127 else "?" for character in " ".join(words))
    return line if len(line) <= _MAX_LINE else line[: _MAX_LINE - 3] + "..."


def describe_fault(fault: Fault) -> dict[str, str]:
    """Return a fault as JSON for programs."""
    return {"code": fault.code, "message": printable(fault.message)}


def _problem(refusal: Refusal, request_id: str) -> bytes:
    problem: dict[str, object] = {
        "detail": printable(sentence_of(refusal)),
        "type": "about:blank",
        "title": refusal.title,
        "status": status_of(refusal),
        "code": refusal.code,
    }
    if len(refusal.faults) > 1:
        problem["faults"] = [describe_fault(fault) for fault in refusal.faults]
    problem["request_id"] = request_id
    return _encode(problem).encode("utf-8", "backslashreplace")
