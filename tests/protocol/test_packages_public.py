"""Real, odd and hostile packages, pushed to a server as clients push them."""

import base64
import hashlib
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.protocol.external_packages import Row, bad_packages, table
from tests.protocol.feeds import create_feed
from tests.protocol.refusals import faults_of_refusal
from tests.protocol.traces_left import held_by, peak_bytes, resident_bytes
from tests.protocol.wire import chunked, exchange, json_of, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server

FEED = "/feeds/judged"
MAX_ANSWER_S = 5
MAX_GROWTH_BYTES = 200 * 1024 * 1024


@pytest.mark.parametrize("strictness", ["gallery", "lenient"])
def test_bad_packages_are_refused_without_a_trace(
    server: Server, packages: Path, tmp_path: Path, strictness: str
) -> None:
    """Each gets its status, within seconds, and leaves nothing behind; what is taken breaks no document. A check says
    the same before. What the gallery takes is taken by lenient feeds, too."""
    create_feed(server, "judged", f"strictness={strictness}")
    faults: list[str] = []
    resident_before = resident_bytes(server)
    for row, package in bad_packages(packages, tmp_path):
        expected = {row["expect"]} if strictness == "gallery" else {row["expect"], 201}
        before, said = held_by(server), server.check(package, feed=FEED)
        faults += [f"{row['file']}: {fault}" for fault in _faults_of_check(said, expected)]
        started = monotonic()
        answer = server.push(package, feed=FEED)
        faults += [f"{row['file']}: {fault}" for fault in _faults_of_push(answer, expected, monotonic() - started)]
        if answer.status != json.loads(said.body)["status"]:
            faults.append(f"{row['file']}: {answer.status}, and the check said {said.body[:200]!r}")
        if answer.status == 201:
            faults += [f"{row['file']}: {fault}" for fault in _faults_of_documents(server, package)]
        elif held_by(server) != before:
            faults.append(f"{row['file']}: left {before} -> {held_by(server)}")
    assert faults == []
    assert peak_bytes(server) - resident_before < MAX_GROWTH_BYTES
    assert server.get("/health/ready").status == 200


def _faults_of_push(answer: Answer, expected: set[int], seconds: float) -> list[str]:
    faults = []
    if answer.status not in expected:
        faults.append(f"{answer.status} instead of {expected}: {answer.body[:200]!r}")
    if seconds > MAX_ANSWER_S:
        faults.append(f"took {seconds:.1f} s")
    return faults + ([] if answer.status == 201 else faults_of_refusal(answer))


def _faults_of_check(answer: Answer, expected: set[int]) -> list[str]:
    said = json.loads(answer.body)
    is_good = answer.status == 200 and said["status"] in expected
    is_whole = said["is_valid"] == (said["status"] == 201) == (not said["faults"]) == (said["identity"] is not None)
    return [] if is_good and is_whole else [f"{answer.status} {answer.body[:200]!r} of a check"]


def _faults_of_documents(server: Server, package: bytes) -> list[str]:
    """What a client would trip over in the documents of a package that was taken."""
    package_id, version = _identity_of(server, package)
    faults = []
    if server.get(f"{FEED}/v3/flat/{package_id}/{version}/{package_id}.{version}.nupkg").body != package:
        faults.append("other bytes")
    for path in (
        f"{FEED}/v3/registration-gz-semver2/{package_id}/index.json",
        f"{FEED}/v3/registration-gz-semver2/{package_id}/{version}.json",
        f"{FEED}/v3/catalog/data/{package_id}/{version}.json",
        f"{FEED}/v3/flat/{package_id}/index.json",
    ):
        answer = server.get(path)
        if answer.status != 200:
            faults.append(f"{path}: {answer.status}")
        else:
            faults += [f"{path}: {fault}" for fault in _faults_of_json(json.loads(answer.body), server.url + FEED)]
    return faults


def _identity_of(server: Server, package: bytes) -> tuple[str, str]:
    """The id and version that the server's log of events says it took last, as they stand in addresses."""
    with closing(sqlite3.connect(f"file:{server.data / 'motherlode.db'}?mode=ro", uri=True)) as database:
        query = "SELECT id_key, version_key FROM events ORDER BY number DESC LIMIT 1"
        id_key, version_key = database.execute(query).fetchone()
    return quote(id_key), version_key


def _faults_of_json(value: Any, url: str, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [fault for key, each in value.items() for fault in _faults_of_json(each, url, key)]
    if isinstance(value, list):
        return [fault for each in value for fault in _faults_of_json(each, url, name)]
    if value is None or (isinstance(value, str) and not _is_readable(name, value, url)):
        return [f"{name} = {value!r}"]
    return []


def _is_readable(name: str, value: str, url: str) -> bool:
    if name in {"@id", "packageContent", "registration"}:
        return value.startswith(f"{url}/v3/") and value.isascii()
    if name.endswith("Url"):
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s<>\"{}|\\^`]", value)
    if name == "range":
        return re.fullmatch(r"[\[(][^,\[\]()*]*, [^,\[\]()*]*[\])]", value) is not None and value != "(,)"
    if name in {"published", "created", "lastEdited", "commitTimeStamp"}:
        return datetime.fromisoformat(value).tzinfo is not None
    return name != "targetFramework" or value not in {"", "any"}


def test_real_packages_are_taken_and_read_as_another_reader_found_them(server: Server, packages: Path) -> None:
    """Id, version, size, hash and metadata of what the public gallery serves; a lenient feed takes them all, too."""
    rows = json.loads((packages / "real.json").read_text(encoding="utf-8"))
    create_feed(server, "lenient", "strictness=lenient")
    faults: list[str] = []
    for row in rows:
        package = (packages / "real" / row["file"]).read_bytes()
        assert server.push(package).status == 201, row["file"]
        assert server.push(package, feed="/feeds/lenient").status == 201, row["file"]
        faults += [f"{row['file']}: {fault}" for fault in _differences(server, row, package)]
    assert faults == []
    assert len(rows) > 80


def _differences(server: Server, row: Row, package: bytes) -> list[str]:
    package_id, version = row["id"].lower(), row["version"].partition("+")[0].lower()
    folder = f"/v3/flat/{package_id}/{version}"
    details = json_of(server.get(f"/v3/catalog/data/{package_id}/{version}.json"))
    index = json_of(server.get(f"/v3/registration-gz-semver2/{package_id}/index.json"))
    leaves = {leaf["catalogEntry"]["version"]: leaf for page in index["items"] for leaf in page["items"]}
    entry = leaves[row["version"]]["catalogEntry"]
    found = _found(server, details, folder)
    wanted = _wanted(server, row, package)
    faults = [f"{name}: {found[name]!r} instead of {wanted[name]!r}" for name in wanted if found[name] != wanted[name]]
    faults += [f"registration has other {name}" for name in entry if name[0] != "@" and entry[name] != details[name]]
    if server.get(f"{folder}/{package_id}.{version}.nupkg").body != package:
        faults.append("other bytes")
    return faults


def _found(server: Server, details: dict[str, Any], folder: str) -> dict[str, Any]:
    package_id = details["id"].lower()
    embedded = {name: server.get(f"{folder}/{name}") for name in ("readme", "icon", "license")}
    return {
        "id": details["id"],
        "version": details["version"],
        "size": details["packageSize"],
        "sha512": details["packageHash"] if details["packageHashAlgorithm"] == "SHA512" else None,
        "authors": details.get("authors"),
        "licenseExpression": details.get("licenseExpression"),
        "licenseUrl": details.get("licenseUrl"),
        "iconUrl": details.get("iconUrl"),
        "min_client_version": details.get("minClientVersion"),
        "require_license_acceptance": details.get("requireLicenseAcceptance", False),
        "development_dependency": details.get("developmentDependency", False),
        "package_types": [kind["name"] for kind in details.get("packageTypes", [])],
        "groups": [
            (group.get("targetFramework"), [(each["id"], each["range"]) for each in group.get("dependencies", [])])
            for group in details.get("dependencyGroups", [])
        ],
        "nuspec": server.get(f"{folder}/{package_id}.nuspec").body,
        "nuspec type": (server.get(f"{folder}/{package_id}.nuspec").header("content-type") or "").partition(";")[0],
        **{name: answer.body if answer.status == 200 else answer.status for name, answer in embedded.items()},
        **{f"{name} type": (answer.header("content-type") or "") for name, answer in embedded.items()},
    }


def _wanted(server: Server, row: Row, package: bytes) -> dict[str, Any]:
    archive = zipfile.ZipFile(io.BytesIO(package))
    entries = {unquote(name).lower(): archive.read(name) for name in archive.namelist()}
    nuspec = next(content for name, content in entries.items() if "/" not in name and name.endswith(".nuspec"))
    kind, value = row["license"]["type"], row["license"]["value"]
    wanted = {
        "id": row["id"],
        "version": row["version"],
        "size": row["size"],
        "sha512": row["sha512"],
        "authors": row["authors"],
        "min_client_version": row["min_client_version"],
        "require_license_acceptance": row["require_license_acceptance"],
        "development_dependency": row["development_dependency"],
        "package_types": row["package_types"],
        "licenseExpression": value if kind == "expression" else None,
        "groups": [(group["framework"], _pairs(group["dependencies"])) for group in row["dependency_groups"]]
        or ([(None, _pairs(row["flat_dependencies"]))] if row["flat_dependencies"] else []),
        "nuspec": nuspec,
        "nuspec type": "application/xml",
        "icon": _entry(entries, row["icon"]),
        "readme": _entry(entries, row["readme"]),
        "license": _entry(entries, value if kind == "file" else None),
        "readme type": "text/markdown; charset=utf-8" if row["readme"] else "application/problem+json",
        "license type": "text/plain; charset=utf-8" if kind == "file" else "application/problem+json",
        "icon type": _image_type(row["icon"]),
    }
    assert base64.b64encode(hashlib.sha512(package).digest()).decode() == row["sha512"]
    if kind == "url":
        wanted["licenseUrl"] = value
    folder = f"{server.url}/v3/flat/{row['id'].lower()}/{row['version'].lower()}"
    if kind == "file":
        wanted["licenseUrl"] = f"{folder}/license"
    wanted["iconUrl"] = f"{folder}/icon" if row["icon"] else row["icon_url"]
    return wanted


def _pairs(dependencies: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(each["id"], _normalized(each["range"])) for each in dependencies]


def _normalized(text: str) -> str:
    """The ranges that these packages have, as documents write them."""
    if text[0] not in "[(":
        return f"[{text}, )"
    return text if "," in text else f"[{text[1:-1]}, {text[1:-1]}]"


def _entry(entries: dict[str, bytes], name: str | None) -> bytes | int:
    return entries[name.replace("\\", "/").lower()] if name else 404


def _image_type(name: str | None) -> str:
    if name is None:
        return "application/problem+json"
    return "image/jpeg" if name.lower().endswith((".jpg", ".jpeg")) else "image/png"


def test_made_packages_are_taken_once_each_identity(server: Server, packages: Path) -> None:
    """Another spelling of an identity is 409 behind the first one, and 201 on a feed of its own, however it judges."""
    rows = table(packages, "made/cases.json")
    first = [row for row in rows if "same_identity_as" not in row]
    again = [row for row in rows if "same_identity_as" in row]
    create_feed(server, "lenient", "strictness=lenient")
    for row in first:
        for feed in ("", "/feeds/lenient"):
            assert server.push(_made(packages, row), feed=feed).status == 201, row["file"]
    for number, row in enumerate(again):
        assert server.push(_made(packages, row)).status == 409, row["file"]
        for strictness in ("gallery", "lenient"):
            create_feed(server, f"{strictness}-{number}", f"strictness={strictness}")
            answer = server.push(_made(packages, row), feed=f"/feeds/{strictness}-{number}")
            assert answer.status == 201, row["file"]
    assert (len(first), len(again)) == (55, 8)
    for row in first:
        package_id, version = quote(row["id"]), quote(row["version"])
        answer = server.get(f"/v3/flat/{package_id}/{version}/{package_id}.{version}.nupkg")
        assert answer.body == _made(packages, row), row["file"]


def _made(packages: Path, row: Row) -> bytes:
    return (packages / "made" / row["file"]).read_bytes()


@pytest.mark.parametrize("framing", ["Content-Length", "chunks"])
def test_a_package_over_the_limit_is_413_by_its_announced_and_by_its_counted_size(
    serve: Callable[..., Server], framing: str
) -> None:
    """The limit comes from the server's settings."""
    server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "100KB"})
    large, fitting = nupkg("Too.Large", payload_bytes=200_000), nupkg("Just.Fits", payload_bytes=90_000)
    before = held_by(server)

    answer = _push_raw(server, large, framing)
    assert answer.status == 413
    assert faults_of_refusal(answer) == []
    assert held_by(server) == before
    assert _push_raw(server, fitting, framing).status == 201


def _push_raw(server: Server, package: bytes, framing: str) -> Answer:
    key = f"X-NuGet-ApiKey: {server.key}"
    if framing == "Content-Length":
        return exchange(server, request_bytes("PUT", "/api/v2/package", key, body=package))
    cut = [package[at : at + 10_000] for at in range(0, len(package), 10_000)]
    body = chunked(*cut)
    return exchange(server, request_bytes("PUT", "/api/v2/package", key, "Transfer-Encoding: chunked", body=body))
