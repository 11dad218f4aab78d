"""kill -9 at every step of `rederive`, beside a server: what was done stays, and a second run does the rest, once."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.old_data import age
from tests.faults.crash_points import points_of
from tests.faults.integrity import assert_kept, assert_sound, listed_states, rows
from tests.faults.processes import linux_only, run_command
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment, start_server

pytestmark = linux_only

PACKAGES = {("Acme.A", "1.0.0"): nupkg("Acme.A", title="A"), ("Acme.B", "1.0.0"): nupkg("Acme.B", title="B")} | {
    ("Acme.Same", f"{number}.0.0"): nupkg("Acme.Same", f"{number}.0.0") for number in (1, 2)
}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder of a server that ended calmly: two packages that are read better today, one of them unlisted."""
    data = tmp_path_factory.mktemp("stock") / "data"
    server = start_server(data=data)
    try:
        for package in PACKAGES.values():
            assert server.push(package).status == 201
        assert server.change("DELETE", "Acme.A", "1.0.0").status == 204
    finally:
        assert server.stop() == 0
    age(data, "Acme.A", "Acme.B")
    return data


def titles(server):
    """What the documents of the two say."""
    found = {}
    for package_id in ("acme.a", "acme.b"):
        page = json.loads(server.get(f"/v3/registration-gz-semver2/{package_id}/index.json").body)["items"][0]
        found[package_id] = page["items"][0]["catalogEntry"].get("title") or "none"
    return found


def rederived(data):
    """The ids of the events that tell of it, in their order."""
    events = rows(data, "SELECT id_key FROM events WHERE kind = 'rederived' ORDER BY number")
    return [event["id_key"] for event in events]


def test_rederive_names_points_before_and_after_its_commits():
    assert {"rederive-before-commit", "rederive-committed", "rederive-marked"} <= set(points_of("rederive"))


@pytest.mark.parametrize("point", points_of("rederive"))
def test_a_run_that_dies_leaves_each_package_as_before_or_as_after_and_the_next_goes_on(serve, stock, tmp_path, point):
    data = Path(shutil.copytree(stock, tmp_path / "data"))
    server = serve(data=data, workers=2)
    command = [str(MOTHERLODE), "rederive", "--data", str(data)]
    environment = clean_environment(MOTHERLODE_CRASH_AT=point)
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False).returncode == -9
    done = {"rederive-committed": ["acme.a"], "rederive-marked": ["acme.a", "acme.b"]}.get(point, [])
    assert rederived(data) == done
    assert_sound(data)
    assert [package_id for package_id, title in titles(server).items() if title != "none"] == done

    run_command("rederive", "--data", str(data))
    assert rederived(data) == ["acme.a", "acme.b"]
    assert titles(server) == {"acme.a": "A", "acme.b": "B"}
    assert_sound(data)
    assert_kept(server, PACKAGES)
    assert listed_states(server, "Acme.A") == {"1.0.0": False}
    assert rows(data, "SELECT count(*) FROM readings")[0][0] == len(PACKAGES)
