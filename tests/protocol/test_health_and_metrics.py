"""What operators ask over real sockets: alive, ready, and how much was done."""

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.metadata import version as version_of
from pathlib import Path

import pytest

from tests.cli.running import run, wait_for
from tests.protocol.wire import exchange, json_of, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import Server

_SAMPLE = re.compile(r'motherlode_requests_total\{method="(\w+)",route="([\w-]+)",status="(\d+)"\} (\d+)\.0')


def counts(server: Server) -> dict[tuple[str, str, str], int]:
    """How many requests were answered, by method, route and status."""
    text = server.get("/metrics").body.decode()
    return {(method, route, status): int(count) for method, route, status, count in _SAMPLE.findall(text)}


def counts_when(server: Server, route: str, total: int) -> dict[tuple[str, str, str], int]:
    """The counts once those of a route make the total: a request is counted when its answer has left."""
    for _ in range(500):
        found = counts(server)
        if sum(count for (_, each, _), count in found.items() if each == route) >= total:
            break
    return found


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_operations_are_never_kept_by_caches(shared_server: Server, path: str) -> None:
    assert shared_server.get(path).header("cache-control") == "no-store"
    assert shared_server.request("HEAD", path).status == 200


def test_a_healthy_server_is_live_and_ready(shared_server: Server) -> None:
    assert json_of(shared_server.get("/health/live")) == {"status": "live"}
    assert json_of(shared_server.get("/health/ready")) == {
        "status": "ready",
        "checks": {"database": "ok", "blobs": "ok", "search": "ok", "storage": "ok"},
    }


def test_with_too_little_room_left_pushes_are_refused_and_reads_go_on(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    """It stays ready: a server that is sent no requests answers no restores either."""
    first = serve(data=tmp_path / "data")
    assert first.push(nupkg("Acme.Room")).status == 201
    assert first.stop() == 0
    low = serve(data=tmp_path / "data", environment={"MOTHERLODE_STORAGE_MIN_FREE": "500000TB"})

    for package in (nupkg("Acme.Room", "2.0.0"), nupkg("Acme.Room", "2.0.0", payload_bytes=3_000_000)):
        refused = low.push(package)
        assert refused.status == 507
        assert b'"code": "storage-low"' in refused.body
        assert "low on disk space" in (refused.header("X-NuGet-Warning") or "")
    assert [file for file in (low.data / "spool").rglob("*") if file.suffix == ".part"] == []

    ready = low.get("/health/ready")
    assert ready.status == 200
    assert json_of(ready)["checks"] == {"database": "ok", "blobs": "ok", "search": "ok", "storage": "low"}
    assert low.get("/v3/flat/acme.room/1.0.0/acme.room.1.0.0.nupkg").body == nupkg("Acme.Room")
    assert low.change("DELETE", "Acme.Room", "1.0.0").status == 204
    assert low.change("POST", "Acme.Room", "1.0.0").status == 200


def test_without_a_place_for_blobs_it_is_live_but_not_ready(server: Server) -> None:
    assert server.push(nupkg("Acme.Blob")).status == 201
    blobs, away = server.data / "blobs", server.data / "away"
    blobs.rename(away)
    blobs.write_text("no folder")

    answer = server.get("/health/ready")
    assert answer.status == 503
    assert b'"blobs":"failed"' in answer.body
    assert server.get("/health/live").status == 200

    blobs.unlink()
    away.rename(blobs)
    assert server.get("/health/ready").status == 200


def test_with_a_database_that_it_does_not_know_it_is_not_ready(server: Server) -> None:
    with closing(sqlite3.connect(server.data / "motherlode.db")) as database:
        [(version,)] = database.execute("SELECT version_num FROM alembic_version")
        for number, status in (("9999", 503), (version, 200)):
            with database:
                database.execute("UPDATE alembic_version SET version_num = ?", (number,))
            assert server.get("/health/ready").status == status


def test_metrics_of_several_workers_are_one(serve: Callable[..., Server]) -> None:
    server = serve(workers=2)
    assert server.push(nupkg("Acme.Counted")).status == 201
    assert server.push(nupkg("Acme.Counted")).status == 409
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.get("/v3/flat/acme.counted/index.json").status, range(60)))
    assert answers == [200] * 60

    found = counts_when(server, "versions", 60)
    assert found["GET", "versions", "200"] == 60
    with ThreadPoolExecutor(8) as pool:
        everyone = list(pool.map(lambda _: counts(server), range(16)))
    for told in everyone:
        assert told["GET", "versions", "200"] == 60
        assert told["PUT", "push", "201"] == 1
        assert told["PUT", "push", "409"] == 1


def cache_bytes(server: Server) -> float:
    """What documents take in memory, as the metrics say."""
    found = re.search(r"^motherlode_cache_bytes (\S+)$", server.get("/metrics").body.decode(), re.MULTILINE)
    assert found
    return float(found[1])


def test_the_memory_that_documents_take_is_shown_and_bounded(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_CACHE_MAX_BYTES": "100KB"})
    before = cache_bytes(server)
    assert server.push(nupkg("Acme.Widgets", description="w" * 3_000)).status == 201
    assert server.get("/v3/registration/acme.widgets/index.json").status == 200
    assert before < cache_bytes(server) <= 100 * 1024
    for number in range(40):
        assert server.push(nupkg(f"Acme.Other{number}", description="w" * 3_000)).status == 201
        assert server.get(f"/v3/registration/acme.other{number}/index.json").status == 200
    assert before < cache_bytes(server) <= 100 * 1024


def test_metrics_name_no_package(shared_server: Server) -> None:
    assert shared_server.push(nupkg("Very.Secret.Name")).status == 201
    assert shared_server.get("/v3/flat/very.secret.name/index.json").status == 200
    assert b"secret" not in shared_server.get("/metrics").body.lower()


def test_strangers_cannot_make_metrics_grow(shared_server: Server) -> None:
    """No label is a text that came from outside."""
    for number in range(20):
        exchange(shared_server, request_bytes(f"METHOD{number}", f"/path{number}"))
        exchange(shared_server, request_bytes("GET", f"/feeds/feed{number}/v3/index.json"))
    text = shared_server.get("/metrics").body.decode()
    assert not re.search(r"METHOD\d|path\d|feed\d", text)


def samples(server: Server) -> dict[str, float]:
    """Every sample of a scrape, by name and labels."""
    lines = server.get("/metrics").body.decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def test_a_scrape_says_what_runs_and_on_how_much_room(serve: Callable[..., Server]) -> None:
    server = serve(workers=2)
    wait_for(lambda: server.get("/health/ready").status == 200)
    found = samples(server)
    (build,) = (name for name in found if name.startswith("motherlode_build_info{"))
    assert f'version="{version_of("motherlode")}"' in build
    assert f'engine="granian {version_of("granian")}"' in build
    assert found["motherlode_processes"] >= 3
    assert found["motherlode_process_resident_memory_bytes"] > 50_000_000
    assert found["motherlode_process_open_fds"] > 30
    assert found["motherlode_process_cpu_seconds"] > 0
    assert 0 < found["motherlode_disk_free_bytes"] <= found["motherlode_disk_total_bytes"]
    assert found["motherlode_search_index_lag_events"] == 0
    assert any(name.startswith('motherlode_jobs{kind="gc",state="') for name in found)
    assert "motherlode_certificate_end_time_seconds" not in found


def test_packages_and_versions_are_counted_by_feed_and_private_ones_together(serve: Callable[..., Server]) -> None:
    server = serve()
    for name, read in (("open", "anonymous"), ("hidden", "authenticated"), ("gone", "anonymous")):
        run("feed", "create", name, f"read={read}", "--data", server.data)
    for package in (("Acme.A", "1.0.0"), ("Acme.A", "2.0.0"), ("Acme.B", "1.0.0")):
        for name in ("open", "hidden", "gone"):
            assert server.push(nupkg(*package), feed=f"/feeds/{name}").status == 201
    run("feed", "delete", "gone", "--with-packages", "--yes", "--data", server.data)
    found = samples(server)
    assert (found['motherlode_packages{feed="open"}'], found['motherlode_versions{feed="open"}']) == (2, 3)
    assert (found['motherlode_packages{feed="(private)"}'], found['motherlode_versions{feed="(private)"}']) == (2, 3)
    assert found['motherlode_packages{feed="default"}'] == 0
    assert not [name for name in found if "hidden" in name or "gone" in name]


def test_pushes_refusals_and_downloads_are_counted_by_what_came_of_them(serve: Callable[..., Server]) -> None:
    server = serve()
    run("feed", "set", "default", "overwrite=always", "--data", server.data)
    for package in (nupkg("Acme.A"), nupkg("Acme.A"), nupkg("Acme.A", payload_bytes=10)):
        assert server.push(package).status == 201
    assert server.push(b"not a package").status == 400
    assert server.push(nupkg("Acme.B"), key="wrong").status == 403
    assert server.get("/v3/flat/acme.a/1.0.0/acme.a.1.0.0.nupkg").status == 200
    found = samples(server)
    for result, count in {"pushed": 1, "unchanged": 1, "replaced": 1, "refused": 2}.items():
        assert found[f'motherlode_pushes_total{{result="{result}"}}'] == count
    refused = {name for name in found if name.startswith('motherlode_refusals_total{code="')}
    assert any('code="key-refused",route="push"' in name for name in refused)
    assert any('code="zip-unreadable",route="push"' in name for name in refused)
    assert found["motherlode_downloads_total"] == 1


def test_every_metric_is_documented(shared_server: Server) -> None:
    assert shared_server.push(nupkg("Acme.Documented")).status in {201, 409}
    told = set(re.findall(r"`(motherlode_\w+)`", Path("docs/operations.md").read_text()))
    names = {name.partition("{")[0] for name in samples(shared_server)}
    kinds = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in names if not name.endswith("_created")}
    assert kinds <= told
