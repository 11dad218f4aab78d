"""`motherlode team`: manage teams, whose members share roles and package ids."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, YesOption, opened, opened_database
from motherlode.cli.output import as_time, put_all, put_one, tell
from motherlode.cli.users import delete_confirmed, describe_reach
from motherlode.domain.accounts import TEAM

if TYPE_CHECKING:
    from motherlode.store.accounts.accounts import AccountRow
    from motherlode.store.database.sqlite import Tx

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The team's name.")]
TeamArgument = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.")]
MembersArgument = Annotated[list[str], typer.Argument(metavar="NAME...", help="Users and service accounts.")]

commands = typer.Typer(help="Teams: members share the team's roles on feeds and its package ids.", no_args_is_help=True)


@commands.command("create")
def create(name: NameArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Create a team without members."""
    from motherlode.usecases.accounts.accounts import create_account
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        create_account(name, CONSOLE, kind=TEAM, db=services.db, clock=services.clock)
    tell(f"Created the team {name}. Add members with 'team add {name} USER'.")


@commands.command("delete")
def delete(name: NameArgument, *, yes: YesOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """Delete a team for good. Its roles and memberships end, and its name cannot be used again."""
    with opened(data, config) as services:
        delete_confirmed(name, "team", (TEAM,), yes=yes, services=services)


@commands.command("list")
def show_all(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List the teams with their members."""
    from motherlode.store.accounts import accounts

    with opened_database(data, config) as db, db.read() as tx:
        described = [_describe(tx, row) for row in accounts.read_all(tx, TEAM)]
    put_all(described, ("name", "state", "members"), as_json=as_json)


@commands.command("show")
def show(
    name: NameArgument, *, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None
) -> None:
    """Print a team's members, roles on feeds and package ids."""
    from motherlode.store.accounts import accounts

    with opened_database(data, config) as db, db.read() as tx:
        row = accounts.get(tx, name, TEAM)
        described = _describe(tx, row) | describe_reach(tx, row.id)
    put_one(described, as_json=as_json)


@commands.command("add")
def add(team: TeamArgument, names: MembersArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Add users to a team."""
    from motherlode.usecases.accounts.teams import add_member
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        for name in names:
            add_member(team, name, CONSOLE, db=services.db, clock=services.clock)
            tell(f"{name} is now a member of {team}.")


@commands.command("remove")
def remove(team: TeamArgument, names: MembersArgument, *, data: DataOption = None, config: ConfigOption = None) -> None:
    """Remove users from a team. They lose its roles and package ids from the next request on."""
    from motherlode.usecases.accounts.teams import remove_member
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        for name in names:
            remove_member(team, name, CONSOLE, db=services.db, clock=services.clock)
            tell(f"{name} is no longer a member of {team}.")


def _describe(tx: "Tx", row: "AccountRow") -> dict[str, Any]:
    from motherlode.store.accounts import accounts

    return {
        "name": row.name,
        "state": "disabled" if row.disabled_at else "active",
        "created_at": as_time(row.created_at),
        "members": [member.name for member in accounts.members_of(tx, row.id)],
    }
