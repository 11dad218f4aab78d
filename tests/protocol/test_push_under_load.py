"""Many pushes at the same time, reads right behind them, and one push that is larger than memory should be."""

import hashlib
import http.client
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.protocol.traces_left import held_by, peak_bytes, resident_bytes
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Server

MIB = 1024 * 1024


class TestTogether:
    """What many clients do at the same time."""

    def test_of_fifty_pushes_of_one_version_exactly_one_is_taken(self, serve: Callable[..., Server]) -> None:
        server = serve(workers=2)
        bodies = [nupkg("Race", payload_bytes=20_000, seed=seed) for seed in range(1, 51)]
        with ThreadPoolExecutor(50) as pool:
            statuses = [answer.status for answer in pool.map(server.push, bodies)]

        assert sorted(statuses) == [201] + [409] * 49
        winner = bodies[statuses.index(201)]
        assert server.get("/v3/flat/race/1.0.0/race.1.0.0.nupkg").body == winner
        held = held_by(server)
        assert held.rows == {"contents": 1, "entries": 1, "events": 1, "packages": 1}
        assert [name.partition("-")[0] for name in held.blobs] == [hashlib.sha256(winner).hexdigest()]
        assert held.spooled == frozenset()

    def test_what_was_acknowledged_is_there_whichever_worker_answers(self, serve: Callable[..., Server]) -> None:
        server = serve(workers=2)
        for number in range(12):
            version = f"1.{number}.0"
            assert server.push(nupkg("Fresh", version)).status == 201
            with ThreadPoolExecutor(6) as pool:
                assert all(pool.map(lambda _, wanted=version: _sees(server, wanted), range(12)))

    def test_a_change_is_seen_whichever_worker_answers(self, serve: Callable[..., Server]) -> None:
        server = serve(workers=2)
        assert server.push(nupkg("Fresh")).status == 201
        for method in ("DELETE", "POST") * 4:
            assert server.change(method, "Fresh", "1.0.0").status in {200, 204}
            with ThreadPoolExecutor(6) as pool:
                listed = pool.map(lambda _: _leaf(server, "1.0.0")["catalogEntry"]["listed"], range(12))
                assert set(listed) == {method == "POST"}


def _sees(server: Server, version: str) -> bool:
    """Whether fresh connections find the version everywhere."""
    in_list = version in json_of(server.get("/v3/flat/fresh/index.json"))["versions"]
    answer = server.get(f"/v3/flat/fresh/{version}/fresh.{version}.nupkg")
    return in_list and answer.status == 200 and _leaf(server, version)["packageContent"].endswith(".nupkg")


def _leaf(server: Server, version: str) -> dict[str, Any]:
    index = json_of(server.get("/v3/registration-gz-semver2/fresh/index.json"))
    leaves = [leaf for page in index["items"] for leaf in page["items"]]
    return next(leaf for leaf in leaves if leaf["catalogEntry"]["version"] == version)


def test_memory_does_not_grow_with_the_package(serve: Callable[..., Server], tmp_path: Path) -> None:
    """A push of 1 GB, and its download."""
    server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1100MB"})
    assert server.push(nupkg("Warm.Up", payload_bytes=MIB)).status == 201
    path = _write_large(tmp_path / "large.nupkg", 1024 * MIB)
    before = resident_bytes(server)

    answer = server.request(
        "PUT",
        "/api/v2/package",
        body=_pieces(path),
        headers={"X-NuGet-ApiKey": server.key, "Content-Length": str(path.stat().st_size)},
    )

    assert answer.status == 201, answer
    assert peak_bytes(server) - before < 100 * MIB
    assert _download_hash(server, "/v3/flat/large/1.0.0/large.1.0.0.nupkg") == _hash(_pieces(path))
    assert peak_bytes(server) - before < 100 * MIB
    shutil.rmtree(server.data / "blobs")


def _write_large(path: Path, size: int) -> Path:
    """A package with one stored entry of pseudo-random bytes."""
    noise = random.Random(1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, content in _entries_of(nupkg("Large")).items():
            archive.writestr(name, content)
        block = noise.randbytes(MIB)
        with archive.open(zipfile.ZipInfo("content/large.bin", (2024, 1, 1, 0, 0, 0)), "w") as entry:
            for number in range(size // MIB):
                entry.write(number.to_bytes(8, "little") + block[8:])
    return path


def _entries_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(MIB):
            yield piece


def _hash(pieces: Iterator[bytes]) -> bytes:
    digest = hashlib.sha512()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _download_hash(server: Server, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return _hash(iter(lambda: response.read(MIB), b""))
    finally:
        connection.close()
