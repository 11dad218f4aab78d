"""What publishers read where they push: the reasons of refusals, also of large bodies, and warnings beside a success.

dotnet and nuget.exe print X-NuGet-Warning, Paket the body, nuget 2.8.7 the reason phrase of the status alone.
"""

from collections.abc import Callable

import pytest

from tests.clients.client import Outcome, User
from tests.clients.test_nuget2 import RELATIONSHIPS
from tests.support.builders import nupkg
from tests.support.servers import Server

NAME = "Acme.Widgets.1.0.0.nupkg"
CUT_OFF = ("Broken pipe", "reset by peer", "error while copying content", "Unable to write data")
TOO_LARGE = "The package is larger than this feed allows (1048576 bytes). Make it smaller"
RULES = {
    "description-missing": (
        {"description": ""},
        "The nuspec has no <description>. Describe what the package is for.",
    ),
    "license-unknown": ({"more": '<license type="expression">Acme-1.0</license>'}, "'Acme-1.0'"),
    "icon-not-image": ({"icon": "icon.png", "files": {"icon.png": b"<html>"}}, "icon.png"),
    "dependency-repeated": (
        {"more": '<dependencies><dependency id="A" version="1" /><dependency id="a" version="2" /></dependencies>'},
        "appears 2 times for any framework. Keep one.",
    ),
    "type-symbols": (
        {"more": '<packageTypes><packageType name="SymbolsPackage" /></packageTypes>'},
        "does not support symbols packages",
    ),
}
FLAWLESS = nupkg(
    readme="README.md",
    more='<license type="expression">MIT</license><licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>',
    files={"README.md": b"# Flawless\n"},
)
each_rule = pytest.mark.parametrize("rule", RULES)
each_size = pytest.mark.parametrize("payload_bytes", [2_000_000, 20_000_000], ids=["2 MB", "20 MB"])


def push_with_dotnet(user: User, server: Server) -> Outcome:
    user.knows(f"{server.url}/v3/index.json")
    return user.run("dotnet", "nuget", "push", NAME, "-s", "local", "-k", server.key)


def push_with_nuget_exe(user: User, server: Server) -> Outcome:
    return user.run("nuget", "push", NAME, "-Source", f"{server.url}/v3/index.json", "-ApiKey", server.key)


def push_with_paket(user: User, server: Server) -> Outcome:
    return user.run("paket", "push", NAME, "--url", server.url, "--api-key", server.key)


def push_with_nuget2(user: User, server: Server) -> Outcome:
    return user.run("nuget2", "push", NAME, server.key, "-Source", f"{server.url}/")


Push = Callable[[User, Server], Outcome]
MODERN = pytest.mark.parametrize(
    ("push", "before"), [(push_with_dotnet, "warn : "), (push_with_nuget_exe, "WARNING: ")], ids=["dotnet", "nuget.exe"]
)


@pytest.fixture
def small(serve: Callable[..., Server]) -> Server:
    """A server that takes packages of up to 1 MB."""
    return serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})


def printed(outcome: Outcome) -> str:
    """What was printed, in one line: clients break theirs."""
    return " ".join(outcome.output.split())


class TestLargeBodies:
    """Over the feed's limit, within and beyond what fits into the buffers on the way: one try, and the reason."""

    @each_size
    @MODERN
    def test_the_sentence_is_printed_and_the_body_sent_once(
        self, user: User, small: Server, payload_bytes: int, push: Push, before: str
    ) -> None:
        user.put(NAME, nupkg(payload_bytes=payload_bytes))
        outcome = push(user, small)
        assert outcome.code == 1
        assert before + TOO_LARGE in printed(outcome)
        assert "413" in outcome.output
        assert outcome.output.count("  PUT ") == 1
        assert not any(words in outcome.output for words in CUT_OFF)

    @each_size
    def test_paket_prints_the_sentence(self, user: User, small: Server, payload_bytes: int) -> None:
        user.put(NAME, nupkg(payload_bytes=payload_bytes))
        outcome = push_with_paket(user, small)
        assert outcome.code == 1
        assert f'{{"detail": "{TOO_LARGE}' in outcome.output
        assert not any(words in outcome.output for words in CUT_OFF)

    @each_size
    def test_nuget_2_prints_the_status(self, user: User, small: Server, payload_bytes: int) -> None:
        user.put(NAME, nupkg(payload_bytes=payload_bytes, files={"_rels/.rels": RELATIONSHIPS}))
        outcome = push_with_nuget2(user, small)
        assert outcome.code == 1
        assert "(413)" in outcome.output

    @MODERN
    def test_a_large_package_that_breaks_a_rule_is_told_which(
        self, user: User, shared_server: Server, push: Push, before: str
    ) -> None:
        user.put(NAME, nupkg(payload_bytes=20_000_000, description=""))
        outcome = push(user, shared_server)
        assert outcome.code == 1
        assert f"{before}The package is invalid: The nuspec has no <description>" in printed(outcome)
        assert outcome.output.count("  PUT ") == 1


class TestRules:
    """A package that breaks a rule: 400, and the rule's own sentence."""

    @each_rule
    @MODERN
    def test_the_sentence_is_printed(
        self, user: User, shared_server: Server, rule: str, push: Push, before: str
    ) -> None:
        metadata, words = RULES[rule]
        user.put(NAME, nupkg(**metadata))
        outcome = push(user, shared_server)
        assert outcome.code == 1
        assert "400 (Bad Request)" in outcome.output
        assert [line for line in outcome.output.splitlines() if before in line and words in line]
        assert shared_server.get("/v3/flat/acme.widgets/index.json").status == 404

    @pytest.mark.parametrize("rule", ["description-missing", "icon-not-image"])
    def test_paket_prints_it(self, user: User, shared_server: Server, rule: str) -> None:
        metadata, words = RULES[rule]
        user.put(NAME, nupkg(**metadata))
        outcome = push_with_paket(user, shared_server)
        assert outcome.code == 1
        assert '{"detail": "The package is invalid: ' in outcome.output
        assert words in outcome.output

    def test_nuget_2_prints_the_status(self, user: User, shared_server: Server) -> None:
        user.put(NAME, nupkg(title="t" * 300, files={"_rels/.rels": RELATIONSHIPS}))
        outcome = push_with_nuget2(user, shared_server)
        assert outcome.code == 1
        assert "(400) Bad Request" in outcome.output

    @MODERN
    def test_several_faults_are_all_printed(self, user: User, shared_server: Server, push: Push, before: str) -> None:
        user.put(NAME, nupkg(description="", title="t" * 300, readme="README.md"))
        lines = [line for line in push(user, shared_server).output.splitlines() if before in line]
        for words in ("<description>", "<title>", "README.md"):
            assert any(words in line for line in lines), lines


class TestWarnings:
    """A package that is taken, and could be better: 201, and what to mend."""

    @MODERN
    def test_what_is_to_be_mended_is_printed_beside_the_success(
        self, user: User, server: Server, push: Push, before: str
    ) -> None:
        user.put(NAME, nupkg())
        outcome = push(user, server)
        assert outcome.is_done
        assert "Your package was pushed." in outcome.output
        for words in ("license", "readme"):
            assert any(before in line and words in line for line in outcome.output.splitlines()), outcome.output

    @MODERN
    def test_a_package_without_flaw_is_taken_without_a_word(
        self, user: User, server: Server, push: Push, before: str
    ) -> None:
        user.put(NAME, FLAWLESS)
        outcome = push(user, server)
        assert outcome.is_done
        assert before not in outcome.output

    @MODERN
    def test_a_lenient_feed_tells_what_the_gallery_would_refuse(
        self, user: User, serve: Callable[..., Server], push: Push, before: str
    ) -> None:
        server = serve(environment={"MOTHERLODE_FEED_STRICTNESS": "lenient"})
        user.put(NAME, nupkg(description=""))
        outcome = push(user, server)
        assert outcome.is_done
        assert f"{before}The nuspec has no <description>" in printed(outcome)
