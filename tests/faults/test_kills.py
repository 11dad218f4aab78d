"""kill -9 at any moment under four writers, again and again on one data folder."""

import http.client
import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.faults.integrity import assert_kept, assert_sound, download, listed_states
from tests.faults.processes import ask_until, ending_with, linux_only, workers
from tests.support.builders import nupkg
from tests.support.servers import Server

pytestmark = linux_only

WRITERS = 4
ROUNDS = 5
LOST = (http.client.HTTPException, ConnectionError)


@dataclass
class Writer:
    """One client that pushes, unlists and relists versions of an id of its own, and remembers what it was told.

    `states` holds for each version the listed states that are possible: one once it was acknowledged, more while an
    answer is missing, None among them for a version that may not be there.
    """

    number: int
    chance: random.Random
    packages: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, set[bool | None]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its package."""
        return f"Writer{self.number}"

    def write_until_lost(self, server: Server, acknowledged: threading.Semaphore) -> None:
        """Go on until the server is gone."""
        try:
            while True:
                self._write(server)
                acknowledged.release()
        except LOST:
            return

    def _write(self, server: Server) -> None:
        known = [version for version, states in self.states.items() if None not in states]
        if not known or self.chance.random() < 0.6:
            self._push(server, f"{len(self.packages) + 1}.0.0")
        else:
            self._list(server, self.chance.choice(known), listed=self.chance.random() < 0.5)

    def _push(self, server: Server, version: str) -> None:
        size = self.chance.choice((10, 10_000, 300_000))
        self.packages[version] = nupkg(self.id, version, payload_bytes=size, seed=self.chance.getrandbits(60))
        self.states[version] = {None, True}
        assert server.push(self.packages[version]).status == 201
        self.states[version] = {True}

    def _list(self, server: Server, version: str, *, listed: bool) -> None:
        self.states[version].add(listed)
        method, expected = ("POST", 200) if listed else ("DELETE", 204)
        assert server.change(method, self.id, version).status == expected
        self.states[version] = {listed}

    def check(self, server: Server) -> None:
        """All that was acknowledged is there; what was not is there whole or not at all, and can be tried again."""
        found = listed_states(server, self.id)
        for version, states in self.states.items():
            assert found.get(version) in states
            if version in found:
                assert download(server, self.id, version) == self.packages[version]
            if None in states:
                assert server.push(self.packages[version]).status == (409 if version in found else 201)
            self.states[version] = {found.get(version, True)}
        assert_kept(server, {(self.id, version): body for version, body in self.packages.items()})


def write_and_kill(server: Server, writers: list[Writer], chance: random.Random, *, whole: bool) -> None:
    """Let all writers write, and after some acknowledgements kill the server, or one of its workers and then it."""
    acknowledged = threading.Semaphore(0)
    with ThreadPoolExecutor(WRITERS) as threads:
        running = [threads.submit(writer.write_until_lost, server, acknowledged) for writer in writers]
        for _ in range(chance.randint(5, 40)):
            assert acknowledged.acquire(timeout=60)
        with ending_with(server.process.pid):
            if not whole:
                os.kill(chance.choice(workers(server.process.pid)), signal.SIGKILL)
            server.kill()
        for writer in running:
            writer.result(timeout=60)


def test_killed_at_any_moment_it_keeps_what_it_acknowledged(serve, tmp_path):
    """Each round ends with a kill, and the next begins on what it left."""
    chance = random.Random(20240506)
    writers = [Writer(number, random.Random(number)) for number in range(WRITERS)]
    for round_number in range(ROUNDS):
        server = serve(data=tmp_path / "data", workers=2)
        assert_sound(server.data)
        for writer in writers:
            writer.check(server)
        write_and_kill(server, writers, chance, whole=round_number % 2 == 0)
    last = serve(data=tmp_path / "data", workers=2)
    assert_sound(last.data)
    for writer in writers:
        writer.check(last)
    assert_sound(last.data)


def test_workers_end_with_a_killed_server(serve):
    """However it dies: nobody is left who would go on to answer."""
    server = serve(workers=2)
    assert len(workers(server.process.pid)) == 2
    with ending_with(server.process.pid):
        server.kill()


def test_a_killed_worker_is_replaced_while_the_others_answer(serve):
    """Its replacement knows everything that was acknowledged before."""
    server = serve(workers=2)
    assert server.push(nupkg()).status == 201
    before = set(workers(server.process.pid))
    os.kill(min(before), signal.SIGKILL)
    ask_until(lambda: len(set(workers(server.process.pid)) - before) == 1, what="a new worker")
    assert ask_until(lambda: _get_versions(server), what="an answer").status == 200
    assert server.stop() == 0


def _get_versions(server):
    try:
        return server.get("/v3/flat/acme.widgets/index.json")
    except LOST:
        return None
