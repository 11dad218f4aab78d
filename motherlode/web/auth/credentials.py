"""What a request says of who sends it: Authorization, API key and cookies, taken apart and not judged.

A header that is empty, malformed or there twice says nothing: it is no failed try either. # quirk: dotnet and nuget.exe
answer a Basic challenge with an empty name and an empty password (`Og==`) where no credentials are configured.
"""

from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.web.base_url import BaseUrl, Scope

SESSION_COOKIE: Final = "motherlode-session"
"""Holds the secret of a session. Sent along when somebody follows a link from elsewhere, and with nothing else that
another site begins."""
FORM_COOKIE: Final = "motherlode-form"
"""Holds the secret behind the form that signs in. Never sent along with what another site begins."""
_AUTHORIZATION: Final = b"authorization"
_KEY_HEADER: Final = b"x-nuget-apikey"
_MAX_BYTES: Final = 4_096
"""Of an Authorization header: the longest name and password that can be, and room."""


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
    """The Authorization header as it was sent, None where there is none, or more than one."""
    values = [value for name, value in scope["headers"] if name == _AUTHORIZATION]
    return bytes(values[0]) if len(values) == 1 and len(values[0]) <= _MAX_BYTES else None


def parse_authorization(value: bytes) -> Credential | None:
    """What an Authorization header says, None where it says nothing that could be judged."""
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
    """The API keys in the header for them, as they were sent; a header that is there and empty is an empty one."""
    return [bytes(value).strip() for name, value in scope["headers"] if name == _KEY_HEADER]


def find_cookie(scope: Scope, name: str) -> str | None:
    """The value of a cookie; of several with that name the first, which was set for the longest path (RFC 6265)."""
    wanted = name.encode("ascii")
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in bytes(value).split(b";"):
                said, _, held = pair.strip().partition(b"=")
                if said == wanted:
                    return held.decode("latin-1")
    return None


def keep_session(site: BaseUrl, secret: str, lifetime_s: int) -> str:
    """What to set so that the browser holds a session's secret for so long, for this site alone and for no script."""
    return f"{SESSION_COOKIE}={secret}; Max-Age={lifetime_s}; SameSite=Lax{_bounds(site)}"


def keep_form_secret(site: BaseUrl, secret: str) -> str:
    """What to set so that the browser holds the secret behind a form until it is closed."""
    return f"{FORM_COOKIE}={secret}; SameSite=Strict{_bounds(site)}"


def drop_cookie(site: BaseUrl, name: str) -> str:
    """What to set so that the browser holds that cookie no longer."""
    return f"{name}=; Max-Age=0; SameSite=Lax{_bounds(site)}"


def _bounds(site: BaseUrl) -> str:
    """Where a cookie is sent to: to paths below the site's prefix, and over https where the site is reached so."""
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
    """The text of a login: UTF-8, as the challenge asks for. # quirk: older clients under mono and curl on a Latin-1
    terminal send Latin-1 all the same; hardly any text in that is valid UTF-8 too."""
    try:
        return login.decode("utf-8")
    except UnicodeDecodeError:
        return login.decode("latin-1")
