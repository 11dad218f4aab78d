"""Hosts whose images pages may show: the values of the setting `pages.image_hosts`.

Browsers load images from these hosts, so each host learns who reads which package. No host is trusted by default.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from motherlode.nuget.addresses import parse_host

GALLERY: Final = "gallery"
"""Stands for all hosts in `GALLERY_HOSTS`."""
WORKFLOW_BADGES: Final = "github.com/*/badge.svg"
"""The badges of GitHub workflows, the only images on github.com that the public gallery shows."""

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
"""The hosts that nuget.org trusts (NuGetGallery, Trusted-Image-Domains.json, 2026): those listed, names of two parts
also with `www.`, and the badges of GitHub workflows."""

_BADGE: Final = re.compile(
    r"(?i:https?://github\.com)/[^/?#]+/[^/?#]+/(?:actions/)?workflows/[^?#]+/badge\.svg(?:\?[^#]*)?"
)


def parse_image_hosts(text: str) -> frozenset[str]:
    """Return the hosts in a comma-separated list; `gallery` stands for `GALLERY_HOSTS`. Raises ValueError."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    hosts = frozenset(parse_host(name) for name in names if name != GALLERY)
    return hosts | GALLERY_HOSTS if GALLERY in names else hosts


def is_image_host(address: str, hosts: frozenset[str]) -> bool:
    """Return whether an http or https URL is on one of the hosts, at the default port of its scheme."""
    if urlsplit(address).netloc.lower() in hosts:
        return True
    return WORKFLOW_BADGES in hosts and _BADGE.fullmatch(address) is not None


def image_origins(hosts: frozenset[str]) -> tuple[str, ...]:
    """Return the origins of the hosts, sorted, for a Content-Security-Policy."""
    return tuple(f"https://{name}" for name in sorted({host.partition("/")[0] for host in hosts}))
