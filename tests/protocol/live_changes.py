"""Changes made beside a running server: by the same use cases as commands, on the same data folder."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from motherlode.app import open_house
from motherlode.config import load_settings
from motherlode.identity.keys import digest_of
from motherlode.services import Services
from motherlode.store.accounts import api_keys
from motherlode.store.audit import log as audit
from motherlode.store.audit.log import AuditLine
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.feeds.feeds import change_feed
from motherlode.usecases.feeds.roles import grant_role
from motherlode.usecases.keys.api_keys import create_key
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.support.leaks import new_password
from tests.support.servers import Server

FOREVER = None
A_MONTH = timedelta(days=30)


@contextmanager
def beside(server: Server) -> Iterator[Services]:
    """The house of the server's data, opened once more."""
    services = open_house(load_settings({}, data=server.data))
    try:
        yield services
    finally:
        services.close()


def change(server: Server, use_case: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Let the console do it."""
    with beside(server) as services:
        return use_case(*args, CONSOLE, **kwargs, db=services.db, clock=services.clock)


def set_feed(server: Server, feed: str, **settings: str) -> None:
    """Set something of a feed."""
    change(server, change_feed, feed, settings)


def add_user(server: Server, name: str, **roles: str) -> str:
    """A new user with these roles, by feed; returns his password."""
    password = new_password()
    change(server, create_account, name, password=password)
    for feed, role in roles.items():
        change(server, grant_role, feed, name, role)
    return password


def add_key(server: Server, owner: str | None = None, *, lifetime: timedelta | None = A_MONTH, **limits: Any) -> str:
    """A new key of the user, or of nobody."""
    return str(change(server, create_key, "of a test", owner=owner, lifetime=lifetime, **limits).secret)


def key_id_of(server: Server, secret: str) -> str:
    """The id of a key."""
    with beside(server) as services, services.db.read() as tx:
        row = api_keys.find_by_hash(tx, digest_of(secret.encode()))
    assert row is not None
    return row.id


def audit_lines(server: Server, **filters: Any) -> list[AuditLine]:
    """The lines of the audit log, oldest first."""
    with beside(server) as services, services.db.read() as tx:
        return audit.find(tx, **filters)


def basic(user: str, password: str) -> dict[str, str]:
    """A login as header."""
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    """A token as header."""
    return {"Authorization": f"Bearer {token}"}
