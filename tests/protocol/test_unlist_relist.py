"""DELETE unlists and POST relists, over real sockets."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.protocol.refusals import faults_of_refusal
from tests.protocol.traces_left import held_by
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Server

HIVES = ("registration", "registration-gz", "registration-gz-semver2")
UNLISTED = "1900-01-01T00:00:00Z"


@pytest.fixture
def widgets(server: Server) -> Server:
    """A server with Acme.Widgets 1.0.0 and 2.0.0."""
    for version in ("1.0.0", "2.0.0"):
        assert server.push(nupkg("Acme.Widgets", version)).status == 201
    return server


def states(server: Server, version: str = "1.0.0") -> set[tuple[bool, str]]:
    """Listed and published of a version, as every document tells it that shows them."""
    entries = [json_of(server.get(f"/v3/catalog/data/acme.widgets/{version}.json"))]
    for hive in HIVES:
        entries.append(json_of(server.get(f"/v3/{hive}/acme.widgets/{version}.json")))
        index = json_of(server.get(f"/v3/{hive}/acme.widgets/index.json"))
        leaves = [leaf["catalogEntry"] for page in index["items"] for leaf in page["items"]]
        entries += [leaf for leaf in leaves if leaf["version"] == version]
    assert len(entries) == 7
    return {(entry["listed"], entry["published"]) for entry in entries}


def test_delete_unlists_and_post_brings_the_true_time_back(widgets: Server) -> None:
    [(listed, published)] = states(widgets)
    assert listed is True
    assert datetime.now(UTC) - datetime.fromisoformat(published) < timedelta(minutes=5)

    answer = widgets.change("DELETE", "Acme.Widgets", "1.0.0")
    assert (answer.status, answer.body) == (204, b"")
    assert states(widgets) == {(False, UNLISTED)}
    assert {listed for listed, _ in states(widgets, "2.0.0")} == {True}

    answer = widgets.change("POST", "Acme.Widgets", "1.0.0")
    assert (answer.status, answer.body) == (200, b"")
    assert states(widgets) == {(True, published)}


def test_an_unlisted_version_stays_in_the_version_list_and_downloadable(widgets: Server) -> None:
    assert widgets.change("DELETE", "Acme.Widgets", "2.0.0").status == 204
    assert json_of(widgets.get("/v3/flat/acme.widgets/index.json")) == {"versions": ["1.0.0", "2.0.0"]}
    answer = widgets.get("/v3/flat/acme.widgets/2.0.0/acme.widgets.2.0.0.nupkg")
    assert answer.body == nupkg("Acme.Widgets", "2.0.0")


def test_an_unlisted_version_cannot_be_pushed_again(widgets: Server) -> None:
    assert widgets.change("DELETE", "Acme.Widgets", "1.0.0").status == 204
    assert widgets.push(nupkg("Acme.Widgets", "1.0.0", seed=1)).status == 409


def test_doing_it_again_changes_nothing(widgets: Server) -> None:
    for method, status in (("POST", 200), ("DELETE", 204), ("DELETE", 204), ("POST", 200), ("POST", 200)):
        assert widgets.change(method, "Acme.Widgets", "1.0.0").status == status
    assert held_by(widgets).rows["events"] == 4


@pytest.mark.parametrize(
    ("package_id", "version"),
    [
        ("ACME.WIDGETS", "1.0.0"),
        ("acme.widgets", "1.0"),
        ("Acme.Widgets", "1"),
        ("Acme.Widgets", "1.0.0.0"),
        ("Acme.Widgets", "01.00.0"),
        ("aCME.wIDGETS", "1.0.0+build.7"),
        ("Acme.Widgets", "1.0.0%2Bbuild.7"),
    ],
)
def test_any_spelling_names_the_version(shared_server: Server, package_id: str, version: str) -> None:
    assert shared_server.push(nupkg("Acme.Widgets")).status in {201, 409}
    assert shared_server.change("DELETE", package_id, version).status == 204
    assert {listed for listed, _ in states(shared_server)} == {False}
    assert shared_server.change("POST", package_id, version).status == 200
    assert {listed for listed, _ in states(shared_server)} == {True}


def test_a_label_is_the_same_in_any_casing(shared_server: Server) -> None:
    assert shared_server.push(nupkg("Acme.Labels", "1.0.0-RC.1+meta")).status == 201
    assert shared_server.change("DELETE", "acme.labels", "1.0-rc.1").status == 204


@pytest.mark.parametrize("suffix", ["", "/"])
@pytest.mark.parametrize("base", ["/api/v2/package", "/feeds/default/api/v2/package", "/API/V2/PACKAGE"])
@pytest.mark.parametrize(("method", "status"), [("DELETE", 204), ("POST", 200)])
def test_every_address_takes_it(shared_server: Server, base: str, suffix: str, method: str, status: int) -> None:
    assert shared_server.push(nupkg("Acme.Widgets")).status in {201, 409}
    headers = {"X-NuGet-ApiKey": shared_server.key}
    path = f"{base}/Acme.Widgets/1.0.0{suffix}"
    assert shared_server.request(method, path, headers=headers).status == status


def test_clients_that_were_given_the_v2_address_delete_below_it(shared_server: Server) -> None:
    assert shared_server.push(nupkg("Acme.Widgets")).status in {201, 409}
    headers = {"X-NuGet-ApiKey": shared_server.key}
    assert shared_server.request("DELETE", "/api/v2/acme.widgets/1.0.0", headers=headers).status == 204


@pytest.mark.parametrize(
    "path",
    [
        "No.Such/1.0.0",
        "Acme.Widgets/9.9.9",
        "Acme.Widgets/no-version",
        "Acme.Widgets/1.0.0%20beta",
        "%C3%84cme/1.0.0",
        "Acme%2FWidgets/1.0.0",
        "%00/1.0.0",
        "..%2f..%2fetc/1.0.0",
        f"{'a' * 101}/1.0.0",
        "Acme.Widgets/[1.0.0]",
        "Acme.Widgets/99999999999999999999.0.0",
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_what_is_not_there_is_404(shared_server: Server, method: str, path: str) -> None:
    assert shared_server.push(nupkg("Acme.Widgets")).status in {201, 409}
    before = held_by(shared_server)
    answer = shared_server.request(method, f"/api/v2/package/{path}", headers={"X-NuGet-ApiKey": shared_server.key})
    assert answer.status == 404
    assert faults_of_refusal(answer) == []
    assert held_by(shared_server) == before


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_body_that_nobody_asked_for_is_read_and_forgotten(shared_server: Server, method: str) -> None:
    assert shared_server.push(nupkg("Acme.Widgets")).status in {201, 409}
    headers = {"X-NuGet-ApiKey": shared_server.key, "Content-Type": "text/html"}
    path = "/api/v2/package/Acme.Widgets/1.0.0"
    assert shared_server.request(method, path, body=bytes(300_000), headers=headers).status in {200, 204}
