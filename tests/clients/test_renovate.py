"""Renovate, the real one: it finds what is new on our feeds, for each way in which a project names its packages."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import require_program, skip_or_fail
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user
from tests.support.builders import nupkg
from tests.support.leaks import is_leak
from tests.support.servers import Server

NODE: Final = Path(sys.prefix) / "node" / "node_modules"
LEAST_NODE: Final = 20
TIMEOUT_S: Final = 300
MANY: Final = 270

FILES: Final = {
    "src/App/App.csproj": """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Acme.Direct" Version="1.0.0" />
    <PackageReference Include="Acme.Many" Version="1.0.0" />
    <PackageReference Include="Acme.Current" Version="[1.0.0]" />
    <PackageReference Include="Contoso.Private" Version="1.0.0" />
    <PackageReference Include="Acme.Central" />
  </ItemGroup>
</Project>
""",
    "Directory.Packages.props": """<Project>
  <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
  <ItemGroup>
    <PackageVersion Include="Acme.Central" Version="1.0.0" />
    <GlobalPackageReference Include="Acme.Global" Version="1.0.0" />
  </ItemGroup>
</Project>
""",
    ".config/dotnet-tools.json": json.dumps(
        {"version": 1, "isRoot": True, "tools": {"acme.tool": {"version": "1.0.0", "commands": ["acme"]}}}
    ),
}
SOURCES: Final = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear />
    <add key="public" value="{url}/v3/index.json" protocolVersion="3" />
    <add key="private" value="{url}/feeds/contoso/v3/index.json" protocolVersion="3" />
  </packageSources>
</configuration>
"""
SETTINGS: Final = {
    "platform": "local",
    "enabledManagers": ["nuget"],
    "onboarding": False,
    "requireConfig": "ignored",
    "fetchChangeLogs": "off",
    "osvVulnerabilityAlerts": False,
    "vulnerabilityAlerts": {"enabled": False},
    "reportType": "file",
}


@pytest.fixture
def renovate() -> list[str]:
    """How to start it, as the tests' set-up installs it."""
    program = NODE / "renovate" / "dist" / "renovate.js"
    if not program.is_file():
        skip_or_fail("Renovate is not installed: make setup-test does that where there is npm")
    node = require_program("node")
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < LEAST_NODE:
        skip_or_fail(f"Renovate needs Node {LEAST_NODE}, and this is {version.strip()}")
    return [node, str(program)]


@contextmanager
def proxy_for_the_outside() -> Iterator[tuple[str, Callable[[], bool]]]:
    """The address of a proxy that answers nobody, and a look whether anybody has asked it."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)

        def was_asked() -> bool:
            try:
                proxy.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield f"http://127.0.0.1:{proxy.getsockname()[1]}", was_asked


def push_all(server: Server) -> None:
    """Versions to find, and some that must not be offered: unlisted ones and prereleases."""
    for package_id in ("Acme.Direct", "Acme.Central", "Acme.Global", "Acme.Tool"):
        for version in ("1.0.0", "1.1.0", "2.0.0-beta.1", "1.2.0", "1.3.0"):
            assert server.push(nupkg(package_id, version)).status == 201
        assert server.change("DELETE", package_id, "1.3.0").status == 204
    assert server.push(nupkg("Acme.Current")).status == 201
    for number in range(MANY):
        assert server.push(nupkg("Acme.Many", f"1.{number}.0")).status == 201
    for version in ("1.0.0", "1.0.1"):
        assert server.push(nupkg("Contoso.Private", version), feed="/feeds/contoso").status == 201


def make_repository(folder: Path, url: str) -> None:
    """A repository with all files committed: Renovate looks at no others."""
    for name, content in {**FILES, "nuget.config": SOURCES.format(url=url)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git = [require_program("git"), "-c", "user.name=n", "-c", "user.email=n@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True, capture_output=True)


def run_renovate(
    command: list[str], home: Path, proxy: str, host_rules: Sequence[dict[str, str]] = ()
) -> tuple[dict[str, Any], str]:
    """Run it in the repository below `home`; returns its report, and what it printed."""
    (home / "settings.json").write_text(json.dumps({**SETTINGS, "reportPath": str(home / "report.json")}))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "RENOVATE_BASE_DIR": str(home / "base"),
        "RENOVATE_CONFIG_FILE": str(home / "settings.json"),
        "RENOVATE_HOST_RULES": json.dumps(host_rules),
        "RENOVATE_X_IGNORE_RE2": "true",
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "json",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"),
    }
    done = subprocess.run(
        command,
        cwd=home / "repository",
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-5000:]
    return json.loads((home / "report.json").read_text()), printed


def offered(report: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """The new versions of each dependency, by the file that names it."""
    [repository] = report["repositories"].values()
    return {
        (file["packageFile"], dependency["depName"]): [update["newVersion"] for update in dependency["updates"]]
        for file in repository["packageFiles"]["nuget"]
        for dependency in file["deps"]
        if not dependency.get("skipReason")
    }


def test_it_offers_what_is_new_and_asks_nobody_else(server: Server, renovate: list[str], tmp_path: Path) -> None:
    create_feed(server, "contoso", "read=authenticated")
    push_all(server)
    add_user(server, "bot", contoso="reader")
    key = add_key(server, "bot", rights=["read"], feeds=["contoso"])
    rule = {"matchHost": f"{server.url}/feeds/contoso/", "hostType": "nuget", "username": "bot", "password": key}
    make_repository(tmp_path / "repository", server.url)

    with proxy_for_the_outside() as (proxy, was_asked):
        report, printed = run_renovate(renovate, tmp_path, proxy, [rule])
        assert not was_asked(), re.findall(r"https?://(?!127\.0\.0\.1)[^\"\s]+", printed)

    assert offered(report) == {
        (".config/dotnet-tools.json", "acme.tool"): ["1.2.0"],
        ("Directory.Packages.props", "Acme.Central"): ["1.2.0"],
        ("Directory.Packages.props", "Acme.Global"): ["1.2.0"],
        ("src/App/App.csproj", "Acme.Current"): [],
        ("src/App/App.csproj", "Acme.Direct"): ["1.2.0"],
        ("src/App/App.csproj", "Acme.Many"): [f"1.{MANY - 1}.0"],
        ("src/App/App.csproj", "Contoso.Private"): ["1.0.1"],
    }
    assert [problem["msg"] for problem in report["problems"]] == []
    assert not is_leak(printed.encode())


def test_without_a_login_it_says_that_the_private_feed_wants_one(
    server: Server, renovate: list[str], tmp_path: Path
) -> None:
    create_feed(server, "contoso", "read=authenticated")
    assert server.push(nupkg("Contoso.Private", "1.0.1"), feed="/feeds/contoso").status == 201
    make_repository(tmp_path / "repository", server.url)

    with proxy_for_the_outside() as (proxy, was_asked):
        report, printed = run_renovate(renovate, tmp_path, proxy)
        assert not was_asked()

    assert offered(report).get(("src/App/App.csproj", "Contoso.Private"), []) == []
    assert "401" in printed or "unauthorized" in printed.lower()
