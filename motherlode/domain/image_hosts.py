"""Hosts whose images a page may show: the values of the setting `pages.image_hosts`.

Readers' browsers ask these hosts for images, so each host learns who reads which package. None is trusted by default.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from motherlode.nuget.addresses import parse_host

GALLERY: Final = "gallery"
"""Stands for all hosts in `GALLERY_HOSTS`."""
WORKFLOW_BADGES: Final = "github.com/*/badge.svg"
"""The badges of GitHub workflows: the only images of github.com that the public gallery shows."""

_GALLERY_NAMES: Final = (
    *("api.codacy.com", "api.codeclimate.com", "api.dependabot.com", "api.reuse.software", "api.travis-ci.com"),
    *("app.codacy.com", "app.deepsource.com", "avatars.githubusercontent.com", "badgen.net", "badges.gitter.im"),
    *("camo.githubusercontent.com", "caniuse.bitsofco.de", "cdn.jsdelivr.net", "cdn.syncfusion.com"),
    *("ci.appveyor.com", "circleci.com", "cloudback.it", "codecov.io", "codefactor.io", "coveralls.io"),
    *("dev.azure.com", "devpod.sh", "flat.badgen.net", "gitlab.com", "i.imgur.com", "img.shields.io"),
    *("infragistics.com", "isitmaintained.com", "media.githubusercontent.com", "opencollective.com"),
    *("raw.github.com", "raw.githubusercontent.com", "snyk.io", "sonarcloud.io", "travis-ci.com", "travis-ci.org"),
    "user-images.githubusercontent.com",
)
GALLERY_HOSTS: Final = frozenset(
    (*_GALLERY_NAMES, *(f"www.{name}" for name in _GALLERY_NAMES if name.count(".") == 1), WORKFLOW_BADGES)
)
"""What nuget.org trusts (NuGetGallery, Trusted-Image-Domains.json, 2026): its hosts, `www.` before each name of two
parts, and the badges of GitHub workflows."""

_BADGE: Final = re.compile(
    r"(?i:https?://github\.com)/[^/?#]+/[^/?#]+/(?:actions/)?workflows/[^?#]+/badge\.svg(?:\?[^#]*)?"
)


def parse_image_hosts(text: str) -> frozenset[str]:
    """The hosts in a list with commas; `gallery` in it adds `GALLERY_HOSTS`. Raises ValueError."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    hosts = frozenset(parse_host(name) for name in names if name != GALLERY)
    return hosts | GALLERY_HOSTS if GALLERY in names else hosts


def is_image_host(address: str, hosts: frozenset[str]) -> bool:
    """Whether an http or https address lies on one of the hosts, at the scheme's own port."""
    if urlsplit(address).netloc.lower() in hosts:
        return True
    return WORKFLOW_BADGES in hosts and _BADGE.fullmatch(address) is not None


def image_origins(hosts: frozenset[str]) -> tuple[str, ...]:
    """The origins of the hosts, sorted, as a Content-Security-Policy names them."""
    return tuple(f"https://{name}" for name in sorted({host.partition("/")[0] for host in hosts}))
