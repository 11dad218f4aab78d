"""`delete`, `restore-version`, `lock` and `unlock`: one command each, and what it says."""

import json
from pathlib import Path

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from tests.cli.running import assert_refused, run
from tests.support.builders import nupkg


@pytest.fixture
def stocked(tmp_path) -> Path:
    """A data folder whose feed holds Acme.Widgets 1.0.0."""
    data = tmp_path / "data"
    prepare_house(load_settings({}, data=data)).close()
    package = tmp_path / "widgets.nupkg"
    package.write_bytes(nupkg())
    assert run("push", package, "--data", data).returncode == 0
    return data


def in_mode(data, mode, **settings):
    wishes = [f"delete={mode}", *(f"{name}={value}" for name, value in settings.items())]
    assert run("feed", "set", "default", *wishes, "--data", data).returncode == 0


def audited(data, action):
    lines = run("audit", "--action", action, "--json", "--data", data).stdout
    return [(line["subject"], line["reason"]) for line in map(json.loads, lines.splitlines())]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("unlist", "Acme.Widgets 1.0.0 is unlisted. Clients that use it can still restore it."),
        ("soft", "An administrator can bring it back until"),
        ("hard", "Acme.Widgets 1.0.0 was deleted permanently."),
    ],
)
def test_delete_does_what_the_feed_says_and_tells_it(stocked, mode, said):
    in_mode(stocked, mode)
    done = run("delete", "acme.widgets", "1.0", "--reason", "wrong build", "--data", stocked)
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    assert audited(stocked, "unlist" if mode == "unlist" else "delete") == [("Acme.Widgets 1.0.0", "wrong build")]


def test_a_version_that_was_deleted_by_mistake_comes_back_by_one_command(stocked, tmp_path):
    in_mode(stocked, "soft")
    assert run("delete", "Acme.Widgets", "1.0.0", "--data", stocked).returncode == 0
    assert_refused(
        run("push", tmp_path / "widgets.nupkg", "--data", stocked), "cannot be used again", "restore-version"
    )
    done = run("restore-version", "Acme.Widgets", "1.0.0", "--data", stocked)
    assert (done.returncode, done.stdout, done.stderr) == (0, "restored Acme.Widgets 1.0.0\n", "")
    assert_refused(run("restore-version", "Acme.Widgets", "1.0.0", "--data", stocked), "does not exist")


def test_what_comes_back_unlisted_is_told(stocked):
    in_mode(stocked, "soft")
    for words in (("unlist",), ("delete",)):
        assert run(*words, "Acme.Widgets", "1.0.0", "--data", stocked).returncode == 0
    done = run("restore-version", "Acme.Widgets", "1.0.0", "--data", stocked)
    assert done.stdout == "restored Acme.Widgets 1.0.0, unlisted as before\n"


def test_a_feed_that_demands_a_reason_takes_it_as_an_option(stocked):
    in_mode(stocked, "hard", delete_reason="required")
    assert_refused(run("delete", "Acme.Widgets", "1.0.0", "--data", stocked), "X-Motherlode-Reason", "--reason")
    assert run("delete", "Acme.Widgets", "1.0.0", "--reason", "a secret", "--data", stocked).returncode == 0


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_unlist_works_on_a_feed_of_any_kind(stocked, mode):
    in_mode(stocked, mode)
    done = run("unlist", "Acme.Widgets", "1.0.0", "--data", stocked)
    assert (done.returncode, done.stdout) == (0, "unlisted Acme.Widgets 1.0.0\n")


def test_a_locked_id_is_refused_until_it_is_unlocked(stocked):
    done = run("lock", "acme.widgets", "--reason", "taken over", "--data", stocked)
    assert (done.returncode, done.stdout) == (0, "locked acme.widgets\n")
    assert audited(stocked, "lock") == [("acme.widgets", "taken over")]
    for words in (("unlist",), ("relist",), ("delete",)):
        assert_refused(run(*words, "Acme.Widgets", "1.0.0", "--data", stocked), "locked on this feed")
    done = run("unlock", "Acme.Widgets", "--data", stocked)
    assert (done.returncode, done.stdout) == (0, "unlocked Acme.Widgets\n")
    assert run("unlist", "Acme.Widgets", "1.0.0", "--data", stocked).returncode == 0
