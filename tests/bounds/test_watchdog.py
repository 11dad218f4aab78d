"""No input keeps the event loop for 20 ms, or the interpreter for 100 ms, whatever it is: see `tests.support.watchdog`.

The application is asked in this process, feed by feed as lenient as one can be.
"""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import thread_time
from urllib.parse import quote

import pytest

from tests.bounds.hostile_inputs import (
    HEADER_VALUES,
    HEADERS,
    MARKS,
    NUSPECS,
    PACKAGES,
    PATHS,
    QUERIES,
    QUERY_BYTES,
    READMES,
    filled,
    near_delimiters,
    readme_package,
)
from tests.support.builders import nupkg
from tests.support.in_process import Application, Heard, living
from tests.support.watchdog import MAX_CALL_S, MAX_HOLD_S, Watchdog, watch

LENIENT = {"MOTHERLODE_FEED_STRICTNESS": "lenient"}
MIB = 1024 * 1024
SMALL = 4 * MIB


def run(story: Callable[[Application], Awaitable[None]], folder: Path) -> None:
    """Tell a story to an application of its own."""

    async def tell() -> None:
        async with living(folder / "data", **LENIENT) as application:
            await application.push(nupkg())
            await story(application)

    asyncio.run(tell())


async def hear(work: Callable[[], Awaitable[Heard]], name: str) -> Heard:
    """What is answered to work that can be done again, once it was found to hold nobody up."""
    heard: list[Heard] = []

    async def do() -> None:
        heard.append(await work())

    longest = await watch(do)
    assert longest.complaints == [], f"{name}: {longest.complaints}"
    assert heard[-1].status < 500, f"{name}: {heard[-1]}"
    return heard[-1]


def test_every_address_is_answered_whatever_its_query(tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        for path in PATHS:
            for name, piece in QUERIES.items():
                query = quote(filled(piece, QUERY_BYTES), safe="&=")[:QUERY_BYTES].encode()
                await hear(lambda p=path, q=query: application.ask(p, query=q), f"{path} {name}")  # type: ignore[misc]

    run(story, tmp_path)


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_is_read(name: str, tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        for kind, value in HEADER_VALUES.items():
            for method, path in (("GET", "/v3/index.json"), ("GET", "/packages"), ("PUT", "/api/v2/package")):
                headers = {"X-NuGet-ApiKey": application.key.encode(), name: value}
                await hear(lambda m=method, p=path, h=headers: application.ask(p, method=m, headers=h), kind)  # type: ignore[misc]

    run(story, tmp_path)


def test_a_form_that_never_comes_to_its_part_is_refused(tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        form = near_delimiters(20 * MIB)
        body = [form[start : start + 65_536] for start in range(0, len(form), 65_536)]
        headers = {"X-NuGet-ApiKey": application.key.encode(), "Content-Type": b"multipart/form-data; boundary=b"}
        refused = await hear(
            lambda: application.ask("/api/v2/package", method="PUT", headers=headers, body=body), "near-delimiters"
        )
        assert refused.status == 400

    run(story, tmp_path)


@pytest.mark.parametrize("key", [True, False], ids=["key", "no-key"])
def test_a_body_of_single_bytes_is_not_followed(key: bool, tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        headers = {"X-NuGet-ApiKey": application.key.encode()} if key else {}
        body = [b"x"] * 500_000
        refused = await hear(
            lambda: application.ask("/api/v2/package", method="PUT", headers=headers, body=body), "bytes"
        )
        assert refused.status == (400 if key else 401)

    run(story, tmp_path)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_judged(name: str, tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        package = PACKAGES[name]()
        await hear(lambda: application.push(package), name)

    run(story, tmp_path)


def test_a_nuspec_is_read_indexed_and_shown(tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        for number, (name, make) in enumerate(NUSPECS.items()):
            nuspec = make().replace(b"<id>Acme.Widgets</id>", f"<id>Acme.W{number}</id>".encode())
            package = nupkg(nuspec=nuspec)
            if (await hear(lambda p=package: application.push(p), name)).status == 400:  # type: ignore[misc]
                continue
            for path in (f"/v3/registration/acme.w{number}/index.json", f"/packages/acme.w{number}", "/"):
                await hear(lambda p=path: application.ask(p), f"{name} {path}")  # type: ignore[misc]
            for path in ("/v3/search", "/packages"):
                query = f"q=acme.w{number}".encode()
                await hear(lambda p=path, q=query: application.ask(p, query=q), f"{name} {path}")  # type: ignore[misc]

    run(story, tmp_path)


def test_a_readme_is_laid_out(tmp_path: Path) -> None:
    async def story(application: Application) -> None:
        for number, (name, piece) in enumerate(READMES.items()):
            assert (await application.push(readme_package(piece, f"1.0.{number}"))).status == 201
            page = f"/packages/Acme.Readme/1.0.{number}"
            assert (await hear(lambda p=page: application.ask(p), name)).status == 200  # type: ignore[misc]

    run(story, tmp_path)


def test_bad_packages_are_judged(packages: Path, tmp_path: Path) -> None:
    small = [path for path in packages.glob("bad/*.nupkg") if path.stat().st_size < SMALL]
    assert small

    async def story(application: Application) -> None:
        for path in small:
            content = path.read_bytes()
            await hear(lambda p=content: application.push(p), path.name)  # type: ignore[misc]

    run(story, tmp_path)


class TestWatchdog:
    """It sees what it is there for."""

    def test_it_sees_a_call_that_keeps_the_event_loop(self) -> None:
        async def keep() -> None:
            started = thread_time()
            while thread_time() < started + 3 * MAX_CALL_S:
                pass

        async def watched() -> float:
            with Watchdog() as watchdog:
                await asyncio.create_task(keep())
            return watchdog.longest.call_s

        assert asyncio.run(watched()) >= 3 * MAX_CALL_S

    def test_it_sees_a_thread_that_keeps_the_interpreter(self) -> None:
        async def watched() -> float:
            with Watchdog() as watchdog:
                await asyncio.to_thread(unicodedata.normalize, "NFC", MARKS * 15_000)
            return watchdog.longest.hold_s

        assert asyncio.run(watched()) > MAX_HOLD_S

    def test_it_says_nothing_of_threads_that_give_it_up(self) -> None:
        async def work() -> None:
            await asyncio.to_thread(sum, (number % 7 for number in range(3_000_000)))

        assert asyncio.run(watch(work)).complaints == []
