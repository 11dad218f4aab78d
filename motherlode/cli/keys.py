"""`motherlode key`: create, list, rotate and revoke API keys."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, opened, opened_database, opened_with_settings
from motherlode.cli.output import as_time, put, put_all, tell
from motherlode.domain.permissions import RIGHTS
from motherlode.domain.units import DURATION_ALLOWED, parse_duration
from motherlode.observe.clock import SystemClock

if TYPE_CHECKING:
    from motherlode.identity.keys import NewKey
    from motherlode.store.accounts.api_keys import KeyRow

_NEVER: Final = "never"
_COLUMNS: Final = (
    "id",
    "name",
    "owner",
    "state",
    "allow",
    "globs",
    "feeds",
    "created_at",
    "expires_at",
    "last_used_at",
    "last_used_from",
)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as 'key list' shows it.")]

commands = typer.Typer(help="Create and manage API keys.", no_args_is_help=True)


def _check_lifetime(text: str | None) -> str | None:
    return text if text in {None, _NEVER} else _check_duration(str(text), f"{DURATION_ALLOWED}, or never")


def _check_overlap(text: str) -> str:
    return _check_duration(text, DURATION_ALLOWED)


def _check_duration(text: str, allowed: str) -> str:
    try:
        parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a duration; allowed: {allowed}") from error
    return text


@commands.command("create")
def create(
    *,
    name: Annotated[str, typer.Option(help="A name that says what the key is for.")],
    owner: Annotated[
        str | None,
        typer.Option(
            metavar="U",
            help="The user or service account that owns the key; the key can never do more than its owner.",
            show_default="none, the key is the server's own",
        ),
    ] = None,
    allow: Annotated[
        str, typer.Option(metavar="RIGHTS", help=f"The key's rights, separated by commas: {', '.join(RIGHTS)}.")
    ] = "push,unlist,read",
    glob: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IDS",
            help="Package ids that the key covers, such as 'Contoso.*'. Can be repeated.",
            show_default="all",
        ),
    ] = None,
    feed: Annotated[
        list[str] | None,
        typer.Option(metavar="F", help="A feed that the key works on. Can be repeated.", show_default="all"),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="90d|never",
            callback=_check_lifetime,
            help="When the key expires.",
            show_default="90d, or keys.max_lifetime if that is shorter",
        ),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Create an API key and print only the key.

    It is shown only once. It expires after 90 days unless you add --expires.
    """
    from motherlode.usecases.keys.api_keys import create_key
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened_with_settings(data, config) as (services, settings):
        max_lifetime_s = settings.keys.max_lifetime_s
        max_lifetime = None if max_lifetime_s is None else timedelta(seconds=max_lifetime_s)
        key = create_key(
            name,
            CONSOLE,
            owner=owner,
            rights=[right for right in re.split(r"[,\s]+", allow) if right],
            globs=glob or ("*",),
            feeds=feed or None,
            lifetime=_lifetime_of(expires, max_lifetime),
            max_lifetime=max_lifetime,
            db=services.db,
            clock=services.clock,
        )
    put(key.secret)
    tell(f"The id of this key is {key.id}. The key above is shown only once. {_describe_expiry(key)}")


@commands.command("list")
def show_all(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List API keys with their rights and states. The keys themselves are not stored."""
    from motherlode.store.accounts import accounts, api_keys

    with opened_database(data, config) as db, db.read() as tx:
        rows = api_keys.read_all(tx)
        names = accounts.names(tx)
    now = SystemClock().now()
    put_all([_describe(row, names, now) for row in rows], _COLUMNS, as_json=as_json)


@commands.command("rotate")
def rotate(
    key_id: IdArgument,
    *,
    overlap: Annotated[
        str, typer.Option(metavar="7d", callback=_check_overlap, help="How long the old key still works.")
    ] = "7d",
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Create a key that replaces this one, and print only the new key. The old key expires after the overlap."""
    from motherlode.usecases.keys.api_keys import rotate_key
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened_with_settings(data, config) as (services, settings):
        max_lifetime_s = settings.keys.max_lifetime_s
        max_lifetime = None if max_lifetime_s is None else timedelta(seconds=max_lifetime_s)
        span = timedelta(seconds=parse_duration(overlap))
        key = rotate_key(key_id, CONSOLE, overlap=span, max_lifetime=max_lifetime, db=services.db, clock=services.clock)
    put(key.secret)
    tell(f"The id of this key is {key.id}. The key above is shown only once. {_describe_expiry(key)}")
    tell(f"The old key {key_id} expires in {overlap} at the latest.")


@commands.command("revoke")
def revoke(key_id: IdArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Revoke an API key. The server refuses it from the next request on."""
    from motherlode.usecases.keys.api_keys import revoke_key
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        revoke_key(key_id, CONSOLE, db=services.db, clock=services.clock)
    tell(f"Revoked {key_id}.")


def _describe_expiry(key: "NewKey") -> str:
    if key.expires_at is None:
        return "It never expires."
    return f"It expires on {key.expires_at:%Y-%m-%d}: replace it before then with 'key rotate {key.id}'."


def _lifetime_of(expires: str | None, max_lifetime: timedelta | None) -> timedelta | None:
    from motherlode.usecases.keys.api_keys import DEFAULT_LIFETIME

    if expires is None:
        return DEFAULT_LIFETIME if max_lifetime is None else min(DEFAULT_LIFETIME, max_lifetime)
    return None if expires == _NEVER else timedelta(seconds=parse_duration(expires))


def _describe(row: "KeyRow", names: Mapping[int, str], now: datetime) -> dict[str, Any]:
    is_expired = row.expires_at is not None and row.expires_at <= now
    return {
        "id": row.id,
        "name": row.name,
        "owner": None if row.account_id is None else names[row.account_id],
        "state": "revoked" if row.revoked_at else "expired" if is_expired else "active",
        "allow": list(row.rights),
        "globs": list(row.globs),
        "feeds": None if row.feeds is None else list(row.feeds),
        "created_at": as_time(row.created_at),
        "expires_at": as_time(row.expires_at),
        "revoked_at": as_time(row.revoked_at),
        "last_used_at": as_time(row.last_used_at),
        "last_used_from": row.last_used_address,
        "replaced_by": row.replaced_by,
    }
