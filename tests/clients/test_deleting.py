"""dotnet and nuget.exe delete on feeds of each kind, and print what happened; and what docs/deleting.md says of it."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.client import Outcome, User, assert_refused, done
from tests.conftest import require_program
from tests.protocol.live_changes import add_key, set_feed
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, Server

DELETING = Path(__file__).resolve().parents[2] / "docs" / "deleting.md"
CLIENTS = ("dotnet", "nuget")
WARNING = {"dotnet": "warn : ", "nuget": "WARNING: "}
SAID = {
    "unlist": r"is unlisted\. Clients that use it can still restore it\.",
    "soft": r"was deleted\. Clients can no longer restore it, and its version number stays reserved\. An administrator "
    r"can bring it back until 2\d\d\d-\d\d-\d\d \('motherlode restore-version'\)\.",
    "hard": r"was deleted permanently\. Clients can no longer restore it, and its version number is free again\.",
}
GONE = ("soft", "hard")
NOT_FOUND = {"dotnet": "NU1101", "nuget": "'Contoso.Widgets 1.0.0' is not found"}


@dataclass
class Desk:
    """Someone beside the server, who has its commands and the clients; the server is his source `motherlode`."""

    user: User
    server: Server

    def delete(self, client: str, *, key: str | None = None) -> Outcome:
        """Delete Contoso.Widgets 1.0.0 with the client."""
        key = key or self.server.key
        if client == "dotnet":
            login = ["--source", "motherlode", "--api-key", key, "--non-interactive"]
            return self.user.run("dotnet", "nuget", "delete", "Contoso.Widgets", "1.0.0", *login)
        login = ["-Source", f"{self.server.url}/v3/index.json", "-ApiKey", key, "-NonInteractive"]
        return self.user.run("nuget", "delete", "Contoso.Widgets", "1.0.0", *login)

    def fetch(self, client: str) -> Outcome:
        """Ask for exactly that version on a machine that has nothing of it, in a new folder."""
        self.user.forgets_packages()
        return self.fetch_again(client)

    def fetch_again(self, client: str) -> Outcome:
        """Ask for exactly that version in a new folder."""
        name = f"Fresh{len(list(self.user.folder.iterdir()))}"
        if client == "dotnet":
            return self.user.run("dotnet", "restore", self.put_project(name))
        into = ["-Source", f"{self.server.url}/v3/index.json", "-OutputDirectory", name]
        return self.user.run("nuget", "install", "Contoso.Widgets", "-Version", "1.0.0", *into)

    def put_project(self, name: str) -> Path:
        """A project that uses exactly that version."""
        return self.user.put_project(name, {"Contoso.Widgets": "[1.0.0]"})

    def pastes(self, line: str, folder: Path | None = None) -> Outcome:
        """Type a line of the documentation, with his own key and address in it."""
        own = {"KEY": self.server.key, "URL": self.server.url, "contoso": "default"}
        line = re.sub(r"\bKEY\b|\bURL\b|\bcontoso\b", lambda match: own[match[0]], line)
        environment = {
            "PATH": f"{MOTHERLODE.parent}:{os.environ['PATH']}",
            "MOTHERLODE_DATA": str(self.server.data.absolute()),
        }
        return self.user.run("client-env", "sh", "-c", line, folder=folder, environment=environment)


@pytest.fixture
def desk(user: User, server: Server) -> Desk:
    """His feed holds Contoso.Widgets 1.0.0."""
    config = user.knows(f"{server.url}/v3/index.json").folder / "nuget.config"
    config.write_text(config.read_text().replace('"local"', '"motherlode"'))
    assert server.push(nupkg("Contoso.Widgets")).status == 201
    return Desk(user, server)


@pytest.fixture
def lines() -> Callable[[str], list[str]]:
    """The lines to type in the part of docs/deleting.md that has that heading."""

    def lines_of(heading: str) -> list[str]:
        part = DELETING.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        return [line.strip() for line in part.splitlines() if line.startswith("    ")]

    return lines_of


@pytest.mark.parametrize("client", CLIENTS)
class TestEachKindOfFeed:
    """`dotnet nuget delete` and `nuget delete` are told what the feed made of it."""

    @pytest.mark.parametrize("mode", SAID)
    def test_the_client_prints_what_happened(self, desk: Desk, client: str, mode: str) -> None:
        set_feed(desk.server, "default", delete=mode)
        printed = done(desk.delete(client))
        assert re.search(f"^{WARNING[client]}Contoso.Widgets 1.0.0 {SAID[mode]}$", printed, re.MULTILINE), printed
        assert "Contoso.Widgets 1.0.0 was deleted successfully." in printed

    def test_an_unlisted_version_is_restored_by_who_names_it(self, desk: Desk, client: str) -> None:
        done(desk.delete(client))
        done(desk.fetch(client))

    @pytest.mark.parametrize("mode", GONE)
    def test_a_deleted_version_is_restored_by_nobody_and_a_second_delete_says_so(
        self, desk: Desk, client: str, mode: str
    ) -> None:
        set_feed(desk.server, "default", delete=mode)
        done(desk.delete(client))
        assert_refused(desk.fetch(client), NOT_FOUND[client])
        assert_refused(desk.delete(client), "does not exist on this feed: check the id and the version.")

    def test_without_the_reason_that_the_feed_demands_it_is_told_how_to_give_one(
        self, desk: Desk, client: str, lines: Callable[[str], list[str]]
    ) -> None:
        *_, demand = lines("Reasons")
        done(desk.pastes(demand))
        reason_missing = f"{WARNING[client]}This feed requires a reason to delete a version permanently. Send it in the"
        assert_refused(desk.delete(client), reason_missing, "X-Motherlode-Reason", "--reason", "400 (Bad Request)")
        done(desk.fetch(client))

    def test_a_key_without_the_right_is_told_which_it_lacks_and_who_can_help(self, desk: Desk, client: str) -> None:
        set_feed(desk.server, "default", delete="soft")
        key = add_key(desk.server, rights=["push", "unlist", "read"])
        outcome = desk.delete(client, key=key)
        assert_refused(outcome, f"{WARNING[client]}DELETE removes versions", "lacks the right 'delete'", "403")
        assert "motherlode unlist" in outcome.output
        done(desk.fetch(client))


class TestReasons:
    """What docs/deleting.md says of reasons."""

    @pytest.mark.parametrize("program", ["motherlode", "curl"])
    def test_its_lines_delete_and_the_audit_log_has_the_reason(
        self, desk: Desk, lines: Callable[[str], list[str]], program: str
    ) -> None:
        if program == "curl":
            require_program("curl")
        by_command, by_curl, audit, demand = lines("Reasons")
        done(desk.pastes(demand))
        line = by_command if program == "motherlode" else by_curl
        done(desk.pastes(line))
        assert desk.fetch("dotnet").code == 1
        reason = re.search(r'--reason "(.*)"|X-Motherlode-Reason: (.*?)"', line)
        assert reason
        assert (reason[1] or reason[2]) in done(desk.pastes(audit))


class TestMistake:
    """Someone new deletes the wrong version on a soft feed, and follows docs/deleting.md."""

    def test_one_command_brings_it_back(self, desk: Desk, lines: Callable[[str], list[str]]) -> None:
        (soft,) = lines("What DELETE does")[:1]
        done(desk.pastes(soft))
        delete, bring_back, restore = lines("The wrong version, by mistake")
        assert "was deleted. Clients can no longer restore it" in done(desk.pastes(delete))
        app = desk.put_project("App")
        assert desk.user.run("dotnet", "restore", folder=app).code == 1
        assert done(desk.pastes(bring_back)) == "restored Contoso.Widgets 1.0.0\n"
        done(desk.pastes(restore, folder=app))
        restored = desk.user.home / ".nuget/packages/contoso.widgets/1.0.0/contoso.widgets.1.0.0.nupkg"
        assert restored.read_bytes() == nupkg("Contoso.Widgets")
        done(desk.fetch("nuget"))


class TestThoseWhoHaveIt:
    """What docs/deleting.md says of machines that have a version already, and of lock files."""

    @pytest.mark.parametrize("mode", GONE)
    def test_they_go_on_with_a_deleted_version(self, desk: Desk, mode: str) -> None:
        set_feed(desk.server, "default", delete=mode)
        app = desk.put_project("App")
        done(desk.user.run("dotnet", "restore", app))
        done(desk.delete("dotnet"))
        done(desk.user.run("dotnet", "restore", app, "--force", "--no-http-cache"))

    def test_they_keep_the_old_one_of_a_replaced_version_and_others_are_stopped_by_the_lock_file(
        self, desk: Desk
    ) -> None:
        set_feed(desk.server, "default", overwrite="always")
        app = desk.put_project("App")
        done(desk.user.run("dotnet", "restore", app))
        replaced = nupkg("Contoso.Widgets", seed=1)
        desk.user.put("new.nupkg", replaced)
        login = ["--source", "motherlode", "--api-key", desk.server.key]
        printed = done(desk.user.run("dotnet", "nuget", "push", "new.nupkg", *login))
        assert "warn : Contoso.Widgets 1.0.0 was replaced. Clients that have cached the old package keep it" in printed

        done(desk.user.run("dotnet", "restore", app, "--force", "--no-http-cache"))
        kept = desk.user.home / ".nuget/packages/contoso.widgets/1.0.0/contoso.widgets.1.0.0.nupkg"
        assert kept.read_bytes() == nupkg("Contoso.Widgets")
        done(desk.fetch_again("nuget"))
        (installed,) = desk.user.folder.glob("Fresh*/*/*.nupkg")
        assert installed.read_bytes() == nupkg("Contoso.Widgets")
        desk.user.forgets_packages()
        assert_refused(desk.user.run("dotnet", "restore", app), "NU1403")
        done(desk.user.run("dotnet", "restore", app, "--force-evaluate"))
        assert kept.read_bytes() == replaced
        done(desk.user.run("dotnet", "restore", app, "--locked-mode"))

    def test_a_version_deleted_for_good_and_pushed_again_as_it_was_satisfies_the_lock_file(self, desk: Desk) -> None:
        set_feed(desk.server, "default", delete="hard")
        app = desk.put_project("App")
        done(desk.user.run("dotnet", "restore", app))
        done(desk.delete("dotnet"))
        assert desk.server.push(nupkg("Contoso.Widgets")).status == 201
        desk.user.forgets_packages()
        done(desk.user.run("dotnet", "restore", app, "--locked-mode"))
