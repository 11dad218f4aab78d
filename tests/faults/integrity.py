"""What must hold of a data folder and of a server after every fault, looked at from outside.

`assert_sound` reads the folder as it lies there: rows, log and files say the same. `assert_kept` asks the server for
what it acknowledged.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.servers import Answer, Server

LISTED_AFTER = {"published": True, "unlisted": False, "relisted": True}
"""The listed state after each event that says which."""
AUDITED_AS = {
    "push": "published",
    "replace": "replaced",
    "unlist": "unlisted",
    "relist": "relisted",
    "delete": "deleted",
    "restore-version": "restored",
}
Versions = Mapping[tuple[str, str], bytes]
"""Packages by id and version."""


def rows(data: Path, query: str) -> list[sqlite3.Row]:
    """Rows of the database of a data folder, by a connection that can write nothing."""
    with closing(sqlite3.connect(f"{(data / 'motherlode.db').as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query).fetchall()


def assert_sound(data: Path) -> None:
    """Rows, log and files agree, and nothing is left of a push that never was."""
    assert [row[0] for row in rows(data, "PRAGMA integrity_check")] == ["ok"]
    assert rows(data, "PRAGMA foreign_key_check") == []
    _assert_events_make_entries(data)
    _assert_blobs_are_the_contents(data)
    assert spooled_files(data) == []


def spooled_files(data: Path) -> list[Path]:
    """What lies in the spools; a lock alone belongs to a process that has nothing in its spool."""
    return [file for file in (data / "spool").rglob("*") if file.is_file() and file.name != "lock"]


def blob_files(data: Path) -> dict[str, Path]:
    """The files of all packages, by name."""
    return {file.name: file for file in (data / "blobs").glob("*/*") if file.is_file()}


def _assert_events_make_entries(data: Path) -> None:
    events = rows(data, "SELECT * FROM events ORDER BY feed_id, number")
    last: dict[tuple[int, str, str], sqlite3.Row] = {}
    numbers: Counter[int] = Counter()
    for event in events:
        key = (event["feed_id"], event["id_key"], event["version_key"])
        numbers[event["feed_id"]] += 1
        assert event["number"] == numbers[event["feed_id"]], "the log has a gap"
        assert (event["kind"] in {"published", "restored"}) == _is_free(last.get(key)), "a version begins once"
        before = json.loads(last[key]["details"])["listed"] if key in last else None
        listed = json.loads(event["details"])["listed"]
        assert listed == LISTED_AFTER.get(event["kind"], listed if before is None else before)
        last[key] = event
    heads = {row["feed_id"]: row["number"] for row in rows(data, "SELECT * FROM heads")}
    assert heads == {feed_id: numbers[feed_id] for feed_id in heads}
    _assert_entries(data, last)
    _assert_packages(data, last)
    _assert_audit(data, events)


def _is_free(event: sqlite3.Row | None) -> bool:
    """Whether a version may begin after that event, its last one so far."""
    return event is None or event["kind"] == "deleted"


def _assert_entries(data: Path, last: Mapping[tuple[int, str, str], sqlite3.Row]) -> None:
    query = "SELECT entries.*, contents.sha256 FROM entries JOIN contents ON contents.id = content_id"
    entries = {(row["feed_id"], row["id_key"], row["version_key"]): row for row in rows(data, query)}
    assert entries.keys() == {key for key, event in last.items() if event["kind"] != "deleted"}
    kept = {(row["feed_id"], row["id_key"], row["version_key"]) for row in rows(data, "SELECT * FROM deletions")}
    assert kept == {key for key, event in last.items() if _is_kept(event)}
    for key, entry in entries.items():
        details = json.loads(last[key]["details"])
        assert entry["revision"] == last[key]["number"]
        assert bool(entry["listed"]) == details["listed"]
        assert entry["sha256"].hex() == details["sha256"]


def _is_kept(event: sqlite3.Row) -> bool:
    return event["kind"] == "deleted" and json.loads(event["details"])["mode"] == "soft"


def _assert_packages(data: Path, last: Mapping[tuple[int, str, str], sqlite3.Row]) -> None:
    highest: dict[tuple[int, str], int] = {}
    for (feed_id, id_key, _), event in last.items():
        highest[feed_id, id_key] = max(highest.get((feed_id, id_key), 0), event["number"])
    packages = {(row["feed_id"], row["id_key"]): row["revision"] for row in rows(data, "SELECT * FROM packages")}
    assert packages == highest


def _assert_audit(data: Path, events: Iterable[sqlite3.Row]) -> None:
    lines = Counter(AUDITED_AS.get(row["action"]) for row in rows(data, "SELECT action FROM audit"))
    del lines[None]
    assert lines == Counter(event["kind"] for event in events if event["kind"] != "rederived")
    changed = {event["feed_id"] for event in events if event["kind"] == "rederived"}
    begun = rows(data, "SELECT DISTINCT feed FROM audit WHERE action = 'rederive'")
    assert len(begun) == len(changed)


def _assert_blobs_are_the_contents(data: Path) -> None:
    """But for garbage, whose blobs may be there or gone; and nothing is stored that no feed ever held."""
    contents = {row["blob"]: row for row in rows(data, "SELECT * FROM contents")}
    garbage = {row["blob"] for row in rows(data, "SELECT * FROM garbage")}
    files = blob_files(data)
    assert files.keys() - garbage == contents.keys()
    held = {json.loads(row["details"])["sha256"] for row in rows(data, "SELECT details FROM events")}
    for name, row in contents.items():
        body = files[name].read_bytes()
        assert hashlib.sha256(body).digest() == row["sha256"]
        assert hashlib.sha512(body).digest() == row["sha512"]
        assert (len(body), name.partition("-")[0]) == (row["size"], row["sha256"].hex())
        assert row["sha256"].hex() in held
    used = {row["content_id"] for row in rows(data, "SELECT content_id FROM entries")}
    if not any(row["kind"] in {"replaced", "deleted"} for row in rows(data, "SELECT kind FROM events")):
        assert used == {row["id"] for row in contents.values()}


def assert_kept(server: Server, versions: Versions) -> None:
    """Every version is in the list, in the registration and downloadable, byte for byte."""
    for package_id in {package_id for package_id, _ in versions}:
        expected = {version for other_id, version in versions if other_id == package_id}
        assert expected <= set(listed_states(server, package_id))
        document = json.loads(server.get(f"/v3/flat/{package_id.lower()}/index.json").body)
        assert expected <= set(document["versions"])
    for (package_id, version), body in versions.items():
        assert hashlib.sha512(download(server, package_id, version)).digest() == hashlib.sha512(body).digest()


def download(server: Server, package_id: str, version: str) -> bytes:
    """The package, as a client gets it."""
    answer = server.get(f"/v3/flat/{package_id.lower()}/{version}/{package_id.lower()}.{version}.nupkg")
    assert answer.status == 200
    return answer.body


def listed_states(server: Server, package_id: str) -> dict[str, bool]:
    """Of each version in the registration of an id whether it is listed; empty when there is no such id."""
    answer = server.get(f"/v3/registration-gz-semver2/{package_id.lower()}/index.json")
    if answer.status == 404:
        return {}
    document: dict[str, Any] = json.loads(answer.body)
    leaves = [leaf for page in document["items"] for leaf in _leaves(server, page)]
    return {leaf["catalogEntry"]["version"]: leaf["catalogEntry"]["listed"] for leaf in leaves}


def _leaves(server: Server, page: dict[str, Any]) -> list[dict[str, Any]]:
    if "items" not in page:
        page = json.loads(server.get(page["@id"].removeprefix(server.url)).body)
    leaves: list[dict[str, Any]] = page["items"]
    return leaves


def stored(data: Path) -> tuple[object, ...]:
    """All that a refused write must leave alone, comparable."""
    tables = ("contents", "entries", "packages", "events", "heads", "audit")
    return (
        *(list(map(tuple, rows(data, f"SELECT * FROM {table}"))) for table in tables),
        blob_files(data),
        spooled_files(data),
    )


def assert_refused_full(answer: Answer) -> None:
    """507, in all three ways."""
    assert answer.status == 507
    assert (answer.header("X-NuGet-Warning") or "").startswith("The server's disk is full, so nothing was stored")
    assert b'"code": "storage-full"' in answer.body
