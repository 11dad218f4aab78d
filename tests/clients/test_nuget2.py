"""Debian's nuget 2.8.7, which stands for old clients of V2: push and delete.

It first GETs what it was given as the source, and of a refusal it prints the reason phrase only.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.client import User
from tests.support.builders import nupkg
from tests.support.servers import Server

RELATIONSHIPS = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="R1" Target="/Acme.Widgets.nuspec"'
    b' Type="http://schemas.microsoft.com/packaging/2010/07/manifest" />'
    b"</Relationships>"
)
SOURCES = pytest.mark.parametrize("path", ["/", "/api/v2", "/api/v2/"], ids=["bare-host", "v2", "v2-slash"])


def old_package(**options: Any) -> bytes:
    """A package that says by a relationship where its nuspec lies: this client looks nowhere else."""
    return nupkg(files={"_rels/.rels": RELATIONSHIPS}, **options)


@SOURCES
def test_a_pushed_package_is_on_the_server(path: str, user: User, server: Server) -> None:
    """The very bytes: it ends the package's part with a bare line feed."""
    package = old_package()
    user.put("Acme.Widgets.1.0.0.nupkg", package)
    printed = user.does("nuget2", "push", "Acme.Widgets.1.0.0.nupkg", server.key, "-Source", f"{server.url}{path}")
    assert "Your package was pushed." in printed
    assert server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").body == package


@SOURCES
def test_a_deleted_version_is_unlisted(path: str, user: User, server: Server) -> None:
    """Unlisted, and still there."""
    server.push(nupkg())
    source = ["-Source", f"{server.url}{path}", "-NonInteractive"]
    printed = user.does("nuget2", "delete", "Acme.Widgets", "1.0.0", server.key, *source)
    assert "was deleted successfully" in printed
    assert b'"listed":false' in server.get("/v3/registration/acme.widgets/1.0.0.json").body


def test_a_duplicate_is_an_error(user: User, server: Server) -> None:
    """A 409 with its reason phrase."""
    server.push(nupkg())
    user.put("Acme.Widgets.1.0.0.nupkg", old_package(seed=1))
    outcome = user.run("nuget2", "push", "Acme.Widgets.1.0.0.nupkg", server.key, "-Source", f"{server.url}/")
    assert outcome.code == 1
    assert "(409) Conflict" in outcome.output


def test_a_wrong_key_is_an_error(user: User, server: Server) -> None:
    """A 403, so that it does not ask for a login."""
    user.put("Acme.Widgets.1.0.0.nupkg", old_package())
    outcome = user.run("nuget2", "push", "Acme.Widgets.1.0.0.nupkg", "wrong", "-Source", f"{server.url}/")
    assert outcome.code == 1
    assert "(403) Forbidden" in outcome.output


def test_a_package_over_the_limit_is_refused_with_its_reason(user: User, serve: Callable[..., Server]) -> None:
    """It has read the answer, although it had 40 MB to send."""
    server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})
    user.put("Acme.Widgets.1.0.0.nupkg", old_package(payload_bytes=40_000_000))
    outcome = user.run("nuget2", "push", "Acme.Widgets.1.0.0.nupkg", server.key, "-Source", f"{server.url}/")
    assert outcome.code == 1
    assert "(413)" in outcome.output
