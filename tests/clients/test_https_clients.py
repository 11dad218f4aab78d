"""Real clients over https with a private certificate authority: what each needs to trust it, and nothing more."""

import pytest

from tests.clients.client import Outcome, User
from tests.support.builders import flawless, nupkg
from tests.support.https import Authority, HttpsServer

CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear />
    <add key="local" value="{source}" protocolVersion="3" />
  </packageSources>
</configuration>
"""
PAKET = "source {source}\nframework: net8.0\nstorage: none\nnuget Acme.Widgets\n"


@pytest.fixture
def trust(authority: Authority) -> dict[str, str]:
    """The environment in which dotnet and Paket trust the authority."""
    return {"SSL_CERT_FILE": str(authority.certificate)}


class TestDotnet:
    """dotnet needs trust, and no leave for insecure connections."""

    @pytest.fixture
    def home(self, user: User, https_server: HttpsServer) -> User:
        """Someone whose nuget.config names the server, without allowInsecureConnections."""
        user.put("nuget.config", CONFIG.format(source=f"{https_server.url}/v3/index.json"))
        return user

    def test_it_pushes_and_restores(self, home: User, https_server: HttpsServer, trust: dict[str, str]) -> None:
        package = flawless("Acme.Widgets")
        home.put("a.nupkg", package)
        said = done(
            home.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", https_server.key, environment=trust)
        )
        assert "warn" not in said.lower()
        assert https_server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").body == package
        app = home.put_project("App", {"Acme.Widgets": "1.0.0"})
        assert "warning" not in done(home.run("dotnet", "restore", folder=app, environment=trust))
        restored = home.home / ".nuget" / "packages" / "acme.widgets" / "1.0.0" / "acme.widgets.1.0.0.nupkg"
        assert restored.read_bytes() == package

    def test_the_lines_of_the_panel_work_as_they_are(
        self, user: User, https_server: HttpsServer, trust: dict[str, str]
    ) -> None:
        add, push = https_server.panel[-3:-1]
        user.put("a.nupkg", nupkg())
        for line in (add, push):
            done(user.run("client-env", "sh", "-c", line, environment=trust))
        assert https_server.get("/v3/flat/acme.widgets/index.json").status == 200

    def test_without_trust_it_says_that_it_is_the_certificate(self, home: User, https_server: HttpsServer) -> None:
        home.put("a.nupkg", nupkg())
        outcome = home.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", https_server.key)
        assert outcome.code == 1
        assert "certificate is invalid" in outcome.output
        assert https_server.get("/v3/flat/acme.widgets/index.json").status == 404

    def test_a_folder_of_authorities_beside_those_of_the_system_does_too(
        self, home: User, https_server: HttpsServer, authority: Authority
    ) -> None:
        https_server.push(nupkg())
        folder = home.put("authorities/ours.pem", authority.certificate.read_bytes()).parent
        environment = {"SSL_CERT_DIR": f"/etc/ssl/certs:{folder}"}
        app = home.put_project("App", {"Acme.Widgets": "1.0.0"})
        done(home.run("dotnet", "restore", folder=app, environment=environment))


class TestNugetExe:
    """nuget.exe under mono has a store of its own, and knows hosts by name only."""

    @pytest.fixture
    def source(self, https_server: HttpsServer) -> list[str]:
        """The options that name the server."""
        return ["-Source", f"https://localhost:{https_server.port}/v3/index.json"]

    def test_it_pushes_and_installs(
        self, user: User, https_server: HttpsServer, authority: Authority, source: list[str]
    ) -> None:
        done(user.run("client-env", "cert-sync", "--user", authority.certificate))
        package = nupkg()
        user.put("a.nupkg", package)
        done(user.run("nuget", "push", "a.nupkg", *source, "-ApiKey", https_server.key))
        done(user.run("nuget", "install", "Acme.Widgets", *source, "-OutputDirectory", "out"))
        assert (user.folder / "out" / "Acme.Widgets.1.0.0" / "Acme.Widgets.1.0.0.nupkg").read_bytes() == package


class TestPaket:
    """Paket trusts whom dotnet trusts."""

    def test_it_pushes_and_installs(self, user: User, https_server: HttpsServer, trust: dict[str, str]) -> None:
        user.put("a.nupkg", nupkg())
        login = ("--url", https_server.url, "--api-key", https_server.key)
        done(user.run("paket", "push", "a.nupkg", *login, environment=trust))
        user.put("paket.dependencies", PAKET.format(source=f"{https_server.url}/v3/index.json"))
        done(user.run("paket", "install", environment=trust))
        assert "Acme.Widgets (1.0.0)" in (user.folder / "paket.lock").read_text()


def done(outcome: Outcome) -> str:
    """What a client printed that did what was asked."""
    assert outcome.is_done, outcome.output
    return outcome.output
