"""A private feed for a team, from nothing: someone follows docs/access.md, and types its lines as they stand there."""

import json
import os
import re
from itertools import takewhile
from pathlib import Path

import pytest

from tests.clients.client import Outcome, User, assert_refused, done
from tests.protocol.live_changes import basic
from tests.support.builders import nupkg
from tests.support.https import Authority, HttpsServer
from tests.support.leaks import is_leak, new_password
from tests.support.servers import MOTHERLODE

ACCESS = Path(__file__).resolve().parents[2] / "docs" / "access.md"
NOT_COVERED = "This API key does not cover the id Fabrikam.Gears, only Contoso.*. Use one that covers it."
KEY_REFUSED = "The API key is unknown, expired or revoked. Check it"


@pytest.fixture
def lines() -> list[str]:
    """The lines of that part."""
    part = ACCESS.read_text().partition("\n## A private feed for a team")[2].partition("\n## ")[0]
    return [line.strip() for line in part.splitlines() if line.startswith("    ")]


@pytest.fixture
def desk(user: User, authority: Authority, https_server: HttpsServer) -> User:
    """Someone beside the server, who has the program, dotnet and two packages."""
    user.put("Contoso.Widgets.1.0.0.nupkg", nupkg("Contoso.Widgets"))
    user.put("Fabrikam.Gears.1.0.0.nupkg", nupkg("Fabrikam.Gears"))
    path = f"{MOTHERLODE.parent}:{os.environ['PATH']}"
    return user.having(
        PATH=path, MOTHERLODE_DATA=str(https_server.data.absolute()), SSL_CERT_FILE=str(authority.certificate)
    )


def test_their_key_does_what_it_is_for_until_it_is_revoked_and_the_audit_log_has_all_of_it(
    lines: list[str], desk: User, https_server: HttpsServer
) -> None:
    password = new_password()
    setup = takewhile(lambda line: line.startswith("motherlode"), lines)
    *_, said = [done(desk.pastes(f"echo '{password}' | {line}")) for line in setup]
    key, key_id = found(r"mlk_\w+", said), found(r"key-\w+", said)
    own = {"KEY": key, "PASSWORD": key, "https://nuget.example.com": https_server.url, "key-0123456789ab": key_id}

    def paste(begin: str) -> Outcome:
        line = next(line for line in lines if line.startswith(begin))
        return desk.pastes(re.sub("|".join(own), lambda match: own[match[0]], line))

    done(paste("dotnet nuget add source"))
    assert "Your package was pushed." in done(paste("dotnet nuget push Contoso.Widgets"))
    desk.does("dotnet", "restore", folder=desk.put_project("App", {"Contoso.Widgets": "1.0.0"}))
    assert_refused(paste("dotnet nuget push Fabrikam.Gears"), f"warn : {NOT_COVERED}", "403 (Forbidden)")
    login = basic("alice", password)
    assert https_server.request("GET", "/feeds/contoso/v3/index.json", headers=login).status == 200
    done(paste("motherlode key revoke"))
    assert_refused(paste("dotnet nuget push Contoso.Widgets"), f"warn : {KEY_REFUSED}", "403 (Forbidden)")
    assert_all_told(done(desk.pastes("motherlode audit --json")), key_id)
    assert f"revoke-key  {key_id}" in done(desk.pastes("motherlode audit"))
    done(desk.pastes("motherlode verify"))


def assert_all_told(log: str, key_id: str) -> None:
    """The audit log has who did what on what, and with which key, in order; after the two lines of the first start."""
    lines = [json.loads(line) for line in log.splitlines()][2:]
    *told, last = [(line["actor"], line["key"], line["action"], line["subject"]) for line in lines]
    assert told == [
        ("console", None, "create-feed", "contoso"),
        ("console", None, "create-user", "alice"),
        ("console", None, "create-service", "build"),
        ("console", None, "create-team", "widgets"),
        ("console", None, "add-member", "alice"),
        ("console", None, "add-member", "build"),
        ("console", None, "grant-role", "widgets"),
        ("console", None, "create-key", key_id),
        ("build", key_id, "push", "Contoso.Widgets 1.0.0"),
        ("build", key_id, "refuse-push", "Fabrikam.Gears 1.0.0"),
        ("alice", None, "sign-in", "alice"),
        ("console", None, "revoke-key", key_id),
    ]
    assert last[1:3] == (key_id, "refuse-push")
    not_covered, revoked = [line["reason"] for line in lines if line["reason"]]
    assert not_covered == NOT_COVERED
    assert "revoked" in revoked.removeprefix(KEY_REFUSED)
    assert not is_leak(log.encode())


def found(pattern: str, text: str) -> str:
    """What matches."""
    match = re.search(pattern, text)
    assert match, text
    return match[0]
