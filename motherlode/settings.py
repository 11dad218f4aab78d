"""The settings of the server: the table of all settings, and the frozen values they are parsed into.

`SETTINGS` is the only table of settings; `motherlode.config` reads them from the file, the environment and the command
line. Every value is text first and is parsed in the same way, whatever its source.
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
"""The prefix of every setting's environment variable."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where and how the server listens. `public_url` does not end with a slash. The TLS files are both set, or None.

    `connections` and `connections_per_address` limit the open connections of the whole server. `idle_timeout_s` is how
    long a client may take to send the head of a request, `write_timeout_s` how long a response may wait for a client
    that does not read it."""

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
    """The format of log lines, and the lowest level that is written."""

    format: str
    level: str


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """The memory each worker uses for rendered documents, in bytes."""

    max_bytes: int


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Limits for request bodies: the longest pause in seconds, and the lowest average rate in bytes per second."""

    body_stall_s: int
    body_min_rate: int


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Limits for new API keys. `max_lifetime_s` is in seconds; None means that keys may live forever."""

    max_lifetime_s: int | None


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Limits for the data folder.

    `min_free_bytes` must stay free on its disk; 0 means no limit. `reader_grace_s` is how long the files of deleted
    packages are kept for downloads in progress, `quarantine_s` how long blobs that no row references are kept."""

    min_free_bytes: int
    reader_grace_s: int
    quarantine_s: int


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Settings of the web pages. `image_hosts` are the hosts a README may load images from, in lower case."""

    image_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long a browser stays signed in, in seconds."""

    lifetime_s: int


@dataclass(frozen=True, slots=True)
class InForce:
    """One effective setting, as `config show` prints it. `origin` says where its value came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, validated. `packages` are the limits for every package, `feed` the defaults for new feeds,
    including the first one."""

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
    """One setting. `parse` turns its text into the value of `field` and raises ValueError for invalid text."""

    section: str
    name: str
    default: str
    parse: Callable[[str], Any]
    allowed: str
    about: str
    field: str

    @property
    def full_name(self) -> str:
        """The setting's name in messages and in `config show`, such as `server.port`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The setting's environment variable."""
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


def _parse_min_free(text: str) -> int:
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
    """The limits for packages. Names and default values are those of `Limits`."""
    return (
        _size("max_name_bytes", 65_535, "maximum length of a file name in a package"),
        _size("max_directory_bytes", _GALLERY.max_directory_bytes, "maximum size of a package's zip directory"),
        _size("max_embedded_bytes", _GALLERY.max_embedded_bytes, "maximum size of icon, README, license and signature"),
        _size("max_inflated_bytes", 1 << 58, "unpacked size that is always allowed, even for a small package"),
        _count("max_entries", 2, _GALLERY.max_entries, "maximum number of files in a package; unsigned: one less"),
        _count("max_inflated_ratio", 1, 10_000, "how many times its own size a package may unpack to, if that is more"),
        *(_count(name, 1, _LONGEST, about) for name, about in _LENGTHS.items()),
        Setting(
            "packages",
            "newest_client",
            _GALLERY.newest_client.normalized,
            parse_version,
            "a version such as 7.3",
            "highest minClientVersion that a package may require",
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
    "max_version_length": "maximum length of the version, with build metadata",
    "max_identity_length": "maximum length of id and version together",
    "max_title_length": "maximum length of the title",
    "max_text_length": "maximum length of each of description, summary, copyright, authors and tags",
    "max_release_notes_length": "maximum length of the release notes",
    "max_language_length": "maximum length of the language",
    "max_address_length": "maximum length of each of the project, license, icon and repository URLs",
    "max_repository_type_length": "maximum length of the repository type",
    "max_license_length": "maximum length of the license expression or the license file's name",
    "max_client_version_length": "maximum length of minClientVersion",
    "max_dependencies_length": "maximum total length of all dependencies: ids, version ranges and frameworks",
    "max_server_json_length": "maximum length of the server.json of an MCP server",
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
        "server",
        "workers",
        "1",
        _parse_number(1, 256),
        "a number from 1 to 256",
        "number of worker processes",
        "workers",
    ),
    Setting(
        "server",
        "tls_certificate",
        "",
        _parse_path,
        "the path of a PEM file, or nothing",
        "the certificate for https, with its chain; if unset, the server uses http",
        "tls_certificate",
    ),
    Setting(
        "server",
        "tls_key",
        "",
        _parse_path,
        "the path of a PEM file, or nothing",
        "the certificate's private key",
        "tls_key",
    ),
    Setting(
        "server",
        "public_url",
        "",
        _parse_public_url,
        "an absolute http or https address such as https://nuget.example.com or https://example.com/nuget, "
        "without query",
        "the URL that clients use for this server; if unset, it is taken from each request",
        "public_url",
    ),
    Setting(
        "server",
        "trusted_proxies",
        "",
        _parse_networks,
        "addresses and networks such as 127.0.0.1, 10.0.0.0/8 (a list in the file, commas in the environment)",
        "the proxies whose X-Forwarded-* and Forwarded headers are trusted",
        "trusted_proxies",
    ),
    Setting(
        "server",
        "stop_timeout",
        "60s",
        parse_duration,
        DURATION_ALLOWED,
        "how long running requests may take to finish when the server stops",
        "stop_timeout_s",
    ),
    Setting(
        "server",
        "http2",
        "off",
        _parse_switch,
        "on or off",
        "whether to accept HTTP/2 as well as HTTP/1.1",
        "http2",
    ),
    Setting(
        "server",
        "connections",
        "2048",
        _parse_number(64, 100_000),
        "a number from 64 to 100000",
        "maximum number of open connections",
        "connections",
    ),
    Setting(
        "server",
        "connections_per_address",
        "512",
        _parse_number(1, 100_000),
        "a number from 1 to 100000",
        "maximum number of open connections per client address; trusted proxies are exempt",
        "connections_per_address",
    ),
    Setting(
        "server",
        "idle_timeout",
        "30s",
        parse_duration,
        DURATION_ALLOWED,
        "how long a connection may take to send the complete head of its first or next request",
        "idle_timeout_s",
    ),
    Setting(
        "server",
        "write_timeout",
        "60s",
        parse_duration,
        DURATION_ALLOWED,
        "how long a client may leave a response unread before its connection is closed",
        "write_timeout_s",
    ),
    Setting(
        "log",
        "format",
        "auto",
        _parse_choice("auto", "json", "text"),
        "auto (text on a terminal, else json), json or text",
        "format of log lines",
        "format",
    ),
    Setting(
        "log",
        "level",
        "info",
        _parse_choice("debug", "info", "warning", "error"),
        "debug, info, warning or error",
        "the lowest level that is logged",
        "level",
    ),
    Setting(
        "cache",
        "max_bytes",
        "64MB",
        parse_size,
        SIZE_ALLOWED,
        "memory that each worker uses to cache rendered documents",
        "max_bytes",
    ),
    Setting(
        "limits",
        "body_stall",
        "60s",
        parse_duration,
        DURATION_ALLOWED,
        "how long a client may pause while it sends a request body",
        "body_stall_s",
    ),
    Setting(
        "limits",
        "body_min_rate",
        "1KB",
        parse_size,
        SIZE_ALLOWED,
        "minimum rate of a request body in bytes per second, averaged over body_stall",
        "body_min_rate",
    ),
    Setting(
        "keys",
        "max_lifetime",
        "never",
        _parse_lifetime,
        f"never, or {DURATION_ALLOWED}",
        "maximum lifetime of new API keys; never: no limit",
        "max_lifetime_s",
    ),
    *_package_settings(),
    Setting(
        "pages",
        "image_hosts",
        "",
        parse_image_hosts,
        "host names such as img.shields.io, and gallery (a list in the file, commas in the environment)",
        "the hosts that READMEs may load images from, over https",
        "image_hosts",
    ),
    Setting(
        "sessions",
        "lifetime",
        "14d",
        parse_duration,
        DURATION_ALLOWED,
        "how long a browser stays signed in",
        "lifetime_s",
    ),
    Setting(
        "storage",
        "min_free",
        "256MB",
        _parse_min_free,
        f"{SIZE_ALLOWED}, or 0 for no limit",
        "free disk space to keep; with less, pushes are refused",
        "min_free_bytes",
    ),
    Setting(
        "storage",
        "reader_grace",
        "1h",
        parse_duration,
        DURATION_ALLOWED,
        "how long the files of deleted or replaced packages are kept for downloads in progress",
        "reader_grace_s",
    ),
    Setting(
        "storage",
        "quarantine",
        "7d",
        parse_duration,
        DURATION_ALLOWED,
        "how long a package file that the database does not reference is kept before it is removed",
        "quarantine_s",
    ),
)
