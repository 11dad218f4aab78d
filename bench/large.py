"""One very large push beside the same bytes put to nginx by WebDAV, in turn."""

import os
import random
import socket
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.figures import Figures, median
from bench.ground import Ground
from bench.load import LoadFailed
from bench.trees import Tree, Watch
from tests.support.builders import Member, nuspec, zip_of
from tests.support.servers import form

_PART_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class LargePush:
    """A push of so many bytes; nginx only stores what Motherlode also checks, hashes and makes durable.

    `is_deflated` makes files in the package that are twice as long as they are packed, else they are only stored.
    """

    size_bytes: int = 400_000_000
    is_deflated: bool = False

    def measure(self, ground: Ground) -> Figures:
        """Seconds and processor time of both, their ratio, and how much memory the push took at its height."""
        server, nginx = ground.motherlode("middle"), ground.nginx()
        ours, theirs, growths = list[_Put](), list[_Put](), list[float]()
        body = ground.folder / "large.body"
        for number in range(ground.effort.rounds):
            kind = self._write_body(body, number, ground.effort.scale)
            headers = {"Content-Type": kind, "X-NuGet-ApiKey": server.server.key}
            with Watch(server.tree) as watch:
                ours.append(_put(server.port, "/api/v2/package/", body, headers, server.tree))
            growths.append(watch.most_mb - watch.before_mb)
            theirs.append(_put(nginx.port, f"/dav/{number}", body, {}, nginx.tree))
            (nginx.static / "dav" / str(number)).unlink()
        body.unlink()
        return {
            "s": median([each.wall_s for each in ours]),
            "nginx_s": median([each.wall_s for each in theirs]),
            "time_ratio": median([our.wall_s / their.wall_s for our, their in zip(ours, theirs, strict=True)]),
            "cpu_s": median([each.cpu_s for each in ours]),
            "nginx_cpu_s": median([each.cpu_s for each in theirs]),
            "growth_mb": max(growths),
        }

    def _write_body(self, path: Path, number: int, scale: int) -> str:
        body, content_type = form(self._package(f"1.{number}.{int(self.is_deflated)}", self.size_bytes // scale))
        path.write_bytes(body)
        return content_type

    def _package(self, version: str, size_bytes: int) -> bytes:
        """A package of that size: the same part many times over, under different names."""
        part = random.Random(version).randbytes(_PART_BYTES)
        part = part.hex().encode() if self.is_deflated else part
        method = 8 if self.is_deflated else 0
        packed = _deflated(part) if self.is_deflated else part
        count = size_bytes // len(packed) + 1
        parts = [Member(f"content/{at}.bin", part, method, packed=packed) for at in range(count)]
        return zip_of([Member("Acme.Large.nuspec", nuspec("Acme.Large", version)), *parts])


def _deflated(part: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflater.compress(part) + deflater.flush()


@dataclass(frozen=True, slots=True)
class _Put:
    wall_s: float
    cpu_s: float


def _put(port: int, path: str, body: Path, headers: Mapping[str, str], tree: Tree) -> _Put:
    """Send a file by sendfile and wait for the answer."""
    os.sync()
    lines = [f"PUT {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {body.stat().st_size}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    cpu_before, started = tree.cpu_s(), perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection, body.open("rb") as file:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        connection.sendfile(file)
        answer = connection.recv(65536)
    wall_s = perf_counter() - started
    if not answer.startswith(b"HTTP/1.1 201"):
        raise LoadFailed(answer.split(b"\r\n")[0].decode("latin-1"))
    return _Put(wall_s, tree.cpu_s() - cpu_before)
