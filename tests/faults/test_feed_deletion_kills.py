"""kill -9 at each step of `feed delete`: the feed is there whole, or gone, and the command can be repeated."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.crash_points import points_of
from tests.faults.integrity import assert_kept, listed_states
from tests.faults.processes import linux_only, run_command
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment, start_server

pytestmark = linux_only

DELETE = ("feed", "delete", "team", "--with-packages", "--yes")
KEPT = {("Acme.Kept", "1.0.0"): nupkg("Acme.Kept")}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder of a server that ended calmly, with a package on each of two feeds."""
    data = tmp_path_factory.mktemp("stock") / "data"
    server = start_server(data=data)
    try:
        run_command("feed", "create", "team", "--data", str(data))
        assert server.push(KEPT["Acme.Kept", "1.0.0"]).status == 201
        assert server.push(nupkg("Acme.Team"), feed="/feeds/team").status == 201
    finally:
        assert server.stop() == 0
    return data


@pytest.mark.parametrize("point", points_of("feed-delete"))
def test_a_deletion_that_dies_is_done_or_not_and_can_be_repeated(serve, stock, tmp_path, point):
    data = Path(shutil.copytree(stock, tmp_path / "data"))
    environment = clean_environment(MOTHERLODE_CRASH_AT=point)
    command = [str(MOTHERLODE), *DELETE, "--data", str(data)]
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False).returncode == -9
    server = serve(data=data)
    answer = server.get("/feeds/team/v3/search?q=&prerelease=true")
    is_committed = point == "feed-delete-committed"
    assert answer.status == (404 if is_committed else 200)
    if not is_committed:
        assert json.loads(answer.body)["totalHits"] == 1
        run_command(*DELETE, "--data", str(data))
        assert server.get("/feeds/team/v3/index.json").status == 404
    run_command("verify", "--data", str(data))
    assert_kept(server, KEPT)
    assert listed_states(server, "Acme.Kept") == {"1.0.0": True}
