"""`user`, `team`, `feed grant`, `owner` and what keys have to do with them, as somebody types them."""

import json
import os
import pty
from datetime import datetime, timedelta

import pytest

from motherlode.app import open_house, prepare_house
from motherlode.config import load_settings
from motherlode.store.accounts import api_keys
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.cli.running import assert_refused, run
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment

PASSWORD = "correct horse battery"


@pytest.fixture
def data(tmp_path):
    """The data folder of a server that ran once."""
    folder = tmp_path / "data"
    prepare_house(load_settings({}, data=folder)).close()
    return folder


@pytest.fixture
def do(data):
    """Runs a command that must succeed, and returns what it printed."""

    def run_well(*arguments, **wishes):
        done = run(*arguments, "--data", data, **wishes)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_well


def type_on_a_terminal(data, *arguments, answers):
    """Run a command on a terminal of its own, answer each question as it comes; returns exit code and all it showed."""
    command = [str(MOTHERLODE), *arguments, "--data", str(data)]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, clean_environment())
    shown, asked = b"", 0
    while True:
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # Linux ends a terminal with EIO
            break
        if not piece:
            break
        shown += piece
        if asked < len(answers) and shown.count(b": ") > asked:
            os.write(terminal, answers[asked].encode() + b"\n")
            asked += 1
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def add_accounts(data, *names):
    """Make people without the detour over commands."""
    services = open_house(load_settings({}, data=data))
    for name in names:
        create_account(name, CONSOLE, db=services.db, clock=services.clock)
    services.close()


class TestPasswords:
    def test_the_first_line_of_standard_input_is_the_password(self, do, data):
        assert do("user", "add", "alice", typed=f"{PASSWORD}\nmore\n") == ""
        shown = json.loads(do("user", "show", "alice", "--json"))
        assert (shown["kind"], shown["state"], shown["password"]) == ("person", "active", "set")
        do("user", "password", "alice", typed=f"{PASSWORD}, changed\r\n")

    def test_without_a_line_there_is_no_password_which_is_said(self, do, data):
        done = run("user", "add", "alice", "--data", data)
        assert (done.returncode, done.stdout) == (0, "")
        assert "Created the user alice without a password." in done.stderr
        assert json.loads(do("user", "show", "alice", "--json"))["password"] is None
        assert_refused(run("user", "password", "alice", "--data", data), "no password on standard input")

    def test_one_that_cannot_be_is_refused(self, data):
        assert_refused(run("user", "add", "alice", "--data", data, typed="short\n"), "at least 8 characters")
        assert_refused(run("user", "add", "alice", "--data", data, typed=b"\xff" * 9), "not valid UTF-8")

    def test_on_a_terminal_it_is_asked_for_twice_and_not_shown(self, do, data):
        code, shown = type_on_a_terminal(data, "user", "add", "alice", answers=(PASSWORD, PASSWORD))
        assert code == 0, shown
        assert PASSWORD not in shown
        assert json.loads(do("user", "show", "alice", "--json"))["password"] == "set"

    def test_a_service_account_has_none(self, do, data):
        done = run("user", "add", "build", "--service", "--data", data, typed=f"{PASSWORD}\n")
        assert done.returncode == 0
        assert "Create its keys with 'key create --owner build --name KEY'." in done.stderr
        assert_refused(
            run("user", "password", "build", "--data", data, typed=f"{PASSWORD}\n"), "no user called 'build'"
        )


def test_users_are_listed_disabled_enabled_and_made_administrators(do, data):
    do("user", "add", "Alice")
    do("user", "add", "root", "--role", "administrator")
    do("user", "disable", "alice")
    users = {user["name"]: user for user in json.loads(do("user", "list", "--json"))}
    assert {name: (user["state"], user["role"]) for name, user in users.items()} == {
        "Alice": ("disabled", None),
        "root": ("active", "administrator"),
    }
    do("user", "enable", "alice")
    do("user", "role", "alice", "administrator")
    do("user", "role", "root", "none")
    assert [line.split() for line in do("user", "list").splitlines()][1][:4] == [
        "Alice",
        "person",
        "administrator",
        "active",
    ]
    assert_refused(run("user", "role", "root", "king", "--data", data), "no server role 'king'")


def test_teams_have_members_and_roles(do, data):
    add_accounts(data, "alice", "bob")
    do("team", "create", "Widgets")
    do("team", "add", "widgets", "alice", "bob")
    do("team", "remove", "widgets", "bob")
    do("feed", "grant", "default", "widgets", "publisher")
    do("feed", "grant", "default", "bob", "reader")
    assert json.loads(do("team", "list", "--json"))[0]["members"] == ["alice"]
    assert json.loads(do("team", "show", "widgets", "--json"))["feeds"] == ["default (publisher)"]
    assert json.loads(do("user", "show", "alice", "--json"))["teams"] == ["Widgets"]
    assert json.loads(do("feed", "show", "default", "--json"))["roles"] == {"bob": "reader", "Widgets": "publisher"}
    do("feed", "withdraw", "default", "bob")
    assert do("feed", "show", "default").splitlines()[-1].split() == ["Widgets", "publisher"]
    assert_refused(run("feed", "withdraw", "default", "bob", "--data", data), "bob has no role")
    assert_refused(run("user", "show", "widgets", "--data", data), "no user or service account called 'widgets'")


def test_ids_get_owners_and_lose_all_but_the_last(do, data, tmp_path):
    package = tmp_path / "a.nupkg"
    package.write_bytes(nupkg("Acme.A"))
    do("push", package)
    add_accounts(data, "alice", "bob")
    done = run("owner", "list", "acme.a", "--data", data)
    assert done.stdout == ""
    assert "belongs to the administrators" in done.stderr
    do("owner", "add", "Acme.A", "alice")
    do("owner", "invite", "Acme.A", "bob")
    assert do("owner", "list", "Acme.A") == "alice\nbob (invited)\n"
    do("owner", "decline", "Acme.A", "bob")
    assert json.loads(do("owner", "list", "Acme.A", "--json")) == {
        "id": "Acme.A",
        "feed": "default",
        "owners": ["alice"],
        "invited": [],
    }
    do("owner", "invite", "Acme.A", "bob")
    do("owner", "accept", "Acme.A", "bob")
    assert json.loads(do("user", "show", "bob", "--json"))["owns"] == ["acme.a (default)"]
    do("owner", "remove", "Acme.A", "alice")
    assert_refused(
        run("owner", "remove", "Acme.A", "bob", "--data", data),
        "last owner of Acme.A and cannot be removed. Add another",
    )
    assert_refused(run("owner", "add", "a b", "alice", "--data", data), "is not a valid package id")


def test_a_key_has_an_owner_and_is_rotated(do, data):
    do("user", "add", "build", "--service")
    secret = do("key", "create", "--name", "ci", "--owner", "build", "--allow", "push", "--glob", "Contoso.*").strip()
    (key,) = (key for key in json.loads(do("key", "list", "--json")) if key["owner"] == "build")
    assert (key["globs"], key["last_used_at"], key["replaced_by"]) == (["Contoso.*"], None, None)
    done = run("key", "rotate", key["id"], "--overlap", "2d", "--data", data)
    assert done.stdout.startswith("mlk_")
    assert len(done.stdout.split()) == 1
    assert done.stdout.strip() not in {secret, done.stderr}
    rows = {key["id"]: key for key in json.loads(do("key", "list", "--json"))}
    new = rows[rows[key["id"]]["replaced_by"]]
    assert (new["name"], new["owner"], new["allow"], new["globs"]) == ("ci", "build", ["push"], ["Contoso.*"])
    assert json.loads(do("user", "show", "build", "--json"))["keys"] == [f"{key['id']} (ci)", f"{new['id']} (ci)"]
    assert_refused(run("key", "rotate", key["id"], "--data", data), f"already replaced by {new['id']}")


def get_lifetime(key):
    ends = key["expires_at"]
    return None if ends is None else datetime.fromisoformat(ends) - datetime.fromisoformat(key["created_at"])


def test_the_servers_maximum_binds_rotated_keys(do, data):
    do("key", "create", "--name", "ci", "--expires", "never")
    (key,) = (key for key in json.loads(do("key", "list", "--json")) if key["name"] == "ci")
    do("key", "rotate", key["id"], MOTHERLODE_KEYS_MAX_LIFETIME="30d")
    rows = {key["id"]: key for key in json.loads(do("key", "list", "--json"))}
    first = rows[rows[key["id"]]["replaced_by"]]
    assert get_lifetime(first) == timedelta(days=30)
    do("key", "rotate", first["id"])
    rows = {key["id"]: key for key in json.loads(do("key", "list", "--json"))}
    assert get_lifetime(rows[rows[first["id"]]["replaced_by"]]) == timedelta(days=30)


def test_a_key_that_has_ended_is_not_rotated(do, data):
    do("key", "create", "--name", "ci")
    (key,) = (key for key in json.loads(do("key", "list", "--json")) if key["name"] == "ci")
    services = open_house(load_settings({}, data=data))
    with services.db.write() as tx:
        api_keys.set_expiry(tx, key["id"], services.clock.now(), None)
    services.close()
    assert_refused(
        run("key", "rotate", key["id"], "--data", data), f"{key['id']} has expired. Create a new one with 'key create'"
    )


def test_the_servers_maximum_binds_new_keys(do, data):
    longest = {"MOTHERLODE_KEYS_MAX_LIFETIME": "30d"}
    refused = run("key", "create", "--name", "ci", "--expires", "never", "--data", data, **longest)
    assert_refused(refused, "expire after at most 30d")
    do("key", "create", "--name", "ci", **longest)
    (key,) = (key for key in json.loads(do("key", "list", "--json")) if key["name"] == "ci")
    assert get_lifetime(key) == timedelta(days=30)


@pytest.mark.parametrize(
    ("option", "days"),
    [([], 90), (["--expires", "7d"], 7), (["--expires", "never"], None)],
    ids=["default", "7d", "never"],
)
def test_where_a_key_is_made_it_is_said_when_it_expires(do, data, option, days):
    made = run("key", "create", "--name", "said", *option, "--data", data)
    key = next(key for key in json.loads(do("key", "list", "--json")) if key["name"] == "said")
    assert get_lifetime(key) == (None if days is None else timedelta(days=days))
    assert made.stdout.startswith("mlk_")
    assert ("It never expires." if days is None else f"It expires on {key['expires_at'][:10]}:") in made.stderr
    rotated = run("key", "rotate", key["id"], "--data", data)
    rows = {row["id"]: row for row in json.loads(do("key", "list", "--json"))}
    ends = rows[rows[key["id"]]["replaced_by"]]["expires_at"]
    assert ("It never expires." if ends is None else f"It expires on {ends[:10]}:") in rotated.stderr
