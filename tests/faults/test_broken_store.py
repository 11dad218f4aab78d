"""Files and folders of the data that are gone or cannot be written: said by readiness, never with our insides shown."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.faults.integrity import assert_sound, blob_files, listed_states, spooled_files
from tests.support.builders import nupkg

NUPKG = "/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg"


def checks(server):
    answer = server.get("/health/ready")
    document = json.loads(answer.body)
    assert answer.status == (200 if document["status"] == "ready" else 503)
    return document["checks"]


def assert_no_insides(server, answer):
    assert b"Traceback" not in answer.body
    assert str(server.data).encode() not in answer.body + repr(answer.headers).encode()


@pytest.fixture
def stocked(server):
    """A server with one version."""
    assert server.push(nupkg()).status == 201
    assert checks(server) == {"database": "ok", "blobs": "ok", "search": "ok", "storage": "ok"}
    return server


def close_up(folder):
    """Nobody can write into the folder any more, not even root: a file is in its place."""
    shutil.move(folder, folder.with_name("moved"))
    folder.write_bytes(b"")


def open_up(folder):
    folder.unlink()
    shutil.move(folder.with_name("moved"), folder)


@pytest.mark.parametrize("folder", ["blobs", "spool"])
def test_a_store_that_takes_no_blob_is_not_ready_and_refuses_pushes_until_it_does(stocked, folder):
    close_up(stocked.data / folder)
    assert checks(stocked) == {"database": "ok", "blobs": "failed", "search": "ok", "storage": "ok"}
    refused = stocked.push(nupkg(version="2.0.0"))
    assert refused.status in {500, 503}
    assert refused.header("X-NuGet-Warning")
    assert_no_insides(stocked, refused)
    open_up(stocked.data / folder)
    assert listed_states(stocked, "Acme.Widgets") == {"1.0.0": True}
    assert checks(stocked) == {"database": "ok", "blobs": "ok", "search": "ok", "storage": "ok"}
    assert stocked.push(nupkg(version="2.0.0")).status == 201
    assert_sound(stocked.data)


def test_a_push_that_failed_half_way_leaves_nothing_in_the_spool(stocked):
    close_up(stocked.data / "blobs")
    assert stocked.push(nupkg(version="2.0.0", payload_bytes=100_000)).status >= 500
    assert spooled_files(stocked.data) == []


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=5-9"}], ids=["whole", "range"])
def test_a_package_whose_file_is_gone_is_a_fault_of_ours_and_no_package(stocked, headers):
    """It must not look like a version that does not exist: clients would remember that."""
    [blob] = blob_files(stocked.data).values()
    blob.unlink()
    answer = stocked.get(NUPKG, **headers)
    assert answer.status == 500
    assert_no_insides(stocked, answer)
    assert stocked.get("/v3/flat/acme.widgets/index.json").status == 200


def test_a_readme_whose_package_is_gone_is_a_fault_of_ours(server):
    readme = nupkg(files={"readme.md": b"# Hello"}, readme="readme.md")
    assert server.push(readme).status == 201
    [blob] = blob_files(server.data).values()
    blob.unlink()
    answer = server.get("/v3/flat/acme.widgets/1.0.0/readme")
    assert answer.status == 500
    assert_no_insides(server, answer)


def test_a_version_whose_file_is_gone_can_still_be_unlisted(stocked):
    [blob] = blob_files(stocked.data).values()
    blob.unlink()
    assert stocked.change("DELETE", "Acme.Widgets", "1.0.0").status == 204
    assert listed_states(stocked, "Acme.Widgets") == {"1.0.0": False}


def test_a_database_that_a_newer_program_has_changed_is_not_ready(stocked):
    """Someone upgraded the data beside a server that knows nothing of it."""
    with closing(sqlite3.connect(stocked.data / "motherlode.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert checks(stocked) == {"database": "failed", "blobs": "ok", "search": "ok", "storage": "ok"}
    assert stocked.get("/health/live").status == 200


def test_a_database_whose_tables_are_gone_is_a_fault_of_ours_that_shows_no_insides(stocked):
    with closing(sqlite3.connect(stocked.data / "motherlode.db")) as connection, connection:
        connection.execute("ALTER TABLE entries RENAME TO lost")
    for answer in (stocked.push(nupkg(version="2.0.0")), stocked.get("/v3/flat/acme.widgets/index.json")):
        assert answer.status == 500
        assert json.loads(answer.body)["code"] == "internal-error"
        assert_no_insides(stocked, answer)
        assert b"sqlite" not in answer.body.lower()
    assert stocked.get("/health/live").status == 200
