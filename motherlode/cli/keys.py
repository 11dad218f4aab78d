"""`motherlode key`: make, list and revoke API keys."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, opened
from motherlode.cli.output import put, put_json, put_table, tell
from motherlode.domain.policy import RIGHTS
from motherlode.domain.sizes import DURATION_ALLOWED, parse_duration

if TYPE_CHECKING:
    from motherlode.store.keys import KeyRow

_NEVER: Final = "never"

commands = typer.Typer(help="API keys.", no_args_is_help=True)


def _parse_lifetime(text: str) -> str:
    try:
        return text if text == _NEVER else f"{parse_duration(text)}s"
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}; allowed: {DURATION_ALLOWED}, or never") from error


@commands.command("create")
def create(
    *,
    name: Annotated[str, typer.Option(help="What the key is for.")],
    allow: Annotated[str, typer.Option(metavar="RIGHTS", help=f"Some of {', '.join(RIGHTS)}.")] = "push,unlist,read",
    glob: Annotated[
        list[str] | None,
        typer.Option(metavar="IDS", help="The ids it covers, such as 'Contoso.*'.", show_default="all"),
    ] = None,
    feed: Annotated[list[str] | None, typer.Option(metavar="F", help="A feed it is for.", show_default="all")] = None,
    expires: Annotated[str, typer.Option(metavar="90d|never", callback=_parse_lifetime, help="When it ends.")] = "90d",
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a key and print it, and only it: it is shown this one time."""
    from motherlode.usecases.create_key import create_key
    from motherlode.usecases.identify import CONSOLE

    with opened(data, config) as house:
        key = create_key(
            name,
            CONSOLE,
            rights=[right for right in re.split(r"[,\s]+", allow) if right],
            globs=glob or ("*",),
            feeds=feed or None,
            lifetime=None if expires == _NEVER else timedelta(seconds=parse_duration(expires)),
            db=house.db,
            clock=house.clock,
        )
    put(key.secret)
    tell(f"This is {key.id}; the key above is shown this one time.")


@commands.command("list")
def show_all(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List the keys; the keys themselves are kept nowhere."""
    from motherlode.store import keys

    with opened(data, config) as house:
        with house.db.read() as tx:
            rows = keys.read_all(tx)
        now = house.clock.now()
    described = [_describe(row, now) for row in rows]
    if as_json:
        put_json(described)
    else:
        head = ("id", "name", "state", "allow", "globs", "feeds", "created_at", "expires_at")
        put_table([title.upper() for title in head], ([_as_cell(row[title]) for title in head] for row in described))


@commands.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As 'key list' shows it.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Revoke a key: it is refused from the next request on."""
    from motherlode.usecases.identify import CONSOLE
    from motherlode.usecases.revoke_key import revoke_key

    with opened(data, config) as house:
        revoke_key(key_id, CONSOLE, db=house.db, clock=house.clock)
    tell(f"Revoked {key_id}.")


def _describe(row: "KeyRow", now: datetime) -> dict[str, str | list[str] | None]:
    is_expired = row.expires_at is not None and row.expires_at <= now
    return {
        "id": row.id,
        "name": row.name,
        "state": "revoked" if row.revoked_at else "expired" if is_expired else "active",
        "allow": list(row.rights),
        "globs": list(row.globs),
        "feeds": None if row.feeds is None else list(row.feeds),
        "created_at": _as_text(row.created_at),
        "expires_at": _as_text(row.expires_at),
        "revoked_at": _as_text(row.revoked_at),
    }


def _as_text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _as_cell(value: str | list[str] | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else ",".join(value)
