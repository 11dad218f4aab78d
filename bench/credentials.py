"""What a credential costs on a hot read: the application itself, without sockets, asked for the same document of a
public feed, and of a private one with a password and with a key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

from bench.feeds import settings_of
from bench.figures import Figures
from bench.ground import Ground
from bench.sign_ins import HOLDER, PASSWORD, SECLUDED, basic, open_secluded
from motherlode.app import make_app
from motherlode.domain.feed_settings import FeedPolicy
from motherlode.domain.permissions import READ
from motherlode.services import Services
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.keys.api_keys import create_key
from motherlode.usecases.sign_in.identify import CONSOLE

_PUBLIC: Final = "outward"
_REQUESTS: Final = 2000
_ROUNDS: Final = 30


@dataclass(frozen=True, slots=True)
class Credential:
    """Processor time of one request, the least of many rounds in turn; and how much more it is with a credential."""

    def measure(self, ground: Ground) -> Figures:
        """The time without, and what a password and a key add."""
        data = ground.data("small")
        app = make_app(settings_of(data))
        with open_secluded(data) as services:
            create_feed(_PUBLIC, {}, CONSOLE, defaults=FeedPolicy(), db=services.db, clock=services.clock)
            logins = {"public": None, "password": basic(HOLDER, PASSWORD), "key": basic("any", _make_key(services))}
        least = asyncio.run(_least_us(app, {name: _scope(login) for name, login in logins.items()}))
        added = {f"{name}_added_us": least[name] - least["public"] for name in ("password", "key")}
        return {"public_us": least["public"], **added}


def _make_key(services: Services) -> str:
    key = create_key("bench", CONSOLE, owner=HOLDER, rights=[READ], lifetime=None, db=services.db, clock=services.clock)
    return key.secret


def _scope(login: str | None) -> dict[str, Any]:
    headers = [(b"host", b"127.0.0.1:5555"), (b"accept-encoding", b"gzip, deflate"), (b"user-agent", b"bench")]
    if login is not None:
        headers.append((b"authorization", login.encode("ascii")))
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": f"/feeds/{SECLUDED if login else _PUBLIC}/v3/index.json",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 5555),
        "extensions": {},
    }


async def _least_us(app: Any, scopes: Mapping[str, dict[str, Any]]) -> dict[str, float]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    statuses = set()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.add(message["status"])

    least = dict.fromkeys(scopes, float("inf"))
    for _ in range(_ROUNDS):
        for name, scope in scopes.items():
            started = process_time()
            for _ in range(_REQUESTS):
                await app(scope, receive, send)
            least[name] = min(least[name], (process_time() - started) / _REQUESTS * 1e6)
    assert statuses == {200}, statuses
    return least
