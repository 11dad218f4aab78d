"""Parses the credentials in a request, without checking them: Authorization, API key and cookies.

An empty, malformed or repeated header counts as missing, not as a failed attempt. # quirk: without configured
credentials, dotnet and nuget.exe answer a Basic challenge with an empty name and an empty password (`Og==`).
"""

from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.web.base_url import BaseUrl, Scope

SESSION_COOKIE: Final = "motherlode-session"
"""The cookie with the secret of a session. From other sites, browsers send it only when the user follows a link
(SameSite=Lax)."""
FORM_COOKIE: Final = "motherlode-form"
"""The cookie with the secret behind the sign-in form. From other sites, browsers never send it (SameSite=Strict)."""
_AUTHORIZATION: Final = b"authorization"
_KEY_HEADER: Final = b"x-nuget-apikey"
_MAX_BYTES: Final = 4_096
"""Max bytes of an Authorization header: enough for the longest name and password."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and a password (RFC 7617)."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token (RFC 6750)."""

    token: str


Credential = Basic | Bearer


def find_authorization(scope: Scope) -> bytes | None:
    """Return the Authorization header as sent, or None if it is missing, repeated or too long."""
    values = [value for name, value in scope["headers"] if name == _AUTHORIZATION]
    return bytes(values[0]) if len(values) == 1 and len(values[0]) <= _MAX_BYTES else None


def parse_authorization(value: bytes) -> Credential | None:
    """Return the credential in an Authorization header, or None if the header is not valid or has another scheme."""
    scheme, _, rest = value.strip().partition(b" ")
    text = rest.strip()
    match scheme.lower():
        case b"basic":
            return _parse_basic(text)
        # quirk: Paket's `config add-token` sends `Authorization: token KEY`
        case b"bearer" | b"token" if text and text.isascii():
            return Bearer(text.decode("ascii"))
        case _:
            return None


def sent_keys(scope: Scope) -> list[bytes]:
    """Return the API keys in X-NuGet-ApiKey headers, as sent; an empty header counts as an empty key."""
    return [bytes(value).strip() for name, value in scope["headers"] if name == _KEY_HEADER]


def find_cookie(scope: Scope, name: str) -> str | None:
    """Return the value of a cookie, or None. If several have that name, return the first: its path is the longest
    (RFC 6265)."""
    wanted = name.encode("ascii")
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in bytes(value).split(b";"):
                said, _, held = pair.strip().partition(b"=")
                if said == wanted:
                    return held.decode("latin-1")
    return None


def keep_session(site: BaseUrl, secret: str, lifetime_s: int) -> str:
    """Return the Set-Cookie that stores a session's secret for `lifetime_s`, only for this site and not for scripts."""
    return f"{SESSION_COOKIE}={secret}; Max-Age={lifetime_s}; SameSite=Lax{_bounds(site)}"


def keep_form_secret(site: BaseUrl, secret: str) -> str:
    """Return the Set-Cookie that stores the secret behind a form until the browser is closed."""
    return f"{FORM_COOKIE}={secret}; SameSite=Strict{_bounds(site)}"


def drop_cookie(site: BaseUrl, name: str) -> str:
    """Return the Set-Cookie that deletes a cookie."""
    return f"{name}=; Max-Age=0; SameSite=Lax{_bounds(site)}"


def _bounds(site: BaseUrl) -> str:
    """Return the attributes that limit a cookie: to paths below the site's prefix, and to https if the site uses it."""
    secure = "; Secure" if site.root.startswith("https:") else ""
    return f"; Path={site.prefix or '/'}; HttpOnly{secure}"


def _parse_basic(encoded: bytes) -> Basic | None:
    try:
        login = parse_by(b64decode, encoded, validate=True)
    except Unreadable:
        return None
    user, colon, password = _decode_login(login).partition(":")
    return Basic(user, password) if colon and (user or password) else None


def _decode_login(login: bytes) -> str:
    """Decode a login as UTF-8, as the challenge asks for. # quirk: older clients under mono and curl on a Latin-1
    terminal send Latin-1 anyway; hardly any Latin-1 text is also valid UTF-8."""
    try:
        return login.decode("utf-8")
    except UnicodeDecodeError:
        return login.decode("latin-1")
