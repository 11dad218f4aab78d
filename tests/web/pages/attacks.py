"""Packages that attack their readers: every payload in every field of a package that takes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.nuget.faults import FaultyPackage
from motherlode.services import Services
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.packages.push import push
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.support.builders import nupkg
from tests.web.pages.payloads import ADDRESSES, MARKDOWN, TEXTS

FEED = "attacks"
PNG = b"\x89PNG\r\n\x1a\n"
_NO_NAME = re.compile(r"[\x00-\x1f]|%0A")


@dataclass(frozen=True, slots=True)
class Attack:
    """A package by its id, and what stands in its fields: `packages` hold it in all fields, and in fewer."""

    id: str
    payload: str
    packages: tuple[bytes, ...]

    @property
    def page(self) -> str:
        """The path of its page."""
        return f"/feeds/{FEED}/packages/{self.id}"

    @property
    def license_page(self) -> str:
        """The path of the page of its license file."""
        return f"{self.page}/1.0.0/license"


def make_attacks() -> tuple[Attack, ...]:
    """One package for each payload, as texts of all kinds."""
    return tuple(_make(f"Attack.N{number}", payload) for number, payload in enumerate(TEXTS + MARKDOWN))


def make_address_attacks() -> tuple[Attack, ...]:
    """One package for each payload that is an address, wherever a package names one."""
    return tuple(_make_address(f"Address.N{number}", payload) for number, payload in enumerate(ADDRESSES))


def fill(data: Path, titles: Mapping[str, str], about: str) -> None:
    """Make a data folder with a feed that holds all attacks, and a feed for each title, which its settings have."""
    services = prepare_house(load_settings({}, data=data))
    wanted = {FEED: {"strictness": "lenient"}} | {
        name: {"title": title, "about": about} for name, title in titles.items()
    }
    try:
        for name, settings in wanted.items():
            create_feed(name, settings, CONSOLE, defaults=services.feed_defaults, db=services.db, clock=services.clock)
        for attack in (*make_attacks(), *make_address_attacks()):
            assert any(_is_taken(services, package) for package in attack.packages), attack.payload
    finally:
        services.close()


def _is_taken(services: Services, package: bytes) -> bool:
    with services.blobs.spool() as spool:
        spool.write(package)
        spool.finish()
        try:
            push(
                spool,
                CONSOLE,
                feed=FEED,
                db=services.db,
                blobs=services.blobs,
                clock=services.clock,
                limits=services.limits,
            )
        except FaultyPackage:
            return False
    return True


def icon_attacks() -> dict[str, bytes]:
    """Icons that are none, or that are something else as well."""
    script = b"<script>window.__xss=1</script>"
    return {
        "html": b"<!doctype html>" + script,
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.__xss=1">' + script + b"</svg>",
        "xml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + script + b"</html>",
        "png": PNG + script,
        "jpeg": b"\xff\xd8\xff" + script,
        "gif": b"GIF89a/*" + script,
    }


def make_icon_attack(name: str, content: bytes) -> bytes:
    """A package with that icon, under a name that says nothing about it."""
    files = {"icon.png": content, "README.md": b"![x](icon.png)"}
    return nupkg(f"Icon.{name}", files=files, more="<icon>icon.png</icon><readme>README.md</readme>")


def _make(package_id: str, payload: str) -> Attack:
    texts = dict.fromkeys(("title", "description", "summary", "authors", "tags", "releaseNotes", "copyright"), payload)
    name = _NO_NAME.sub(" ", payload)
    more = (
        '<license type="file">LICENSE.txt</license><readme>README.md</readme>'
        f'<repository type={quoteattr(payload)} url="https://example.com/" branch={quoteattr(payload)} '
        f"commit={quoteattr(payload)} /><language>{escape(payload)}</language>"
    )
    groups = f"<dependencies><group targetFramework={quoteattr(payload)} /></dependencies>"
    files = {
        "README.md": payload.encode(),
        "LICENSE.txt": payload.encode(),
        f"content/{name}.txt": b"x",
        f"lib/{name}/_._": b"",
    }
    packages = (nupkg(package_id, files=files, more=each, **texts) for each in (more + groups, more))
    return Attack(package_id, payload, tuple(packages))


def _make_address(package_id: str, payload: str) -> Attack:
    addresses = dict.fromkeys(("projectUrl", "licenseUrl", "iconUrl"), payload)
    more = f'<repository type="git" url={quoteattr(payload)} commit="4f1c0de" /><readme>README.md</readme>'
    links = f"[a]({payload}) ![b]({payload}) <{payload}>\n\n[c]: {payload}\n\n[c] ![c]\n\n"
    markup = f"<a href={quoteattr(payload)}>d</a> <img src={quoteattr(payload)} alt=e>"
    files = {"README.md": (links + markup).encode()}
    notes = f"{payload} (see {payload}), https://example.com/{payload}"
    packages = (nupkg(package_id, files=files, more=more, releaseNotes=notes, **each) for each in (addresses, {}))
    return Attack(package_id, payload, tuple(packages))
