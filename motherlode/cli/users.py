"""`motherlode user`: manage people and service accounts, their passwords and roles."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, YesOption, confirm, opened, opened_database
from motherlode.cli.output import CommandFailed, as_time, put_all, put_one, tell
from motherlode.domain.accounts import ADMINISTRATOR, PERSON, SERVICE

if TYPE_CHECKING:
    from motherlode.services import Services
    from motherlode.store.accounts.accounts import AccountRow
    from motherlode.store.database.sqlite import Tx

_MAX_PASSWORD_BYTES = 4096
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]

commands = typer.Typer(help="Users: people and service accounts.", no_args_is_help=True)


@commands.command("add")
def add(
    name: NameArgument,
    *,
    role: Annotated[str | None, typer.Option(metavar=ADMINISTRATOR, help="The user's role on the server.")] = None,
    service: Annotated[
        bool, typer.Option("--service", help="Create a service account, which has API keys but no password.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Create a user.

    Type the password when asked, or pass it as the first line of standard input. A user without a password cannot
    sign in.
    """
    from motherlode.usecases.accounts.accounts import create_account
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        password = None if service else _ask_password()
        kind = SERVICE if service else PERSON
        create_account(name, CONSOLE, kind=kind, role=role, password=password, db=services.db, clock=services.clock)
    if service:
        tell(f"Created the service account {name}. Create its keys with 'key create --owner {name} --name KEY'.")
    elif password is None:
        tell(f"Created the user {name} without a password. To allow signing in, set one with 'user password {name}'.")
    else:
        tell(f"Created the user {name}.")


@commands.command("delete")
def delete(name: NameArgument, *, yes: YesOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """Delete a user for good. Keys are revoked, roles and memberships end, and the name cannot be used again."""
    with opened(data, config) as services:
        delete_confirmed(name, "user", (PERSON, SERVICE), yes=yes, services=services)


@commands.command("list")
def show_all(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List the users."""
    from motherlode.store.accounts import accounts

    with opened_database(data, config) as db, db.read() as tx:
        described = [_describe(row) for row in accounts.read_all(tx, PERSON, SERVICE)]
    put_all(described, ("name", "kind", "role", "state", "created_at"), as_json=as_json)


@commands.command("show")
def show(
    name: NameArgument, *, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None
) -> None:
    """Print a user's teams, roles on feeds, package ids and keys."""
    from motherlode.store.accounts import accounts

    with opened_database(data, config) as db, db.read() as tx:
        row = accounts.get(tx, name, PERSON, SERVICE)
        described = _describe(row)
        described["password"] = "set" if row.password else None
        described["teams"] = [team.name for team in accounts.teams_of(tx, row.id)]
        described |= describe_reach(tx, row.id)
        described["keys"] = _keys_of(tx, row.id)
    put_one(described, as_json=as_json)


@commands.command("password")
def password(name: NameArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Set a user's password.

    Type it when asked, or pass it as the first line of standard input. The old password stops working at once.
    """
    from motherlode.usecases.accounts.accounts import set_password
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        text = _ask_password()
        if text is None:
            raise CommandFailed("There is no password on standard input. Pass it as the first line.")
        set_password(name, text, CONSOLE, db=services.db, clock=services.clock)
    tell(f"Set the password of {name}.")


@commands.command("disable")
def disable(name: NameArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Disable a user or a team from the next request on.

    A disabled user's password and keys are refused. A disabled team gives its members no roles and package ids.
    """
    from motherlode.usecases.accounts.accounts import disable_account
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        disable_account(name, CONSOLE, db=services.db, clock=services.clock)
    tell(f"Disabled {name}.")


@commands.command("enable")
def enable(name: NameArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Enable a disabled user or team."""
    from motherlode.usecases.accounts.accounts import enable_account
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        enable_account(name, CONSOLE, db=services.db, clock=services.clock)
    tell(f"Enabled {name}.")


@commands.command("role")
def set_role(
    name: NameArgument,
    role: Annotated[str, typer.Argument(metavar=f"{ADMINISTRATOR}|none", help="The user's role on the server.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a user an administrator, or take this role away."""
    from motherlode.usecases.accounts.accounts import set_role as set_account_role
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        set_account_role(name, None if role == "none" else role, CONSOLE, db=services.db, clock=services.clock)
    tell(f"{name} is no longer an administrator." if role == "none" else f"{name} is now an {role}.")


def describe_reach(tx: "Tx", account_id: int) -> dict[str, Any]:
    """Return the account's own roles on feeds and the package ids it owns, without those of its teams."""
    from motherlode.store.accounts import grants, owners

    return {
        "feeds": [f"{feed} ({role})" for feed, role in grants.of_account(tx, account_id)],
        "owns": [f"{id_key} ({feed})" for feed, id_key in owners.ids_of(tx, account_id)],
    }


def delete_confirmed(name: str, word: str, kinds: tuple[str, ...], *, yes: bool, services: "Services") -> None:
    """Ask for confirmation, delete the account, and print its revoked keys and its ids that lost their last owner.

    `kinds` are the kinds of account that may be deleted; `word` names the account in the question.
    """
    from motherlode.usecases.accounts.accounts import delete_account
    from motherlode.usecases.sign_in.identify import CONSOLE

    confirm(f"Delete the {word} {name} for good?", yes=yes)
    gone = delete_account(name, CONSOLE, kinds=kinds, db=services.db, clock=services.clock)
    tell(f"Deleted the {word} {gone.name}.")
    if gone.revoked_keys:
        tell(f"Revoked its keys: {', '.join(gone.revoked_keys)}.")
    if gone.unowned:
        named = ", ".join(f"{id_key} ({feed})" for feed, id_key in gone.unowned)
        tell(f"These package ids no longer have an owner and now belong to the administrators: {named}.")


def _describe(row: "AccountRow") -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "role": row.role,
        "state": "disabled" if row.disabled_at else "active",
        "created_at": as_time(row.created_at),
    }


def _keys_of(tx: "Tx", account_id: int) -> list[str]:
    from motherlode.store.accounts import api_keys

    return [f"{key.id} ({key.name})" for key in api_keys.of_account(tx, account_id)]


def _ask_password() -> str | None:
    """Ask for the password twice on a terminal, else read a line of standard input. Returns None if that is empty."""
    if sys.stdin.isatty():
        answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    line = sys.stdin.buffer.readline(_MAX_PASSWORD_BYTES)
    try:
        return line.decode().rstrip("\r\n") if line else None
    except UnicodeDecodeError as error:
        raise CommandFailed("The password on standard input is not valid UTF-8.") from error
