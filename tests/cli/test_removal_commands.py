"""`feed delete`, `user delete` and `team delete`, beside a running server and without one."""

import json

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from tests.cli.running import assert_refused, run
from tests.cli.test_access_commands import type_on_a_terminal
from tests.support.builders import nupkg


@pytest.fixture
def data(tmp_path):
    """The data folder of a server that ran once, with a feed `team` and a user `alice`."""
    folder = tmp_path / "data"
    prepare_house(load_settings({}, data=folder)).close()
    assert run("feed", "create", "team", "--data", folder).returncode == 0
    assert run("user", "add", "alice", "--data", folder).returncode == 0
    return folder


def push(data, tmp_path, feed):
    package = tmp_path / "a.nupkg"
    package.write_bytes(nupkg("Acme.Widgets"))
    assert run("push", package, "--feed", feed, "--data", data).returncode == 0


@pytest.mark.parametrize(
    "arguments", [("feed", "delete", "team"), ("user", "delete", "alice"), ("team", "delete", "widgets")], ids=" ".join
)
def test_where_nobody_can_be_asked_yes_must_be_said(data, arguments):
    assert run("team", "create", "widgets", "--data", data).returncode == 0
    assert_refused(run(*arguments, "--data", data), "for good?", "--yes")
    done = run(*arguments, "--yes", "--data", data)
    assert (done.returncode, done.stdout) == (0, "")
    assert_refused(run(*arguments, "--yes", "--data", data), arguments[-1])


def test_on_a_terminal_it_is_asked(data):
    code, shown = type_on_a_terminal(data, "feed", "delete", "team", answers=["n"])
    assert (code, "Nothing was changed." in shown) == (1, True)
    assert type_on_a_terminal(data, "feed", "delete", "team", answers=["y"])[0] == 0
    assert run("feed", "list", "--data", data).stdout.split() == ["default"]


def test_yes_does_not_stand_for_with_packages(data, tmp_path):
    push(data, tmp_path, "team")
    assert_refused(run("feed", "delete", "team", "--yes", "--data", data), "versions: 1", "--with-packages")
    done = run("feed", "delete", "team", "--yes", "--with-packages", "--data", data)
    assert done.returncode == 0
    assert "versions: 1" in done.stderr
    assert run("verify", "--data", data).returncode == 0


def test_the_default_feed_stays(data):
    assert_refused(run("feed", "delete", "default", "--yes", "--data", data), "root address")


def test_who_loses_what_is_said(data, tmp_path):
    push(data, tmp_path, "team")
    assert run("owner", "add", "Acme.Widgets", "alice", "--feed", "team", "--data", data).returncode == 0
    assert run("key", "create", "--name", "ci", "--owner", "alice", "--data", data).returncode == 0
    (key,) = (k for k in json.loads(run("key", "list", "--json", "--data", data).stdout) if k["name"] == "ci")
    done = run("user", "delete", "alice", "--yes", "--data", data)
    assert f"Revoked its keys: {key['id']}." in done.stderr
    assert "belong to the administrators: acme.widgets (team)" in done.stderr
    (key,) = (k for k in json.loads(run("key", "list", "--json", "--data", data).stdout) if k["name"] == "ci")
    assert (key["owner"], key["state"]) == ("alice", "revoked")
    assert_refused(run("user", "add", "Alice", "--data", data), "until it was deleted")


def test_a_running_server_forgets_the_feed_at_the_next_request(serve):
    server = serve(workers=2)
    for name in ("team", "team"):
        assert run("feed", "create", name, "--data", server.data).returncode == 0
        assert server.push(nupkg("Acme.Widgets"), feed=f"/feeds/{name}").status == 201
        flat = json.loads(server.get(f"/feeds/{name}/v3/index.json").body)
        versions = next(r["@id"] for r in flat["resources"] if r["@type"] == "PackageBaseAddress/3.0.0")
        place = versions.removeprefix(server.url) + "acme.widgets/index.json"
        assert json.loads(server.get(place).body) == {"versions": ["1.0.0"]}
        assert run("feed", "delete", name, "--yes", "--with-packages", "--data", server.data).returncode == 0
        for _ in range(8):  # of either worker
            assert server.get(place).status == 404
            assert server.get(f"/feeds/{name}/v3/index.json").status == 404
