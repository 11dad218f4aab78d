"""Each way to delete and to overwrite, each state, each verb and each right: what it answers, and what then shows.

A refusal changes nothing: all that a row refuses is asked of one and the same version. What is accepted is asked of a
version of its own each time, and all that readers can see is looked at after it, from whichever worker answers.
"""

import hashlib
import itertools
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.packages.listing import unlist
from motherlode.usecases.packages.locking import lock_id
from tests.protocol.live_changes import add_key, audit_lines, change
from tests.protocol.refusals import faults_of_refusal
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, form, start_server

MODES = ("unlist", "soft", "hard")
OVERWRITES = ("never", "prerelease", "always")
STABLE, BETA = "1.0.0", "1.0.0-beta"
VERSIONS = {"never": (STABLE,), "prerelease": (STABLE, BETA), "always": (STABLE,)}
VERBS = ("DELETE", "POST", "PUT others", "PUT the same")
RIGHTS = ("push", "unlist", "delete", "admin")
HIVES = ("registration", "registration-gz", "registration-gz-semver2")
UNLISTED = "1900-01-01T00:00:00Z"

ROWS = [
    (mode, overwrite, version, state)
    for mode in MODES
    for overwrite in OVERWRITES
    for version in VERSIONS[overwrite]
    for state in ("listed", "unlisted", "deleted")
    if not (mode == "unlist" and state == "deleted")
]


@dataclass
class Place:
    """A server with a feed for each way, and a key for each right."""

    server: Server
    keys: dict[str, str]
    numbers: Iterator[int] = field(default_factory=itertools.count)


@dataclass(frozen=True)
class Subject:
    """One version on one feed, and the bytes it was pushed with."""

    server: Server
    feed: str
    package_id: str
    version: str
    body: bytes

    @property
    def other_body(self) -> bytes:
        return nupkg(self.package_id, self.version, seed=1)

    def ask(self, verb: str, key: str) -> Answer:
        if verb.startswith("PUT"):
            body, content_type = form(self.body if verb == "PUT the same" else self.other_body)
            headers = {"X-NuGet-ApiKey": key, "Content-Type": content_type}
            return self.server.request("PUT", f"/feeds/{self.feed}/api/v2/package/", body=body, headers=headers)
        path = f"/feeds/{self.feed}/api/v2/package/{self.package_id}/{self.version}"
        return self.server.request(verb, path, headers={"X-NuGet-ApiKey": key})

    def get(self, path: str) -> Answer:
        return self.server.get(f"/feeds/{self.feed}{path}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = start_server(data=tmp_path_factory.mktemp("deleting") / "data", workers=2)
    try:
        for mode, overwrite in itertools.product(MODES, OVERWRITES):
            settings = {"delete": mode, "overwrite": overwrite}
            change(server, create_feed, f"{mode}-{overwrite}", settings, defaults=FeedPolicy())
        reasoned = {"delete": "hard", "delete_reason": "required"}
        change(server, create_feed, "reasoned", reasoned, defaults=FeedPolicy())
        yield Place(server, {right: add_key(server, rights=[right]) for right in RIGHTS})
    finally:
        server.stop()


def make_subject(place: Place, mode: str, overwrite: str, version: str, state: str) -> Subject:
    package_id = f"Acme.Row{next(place.numbers)}"
    subject = Subject(place.server, f"{mode}-{overwrite}", package_id, version, nupkg(package_id, version))
    assert subject.ask("PUT the same", place.keys["admin"]).status == 201
    if state == "unlisted":
        change(place.server, unlist_by_command, subject)
    elif state == "deleted":
        assert subject.ask("DELETE", place.keys["admin"]).status == 204
    return subject


def unlist_by_command(subject: Subject, actor: Any, *, db: Any, clock: Any) -> None:
    """As `motherlode unlist` does, which works on a feed of any kind."""
    names = parse_package_id(subject.package_id), parse_version(subject.version)
    unlist(*names, actor, feed=subject.feed, db=db, clock=clock)


def expected_status(mode: str, overwrite: str, version: str, state: str, verb: str, right: str) -> int:
    """The documented answer."""
    if verb == "DELETE":
        if right == "push":
            return 403
        if state == "deleted":
            return 404
        return 204 if right in {"admin", "unlist" if mode == "unlist" else "delete"} else 403
    if verb == "POST":
        if right not in {"unlist", "admin"}:
            return 403
        return 404 if state == "deleted" else 200
    if right not in {"push", "admin"}:
        return 403
    if state == "deleted":
        return 409 if mode == "soft" else 201
    may_replace = overwrite == "always" or (overwrite == "prerelease" and version == BETA)
    return 201 if may_replace else 409


def expected_after(subject: Subject, mode: str, state: str, verb: str) -> tuple[bool, bytes] | None:
    """Whether the version is listed, and its bytes, after the verb was accepted; None where it is gone."""
    if verb == "DELETE":
        return (False, subject.body) if mode == "unlist" else None
    if verb == "POST":
        return True, subject.body
    is_listed = state != "unlisted"
    return is_listed, subject.body if verb == "PUT the same" else subject.other_body


def as_it_was(subject: Subject, state: str) -> tuple[bool, bytes] | None:
    return None if state == "deleted" else (state == "listed", subject.body)


def assert_shown(subject: Subject, expected: tuple[bool, bytes] | None) -> None:
    """Every projection shows the version as expected."""
    if expected is None:
        assert_absent(subject)
    else:
        assert_present(subject, *expected)
    is_found = expected is not None and expected[0]
    asked = f"q=packageid:{subject.package_id}&prerelease=true&semVerLevel=2.0.0"
    hits = json_of(subject.get(f"/v3/search?{asked}"))
    assert [[each["version"] for each in hit["versions"]] for hit in hits["data"]] == [[subject.version]] * is_found
    assert hits["totalHits"] == is_found
    names = json_of(subject.get(f"/v3/autocomplete?q={subject.package_id}&prerelease=true"))["data"]
    assert [name for name in names if name == subject.package_id] == [subject.package_id] * is_found
    completed = json_of(subject.get(f"/v3/autocomplete?id={subject.package_id}&prerelease=true"))
    assert completed["data"] == [subject.version] * is_found


def paths_of(subject: Subject) -> dict[str, str]:
    lower, version = subject.package_id.lower(), subject.version
    return {
        "versions": f"/v3/flat/{lower}/index.json",
        "nupkg": f"/v3/flat/{lower}/{version}/{lower}.{version}.nupkg",
        "nuspec": f"/v3/flat/{lower}/{version}/{lower}.nuspec",
        "details": f"/v3/catalog/data/{lower}/{version}.json",
        **{f"{hive} index": f"/v3/{hive}/{lower}/index.json" for hive in HIVES},
        **{f"{hive} leaf": f"/v3/{hive}/{lower}/{version}.json" for hive in HIVES},
    }


def assert_absent(subject: Subject) -> None:
    answers = {name: subject.get(path).status for name, path in paths_of(subject).items()}
    assert set(answers.values()) == {404}, answers


def assert_present(subject: Subject, listed: bool, body: bytes) -> None:
    paths = paths_of(subject)
    assert json_of(subject.get(paths["versions"])) == {"versions": [subject.version]}
    assert subject.get(paths["nupkg"]).body == body
    assert subject.get(paths["nuspec"]).status == 200
    details = json_of(subject.get(paths["details"]))
    assert details["packageHash"] == b64encode(hashlib.sha512(body).digest()).decode()
    assert details["packageSize"] == len(body)
    told = [details, *(json_of(subject.get(paths[f"{hive} leaf"])) for hive in HIVES)]
    for hive in HIVES:
        (page,) = json_of(subject.get(paths[f"{hive} index"]))["items"]
        told += [leaf["catalogEntry"] for leaf in page["items"]]
    assert {entry["listed"] for entry in told} == {listed}
    published = {entry["published"] for entry in told}
    assert len(published) == 1
    assert (published == {UNLISTED}) == (not listed)


@pytest.mark.parametrize(("mode", "overwrite", "version", "state"), ROWS)
def test_what_is_refused_changes_nothing(place: Place, mode: str, overwrite: str, version: str, state: str) -> None:
    row = mode, overwrite, version, state
    subject = make_subject(place, *row)
    refused = 0
    for verb, right in itertools.product(VERBS, RIGHTS):
        status = expected_status(*row, verb, right)
        if status >= 400:
            refused += 1
            answer = subject.ask(verb, place.keys[right])
            assert answer.status == status, (verb, right, answer)
            assert faults_of_refusal(answer) == []
    assert refused >= 6
    assert_shown(subject, as_it_was(subject, state))


@pytest.mark.parametrize(("mode", "overwrite", "version", "state"), ROWS)
def test_what_is_accepted_shows_everywhere(place: Place, mode: str, overwrite: str, version: str, state: str) -> None:
    row = mode, overwrite, version, state
    for verb, right in itertools.product(VERBS, RIGHTS):
        status = expected_status(*row, verb, right)
        if status < 400:
            subject = make_subject(place, *row)
            assert_shown(subject, as_it_was(subject, state))
            answer = subject.ask(verb, place.keys[right])
            assert (answer.status, answer.body) == (status, b""), (verb, right, answer)
            assert_shown(subject, expected_after(subject, mode, state, verb))


SAID = {
    "unlist": "is unlisted. Clients that use it can still restore it.",
    "soft": "was deleted. Clients can no longer restore it, and its version number stays reserved. An administrator",
    "hard": "was deleted permanently. Clients can no longer restore it, and its version number is free again.",
}


@pytest.mark.parametrize("mode", MODES)
def test_a_warning_says_what_happened(place: Place, mode: str) -> None:
    subject = make_subject(place, mode, "never", STABLE, "listed")
    answer = subject.ask("DELETE", place.keys["admin"])
    (warning,) = answer.all_headers("X-NuGet-Warning")
    assert warning.startswith(f"{subject.package_id} 1.0.0 {SAID[mode]}")


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_key_that_only_unlists_is_told_what_it_lacks_and_who_can_help(place: Place, mode: str) -> None:
    subject = make_subject(place, mode, "never", STABLE, "listed")
    (warning,) = subject.ask("DELETE", place.keys["unlist"]).all_headers("X-NuGet-Warning")
    assert "lacks the right 'delete'" in warning
    assert "ask an administrator to unlist the version instead ('motherlode unlist')" in warning


def test_a_replaced_version_warns_and_has_another_etag_and_time(place: Place) -> None:
    subject = make_subject(place, "unlist", "always", STABLE, "listed")
    path = paths_of(subject)["nupkg"]
    before = subject.get(path)
    again = subject.ask("PUT the same", place.keys["push"])
    assert again.header("X-NuGet-Warning") == (
        f"{subject.package_id} 1.0.0 already exists with the same content. Nothing was changed."
    )
    assert subject.get(path).header("ETag") == before.header("ETag")
    replaced = subject.ask("PUT others", place.keys["push"])
    assert (replaced.header("X-NuGet-Warning") or "").startswith(f"{subject.package_id} 1.0.0 was replaced")
    after = subject.server.get(f"/feeds/{subject.feed}{path}", If_None_Match=before.header("ETag") or "")
    assert (after.status, after.body) == (200, subject.other_body)
    assert after.header("ETag") != before.header("ETag")


class TestReasons:
    """Where the feed demands a reason, a hard delete needs one: the header X-Motherlode-Reason."""

    def delete(self, place: Place, package_id: str, **headers: str) -> Answer:
        assert place.server.push(nupkg(package_id), feed="/feeds/reasoned").status == 201
        sent = {"X-NuGet-ApiKey": place.keys["delete"]} | headers
        return place.server.request("DELETE", f"/feeds/reasoned/api/v2/package/{package_id}/1.0.0", headers=sent)

    @pytest.mark.parametrize("headers", [{}, {"X-Motherlode-Reason": " "}])
    def test_without_one_nothing_is_deleted(self, place: Place, headers: dict[str, str]) -> None:
        package_id = f"Acme.Kept{len(headers)}"
        answer = self.delete(place, package_id, **headers)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "reason-missing")
        assert faults_of_refusal(answer) == []
        assert place.server.get(f"/feeds/reasoned/v3/flat/{package_id.lower()}/index.json").status == 200

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("a secret in it", "a secret in it"),
            ("Schl\u00fcssel".encode().decode("latin-1"), "Schl\u00fcssel"),
            ("Schl\u00fcssel", "Schl\u00fcssel"),
        ],
        ids=["ASCII", "UTF-8", "Latin-1"],
    )
    def test_it_is_kept_in_the_audit_log(self, place: Place, sent: str, kept: str) -> None:
        package_id = f"Acme.Gone{next(place.numbers)}"
        assert self.delete(place, package_id, **{"X-Motherlode-Reason": sent}).status == 204
        (line,) = audit_lines(place.server, action="delete", subject=f"{package_id} 1.0.0")
        assert line.reason == kept


def test_a_locked_id_is_403_for_everybody(place: Place) -> None:
    subject = make_subject(place, "hard", "always", STABLE, "listed")
    change(place.server, lock_id, parse_package_id(subject.package_id), feed=subject.feed)
    for verb in VERBS:
        answer = subject.ask(verb, place.keys["admin"])
        assert (answer.status, json.loads(answer.body)["code"]) == (403, "id-locked")
        assert faults_of_refusal(answer) == []
    assert_shown(subject, (True, subject.body))
