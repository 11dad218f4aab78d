"""What the server can be told, and the frozen values it becomes.

`SETTINGS` is the one table of what can be set; `motherlode.config` reads it from file, environment and command line. A
value is always text first, wherever it came from, and means the same from everywhere.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.domain.image_hosts import parse_image_hosts
from motherlode.domain.units import DURATION_ALLOWED, SIZE_ALLOWED, format_size, parse_duration, parse_size
from motherlode.nuget.limits import Limits
from motherlode.nuget.versions import parse_version

PREFIX: Final = "MOTHERLODE_"
"""How the variables of all settings begin."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where and how the server listens; `public_url` has no slash at its end, TLS both files or none.

    `connections` and `connections_per_address` bound how many are open at once on the whole server; `idle_timeout_s`
    is how long a client may take to send the head of a request, `write_timeout_s` how long an answer may wait for a
    client that does not read it."""

    host: str
    port: int
    workers: int
    tls_certificate: Path | None
    tls_key: Path | None
    public_url: str | None
    trusted_proxies: tuple[Network, ...]
    stop_timeout_s: int
    http2: bool
    connections: int
    connections_per_address: int
    idle_timeout_s: int
    write_timeout_s: int


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How log lines look, and which are written."""

    format: str
    level: str


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How much each worker keeps of rendered documents."""

    max_bytes: int


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How long a client may be silent in the middle of a body, and the bytes a second it must send on average."""

    body_stall_s: int
    body_min_rate: int


@dataclass(frozen=True, slots=True)
class KeySettings:
    """What new API keys are held to: `max_lifetime_s` None lets them live for ever."""

    max_lifetime_s: int | None


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """How many bytes are to stay free on the data folder's disk, 0 for no floor, and for how long the bytes of what was
    deleted are kept for those who read them just then; blobs that no row names are kept for `quarantine_s`."""

    min_free_bytes: int
    reader_grace_s: int
    quarantine_s: int


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What web pages may show: `image_hosts` are those from which images of a README may come, in lower case."""

    image_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long somebody who signed in with a browser stays signed in."""

    lifetime_s: int


@dataclass(frozen=True, slots=True)
class InForce:
    """One setting as `config show` tells it: `origin` is where its value came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. `packages` are what each package is held to, `feed` is what the first feed
    and new ones begin with."""

    data: Path
    server: ServerSettings
    log: LogSettings
    cache: CacheSettings
    limits: LimitSettings
    keys: KeySettings
    storage: StorageSettings
    sessions: SessionSettings
    packages: Limits = field(default_factory=Limits)
    pages: PageSettings = field(default_factory=PageSettings)
    feed: FeedPolicy = field(default_factory=FeedPolicy)
    bootstrap_key: str | None = field(default=None, repr=False)
    in_force: tuple[InForce, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing the server can be told: `parse` turns text into the value of `field`, and raises ValueError."""

    section: str
    name: str
    default: str
    parse: Callable[[str], Any]
    allowed: str
    about: str
    field: str

    @property
    def full_name(self) -> str:
        """Its name as faults and `config show` spell it."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"{PREFIX}{self.section}_{self.name}".upper()


def _parse_host(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", text):
        raise ValueError
    return text


def _parse_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return parse


def _parse_path(text: str) -> Path | None:
    if "\0" in text:
        raise ValueError
    return Path(text) if text else None


def _parse_public_url(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    is_clean = re.fullmatch(r"(?i:https?)://[0-9A-Za-z.:_\[\]-]+(/[0-9A-Za-z._~%/-]*)?", text) is not None
    if not is_clean or "//" in parts.path.rstrip("/") or not parts.hostname or parts.port == 0:
        raise ValueError
    return text.rstrip("/")


def _parse_networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def _parse_lifetime(text: str) -> int | None:
    return None if text == "never" else parse_duration(text)


def _parse_floor(text: str) -> int:
    return 0 if text == "0" else parse_size(text)


def _parse_choice(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return parse


def _parse_switch(text: str) -> bool:
    return _parse_choice("on", "off")(text) == "on"


def _package_settings() -> tuple[Setting, ...]:
    """What packages are held to: named as in `Limits`, whose values are the defaults."""
    return (
        _size("max_name_bytes", 65_535, "the longest name of a file in a package"),
        _size("max_directory_bytes", _GALLERY.max_directory_bytes, "the largest directory of a package"),
        _size("max_embedded_bytes", _GALLERY.max_embedded_bytes, "the largest icon, readme, license file or signature"),
        _size("max_inflated_bytes", 1 << 58, "how much a package may unpack to, however small it is"),
        _count("max_entries", 2, _GALLERY.max_entries, "the most files in a package, one less where it is not signed"),
        _count("max_inflated_ratio", 1, 10_000, "how many times its own size a package may unpack to"),
        *(_count(name, 1, _LONGEST, about) for name, about in _LENGTHS.items()),
        Setting(
            "packages",
            "newest_client",
            _GALLERY.newest_client.normalized,
            parse_version,
            "a version such as 7.3",
            "the highest minClientVersion that a package may ask for",
            "newest_client",
        ),
    )


def _size(name: str, most: int, about: str) -> Setting:
    def parse(text: str) -> int:
        size = parse_size(text)
        if size > most:
            raise ValueError
        return size

    default = format_size(getattr(_GALLERY, name))
    return Setting("packages", name, default, parse, f"{SIZE_ALLOWED}, at most {format_size(most)}", about, name)


def _count(name: str, least: int, most: int, about: str) -> Setting:
    default, allowed = str(getattr(_GALLERY, name)), f"a number from {least} to {most}"
    return Setting("packages", name, default, _parse_number(least, most), allowed, about, name)


_GALLERY: Final = Limits()
_LONGEST: Final = 1_000_000
_LENGTHS: Final = {
    "max_version_length": "the longest version, with its build metadata",
    "max_identity_length": "the longest id and version together",
    "max_title_length": "the longest title",
    "max_text_length": "the longest description, summary, copyright, authors and tags, each",
    "max_release_notes_length": "the longest release notes",
    "max_language_length": "the longest language",
    "max_address_length": "the longest address of project, license, icon and repository, each",
    "max_repository_type_length": "the longest type of a repository",
    "max_license_length": "the longest license expression, or name of the license file",
    "max_client_version_length": "the longest minClientVersion",
    "max_dependencies_length": "how long ids, ranges and frameworks of all dependencies may be together",
    "max_server_json_length": "the longest description of an MCP server",
}

SETTINGS: Final = (
    Setting(
        "server", "host", "127.0.0.1", _parse_host, "an address or a host name", "the address to listen on", "host"
    ),
    Setting(
        "server",
        "port",
        "5555",
        _parse_number(0, 65535),
        "a number from 0 to 65535 (0: any free one)",
        "the port to listen on",
        "port",
    ),
    Setting(
        "server", "workers", "1", _parse_number(1, 256), "a number from 1 to 256", "how many processes serve", "workers"
    ),
    Setting(
        "server",
        "tls_certificate",
        "",
        _parse_path,
        "the path of a PEM file, or nothing",
        "the certificate for https, with its chain; unset: plain http",
        "tls_certificate",
    ),
    Setting(
        "server", "tls_key", "", _parse_path, "the path of a PEM file, or nothing", "the certificate's key", "tls_key"
    ),
    Setting(
        "server",
        "public_url",
        "",
        _parse_public_url,
        "an absolute http or https address such as https://nuget.example.com or https://example.com/nuget, "
        "without query",
        "the address under which clients reach the server; unset: taken from each request",
        "public_url",
    ),
    Setting(
        "server",
        "trusted_proxies",
        "",
        _parse_networks,
        "addresses and networks such as 127.0.0.1, 10.0.0.0/8 (a list in the file, commas in the environment)",
        "the proxies whose forwarded headers are believed",
        "trusted_proxies",
    ),
    Setting(
        "server",
        "stop_timeout",
        "60s",
        parse_duration,
        DURATION_ALLOWED,
        "how long requests in flight may take to finish once the server is told to stop",
        "stop_timeout_s",
    ),
    Setting(
        "server",
        "http2",
        "off",
        _parse_switch,
        "on or off",
        "whether HTTP/2 is spoken beside HTTP/1.1",
        "http2",
    ),
    Setting(
        "server",
        "connections",
        "2048",
        _parse_number(64, 100_000),
        "a number from 64 to 100000",
        "how many connections may be open at once",
        "connections",
    ),
    Setting(
        "server",
        "connections_per_address",
        "512",
        _parse_number(1, 100_000),
        "a number from 1 to 100000",
        "how many connections one client address may have open at once; trusted proxies are exempt",
        "connections_per_address",
    ),
    Setting(
        "server",
        "idle_timeout",
        "30s",
        parse_duration,
        DURATION_ALLOWED,
        "how long a connection may take until the head of its first or next request is complete",
        "idle_timeout_s",
    ),
    Setting(
        "server",
        "write_timeout",
        "60s",
        parse_duration,
        DURATION_ALLOWED,
        "how long a client may leave an answer unread before its connection is closed",
        "write_timeout_s",
    ),
    Setting(
        "log",
        "format",
        "auto",
        _parse_choice("auto", "json", "text"),
        "auto (text on a terminal, else json), json or text",
        "how log lines look",
        "format",
    ),
    Setting(
        "log",
        "level",
        "info",
        _parse_choice("debug", "info", "warning", "error"),
        "debug, info, warning or error",
        "the least important lines that are written",
        "level",
    ),
    Setting(
        "cache",
        "max_bytes",
        "64MB",
        parse_size,
        SIZE_ALLOWED,
        "how much memory each worker gives to rendered documents",
        "max_bytes",
    ),
    Setting(
        "limits",
        "body_stall",
        "60s",
        parse_duration,
        DURATION_ALLOWED,
        "how long a client may be silent in the middle of a body",
        "body_stall_s",
    ),
    Setting(
        "limits",
        "body_min_rate",
        "1KB",
        parse_size,
        SIZE_ALLOWED,
        "how many bytes a second a client must send of a body, on average over body_stall",
        "body_min_rate",
    ),
    Setting(
        "keys",
        "max_lifetime",
        "never",
        _parse_lifetime,
        f"never, or {DURATION_ALLOWED}",
        "after how long a new API key must end; never: it need not",
        "max_lifetime_s",
    ),
    *_package_settings(),
    Setting(
        "pages",
        "image_hosts",
        "",
        parse_image_hosts,
        "host names such as img.shields.io, and gallery (a list in the file, commas in the environment)",
        "the hosts from which pages show images of READMEs, over https",
        "image_hosts",
    ),
    Setting(
        "sessions", "lifetime", "14d", parse_duration, DURATION_ALLOWED, "how long a browser is signed in", "lifetime_s"
    ),
    Setting(
        "storage",
        "min_free",
        "256MB",
        _parse_floor,
        f"{SIZE_ALLOWED}, or 0 for no floor",
        "how much room is to stay free on the disk: with less, no packages are taken",
        "min_free_bytes",
    ),
    Setting(
        "storage",
        "reader_grace",
        "1h",
        parse_duration,
        DURATION_ALLOWED,
        "how long the bytes of what was deleted or replaced stay for downloads under way",
        "reader_grace_s",
    ),
    Setting(
        "storage",
        "quarantine",
        "7d",
        parse_duration,
        DURATION_ALLOWED,
        "how long a package file that the database does not name is kept before it is removed",
        "quarantine_s",
    ),
)
