"""`motherlode rederive`: stored packages are read again, with or without a server beside it."""

import json
import shutil

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from tests.cli.old_data import age
from tests.cli.running import assert_refused, run, wait_for
from tests.faults.integrity import assert_sound, blob_files, rows
from tests.support.builders import nupkg

WIDGETS = nupkg(title="Widgets for Everyone", description="Fresh words.")


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """The data folder of a server that ran once, with three packages, one of which an older version had read worse."""
    folder = tmp_path_factory.mktemp("rederive")
    prepare_house(load_settings({}, data=folder / "data")).close()
    files = []
    for number, package in enumerate((WIDGETS, nupkg("Acme.B"), nupkg("Acme.C"))):
        files.append(folder / f"{number}.nupkg")
        files[-1].write_bytes(package)
    assert run("push", *files, "--data", folder / "data").returncode == 0
    age(folder / "data", "Acme.Widgets")
    return folder / "data"


@pytest.fixture
def data(stock, tmp_path):
    """The test's own copy of it."""
    return shutil.copytree(stock, tmp_path / "data")


def test_it_says_how_far_it_is_and_what_it_did(data):
    done = run("rederive", "--data", data)
    assert (done.returncode, done.stdout) == (0, "read 3 packages, 1 changed\n")
    assert done.stderr.splitlines() == [f"read {number} of 3 packages" for number in (1, 2, 3)]
    assert_sound(data)


def test_a_second_run_has_nothing_to_do_and_again_reads_all(data):
    assert run("rederive", "--data", data).returncode == 0
    done = run("rederive", "--data", data)
    assert (done.returncode, done.stdout) == (0, "read 0 packages, 0 changed\n")
    assert "To read them again, use --again." in done.stderr
    assert run("rederive", "--again", "--data", data).stdout.startswith("read 3 packages, 0 changed")


def test_what_stays_as_it_was_is_a_line_and_ends_with_1(data):
    for row in rows(data, "SELECT blob FROM contents WHERE json_extract(facts, '$.id') IN ('Acme.B', 'Acme.Widgets')"):
        blob_files(data)[row["blob"]].unlink()
    done = run("rederive", "--data", data)
    assert done.returncode == 1
    *left, last = done.stdout.splitlines()
    assert [line.partition(": its blob ")[0] for line in left] == [
        "Acme.Widgets 1.0.0 on default",
        "Acme.B 1.0.0 on default",
    ]
    assert last == "read 3 packages, 0 changed"
    assert "Packages that could not be read: 2. They did not change; the next run tries them again." in done.stderr


def test_feeds_that_are_not_there_and_folders_without_data_are_refused(data, tmp_path):
    assert_refused(run("rederive", "--feed", "default", "--feed", "nowhere", "--data", data), "nowhere")
    assert_refused(run("rederive", "--data", tmp_path), "contains no Motherlode data")


def test_one_feeds_packages_alone(data):
    assert run("feed", "create", "other", "--data", data).returncode == 0
    assert run("rederive", "--feed", "other", "--data", data).stdout.startswith("read 0 packages")
    assert run("rederive", "--feed", "default", "--data", data).stdout.startswith("read 3 packages")


class TestBesideARunningServer:
    """Documents, hives, search and autocompletion follow at the next request, of every worker."""

    def seen(self, server):
        """What documents and searches say of the package; of what clients without SemVer 2 see, only whether."""
        said = self.leaf(server)["catalogEntry"]["description"]
        everywhere = "prerelease=true&semVerLevel=2.0.0"
        found = {
            word: [hit["description"] for hit in self.hits(server, f"search?q={word}&{everywhere}")]
            for word in ("antiquated", "fresh")
        }
        is_old_client_told = (
            server.get("/v3/registration-gz/acme.widgets/index.json").status == 200,
            bool(self.hits(server, "search?q=widgets")),
            bool(self.hits(server, "autocomplete?q=widgets")),
            bool(self.hits(server, "autocomplete?id=acme.widgets")),
        )
        return said, found, is_old_client_told

    def leaf(self, server):
        document = json.loads(server.get("/v3/registration-gz-semver2/acme.widgets/index.json").body)
        (leaf,) = document["items"][0]["items"]
        return leaf

    def hits(self, server, path):
        return json.loads(server.get(f"/v3/{path}").body)["data"]

    def test_all_workers_follow(self, serve, data):
        server = serve(data=data, workers=2)
        wait_for(lambda: server.get("/health/ready").status == 200)
        published = self.leaf(server)["catalogEntry"]["published"]
        for _ in range(10):
            old = ("Antiquated.", {"antiquated": ["Antiquated."], "fresh": []}, (False,) * 4)
            assert self.seen(server) == old
        assert run("rederive", "--data", data).returncode == 0
        for _ in range(10):
            new = ("Fresh words.", {"antiquated": [], "fresh": ["Fresh words."]}, (True,) * 4)
            assert self.seen(server) == new
        assert self.leaf(server)["catalogEntry"]["published"] == published
        assert server.push(nupkg("Acme.New")).status == 201
        assert_sound(data)
