"""A browser, as far as cookies and forms go: it keeps what is set, sends it back, and fills in forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlencode

from tests.support.servers import Answer, Server

FORM = "application/x-www-form-urlencoded"
TEXT_HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass
class Browser:
    """One browser at one server; `cookies` by name."""

    server: Server
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"Accept": TEXT_HTML})

    def ask(self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        """One request; redirects are not followed."""
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        sent = self.headers | (cookies if self.cookies else {}) | dict(headers)
        answer = self.server.request(method, path, body=body, headers=sent)
        for line in answer.all_headers("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """Look at a page; header names with `_` for `-`."""
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = {}) -> Answer:
        """Send a form with these fields alone."""
        return self.ask("POST", path, body=urlencode(fields).encode(), headers={"Content-Type": FORM, **headers})

    def send(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = {}) -> Answer:
        """Open the page to sign in, or the one at hand, and send its form with these fields filled in."""
        page = self.get("/sign-in" if path == "/sign-in" else "/")
        return self.post(path, {"token": token_of(page, path), **fields}, headers)

    def sign_in(self, name: str, password: str, target: str = "/") -> Answer:
        """Sign in by the form."""
        return self.send("/sign-in", {"name": name, "password": password, "next": target})

    def sign_out(self) -> Answer:
        """Sign out by the button of a page."""
        return self.send("/sign-out", {})


class _Forms(HTMLParser):
    """The hidden fields of each form, by where it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, dict[str, str]] = {}
        self._action = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = re.sub(r"^https?://[^/]+", "", said.get("action", ""))
            self.hidden.setdefault(self._action, {})
        elif tag == "input" and said.get("type") == "hidden":
            self.hidden[self._action][said["name"]] = said.get("value", "")


def hidden_of(page: Answer, action: str) -> dict[str, str]:
    """The hidden fields of the page's form that is sent to that path."""
    forms = _Forms()
    forms.feed(page.body.decode())
    return forms.hidden[action]


def token_of(page: Answer, action: str = "/sign-in") -> str:
    """The token in the page's form that is sent to that path."""
    return hidden_of(page, action)["token"]


def text_of(page: Answer) -> str:
    """The page's words, without mark-up."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.body.decode())).split())


def cookie_line(answer: Answer, name: str) -> str:
    """The Set-Cookie of that name, without its value."""
    line = next(line for line in answer.all_headers("set-cookie") if line.startswith(f"{name}="))
    return re.sub(r"=[^;]*", "=…", line, count=1)
