"""Reads the forms of pages: of limited size, and only from pages of this site.

Invariant: a form has an effect only if it carries the token for a cookie of the same browser, and if the browser does
not report that another site sent it. Cookies alone are never enough for a change.
"""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from motherlode.domain.refusals import FormRefused, InvalidForm
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.web.base_url import Scope, header
from motherlode.web.request import Request

MAX_FORM_BYTES: Final = 16 * 1024
_MAX_FIELDS: Final = 64
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_OWN: Final = frozenset({"same-origin", "none"})
_PORTS: Final = {"http": 80, "https": 443}

Form = dict[str, str]
"""The fields of a form by name; if a name is repeated, its first value."""


async def read_form(request: Request) -> Form:
    """Return the form in the request's body, if a page of this site sent it as far as the browser tells.

    Raises `FormRefused`, `FormTooLarge`, `InvalidForm`, and what `Body.read_form` raises."""
    if not is_own_page(request.scope, request.site.root):
        raise FormRefused
    media_type = (header(request.scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != _MEDIA_TYPE:
        raise InvalidForm(f"Forms must be sent as {_MEDIA_TYPE}. Reload the page and submit the form again.")
    return parse_form(await request.body.read_form(MAX_FORM_BYTES))


def parse_form(body: bytes) -> Form:
    """Return the fields of a UTF-8 form. Raises `InvalidForm`."""
    form: Form = {}
    try:
        fields = parse_by(
            parse_qsl, body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except (Unreadable, UnicodeDecodeError):
        raise InvalidForm(
            "The form is not valid UTF-8, or has too many fields. Reload the page and try again."
        ) from None
    for name, value in fields:
        form.setdefault(name, value)
    return form


def is_own_page(scope: Scope, root: str) -> bool:
    """Whether the form comes from a page of this site, or its origin is unknown.

    This site is `root`, or the host that the request was sent to: pages work under any name of the server. The browser
    reports the origin in Sec-Fetch-Site. If it does not send that (http to another machine), Origin is compared.
    """
    site = header(scope, b"sec-fetch-site")
    if site is not None:
        return site.strip().lower() in _OWN
    origin = header(scope, b"origin")
    asked = f"{scope['scheme']}://{header(scope, b'host') or ''}"
    return origin is None or _origin_of(origin) in {_origin_of(root), _origin_of(asked)} - {None}


def _origin_of(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        return parse_by(_take_apart, url.strip().lower())
    except Unreadable:
        return None


def _take_apart(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
