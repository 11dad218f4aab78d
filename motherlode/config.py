"""Reads the settings from a TOML file, the environment and the command line.

The command line overrides the environment, the environment overrides the file, and the file overrides the defaults.
All invalid settings are reported at once; a `Settings` object is always valid.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from motherlode.domain.feed_settings import FEED_SETTINGS, FeedPolicy, find_feed_fault, parse_feed_policy
from motherlode.domain.refusals import InvalidSetting
from motherlode.nuget.faults import Fault
from motherlode.nuget.limits import Limits
from motherlode.nuget.parsers import parse_by
from motherlode.settings import (
    PREFIX,
    SETTINGS,
    CacheSettings,
    InForce,
    KeySettings,
    LimitSettings,
    LogSettings,
    PageSettings,
    ServerSettings,
    SessionSettings,
    Settings,
    StorageSettings,
)
from motherlode.store.data_folder import settings_path

DEFAULT_DATA: Final = "motherlode-data"
BOOTSTRAP_KEY: Final = "MOTHERLODE_BOOTSTRAP_KEY"
_OTHER_VARIABLES: Final = frozenset(
    PREFIX + name
    for name in ("DATA", "CONFIG", "BOOTSTRAP_KEY", "PACKAGES", "TRACES", "CLIENTS", "CHROMIUM", "CRASH_AT")
)
_TEST_PREFIX: Final = f"{PREFIX}TEST_"


def find_data_folder(environ: Mapping[str, str], data: Path | None = None) -> Path:
    """The data folder: from the command line, else from the environment, else the default."""
    return data or Path(environ.get("MOTHERLODE_DATA") or DEFAULT_DATA)


def load_settings(
    environ: Mapping[str, str],
    *,
    data: Path | None = None,
    config: Path | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """The effective settings. `overrides` are the command line's options, by full name (`server.port`).

    Raises InvalidSetting with every invalid value in the file, the environment and the command line.
    """
    folder = find_data_folder(environ, data)
    reader = _SettingsReader(environ, overrides or {})
    reader.read_file(config or _path_of(environ.get("MOTHERLODE_CONFIG")), settings_path(folder))
    names = ("server", "log", "cache", "limits", "keys", "packages", "pages", "sessions", "storage")
    sections = {name: reader.section(name) for name in names}
    reader.check_tls(sections["server"])
    policy = reader.feed_policy()
    bootstrap_key = reader.bootstrap_key()
    reader.refuse_faults()
    return Settings(
        data=folder,
        server=ServerSettings(**sections["server"]),
        log=LogSettings(**sections["log"]),
        cache=CacheSettings(**sections["cache"]),
        limits=LimitSettings(**sections["limits"]),
        keys=KeySettings(**sections["keys"]),
        packages=Limits(**sections["packages"]),
        pages=PageSettings(**sections["pages"]),
        sessions=SessionSettings(**sections["sessions"]),
        storage=StorageSettings(**sections["storage"]),
        feed=policy,
        bootstrap_key=bootstrap_key,
        in_force=(
            InForce("data", str(folder), _origin_of_data(data, environ)),
            InForce("bootstrap_key", *(("(not shown)", BOOTSTRAP_KEY) if bootstrap_key else ("", "default"))),
            *reader.in_force,
        ),
        warnings=tuple(_unknown_variables(environ)),
    )


class _SettingsReader:
    """One pass over all sources. Collects the values, their origins, and the faults."""

    def __init__(self, environ: Mapping[str, str], overrides: Mapping[str, str]) -> None:
        self._environ = environ
        self._overrides = overrides
        self._file: dict[str, str] = {}
        self._file_name = ""
        self._faults: list[str] = []
        self.in_force: list[InForce] = []

    def read_file(self, named: Path | None, usual: Path) -> None:
        """Read the named file, which must exist, or the usual file if it exists."""
        path = named or usual
        self._file_name = str(path)
        try:
            tables = parse_by(tomllib.loads, path.read_text(encoding="utf-8"))
        except OSError as error:
            if named or os.access(path, os.F_OK):
                self._faults.append(
                    f"The settings file {path} cannot be read ({error.strerror}). "
                    "Use a file that exists and that this user can read."
                )
        except ValueError as error:
            self._faults.append(f"The settings file {path} is not a valid TOML file in UTF-8: {error}.")
        else:
            self._take_tables(tables)

    def _take_tables(self, tables: Mapping[str, Any]) -> None:
        known = {setting.full_name for setting in SETTINGS} | {f"feed.{name}" for name in FEED_SETTINGS}
        for section, table in tables.items():
            values = table if isinstance(table, dict) else {"": table}
            for name, value in values.items():
                full_name = f"{section}.{name}".rstrip(".")
                text = _text_of(value)
                if full_name not in known:
                    self._faults.append(f"{full_name} = {value!r} (from {self._file_name}): unknown setting.")
                elif text is None:
                    self._faults.append(f"{full_name} = {value!r} (from {self._file_name}): write it as a string.")
                else:
                    self._file[full_name] = text

    def section(self, section: str) -> dict[str, Any]:
        """The values of one section by field. Invalid values are left out and noted as faults."""
        values = {}
        for setting in SETTINGS:
            if setting.section == section:
                text, origin = self._find(setting.full_name, setting.variable, setting.default)
                try:
                    values[setting.field] = setting.parse(text.strip())
                except ValueError:
                    self._refuse(setting.full_name, text, origin, f"allowed: {setting.allowed}")
        return values

    def check_tls(self, server: Mapping[str, Any]) -> None:
        """Note a fault if only one of the certificate and its key is set."""
        certificate, key = server.get("tls_certificate"), server.get("tls_key")
        if (certificate is None) != (key is None):
            given, missing = ("tls_certificate", "tls_key") if certificate else ("tls_key", "tls_certificate")
            self._faults.append(f"server.{given} is set, but server.{missing} is not: set both or neither.")

    def feed_policy(self) -> FeedPolicy:
        """The defaults for new feeds, from the section `[feed]`."""
        good = {}
        for name, setting in FEED_SETTINGS.items():
            text, origin = self._find(f"feed.{name}", f"{PREFIX}FEED_{name}".upper(), setting.default)
            fault = find_feed_fault(name, text)
            if fault is None:
                good[name] = text
            else:
                self._faults.append(f"feed.{fault.rstrip('.')} (from {origin}).")
        return parse_feed_policy(good)

    def bootstrap_key(self) -> str | None:
        """The bootstrap key from the environment, or None. No message ever contains its value."""
        key = self._environ.get(BOOTSTRAP_KEY) or None  # compose files pass an unset variable as an empty string
        if key is not None and not re.fullmatch(r"[\x21-\x7e]{16,1024}", key):
            self._faults.append(
                f"{BOOTSTRAP_KEY} (not shown, {len(key)} characters): use 16 to 1024 visible ASCII characters."
            )
        return key

    def refuse_faults(self) -> None:
        """Raise InvalidSetting if any fault was noted."""
        if self._faults:
            refusal = InvalidSetting("\n".join(["Some settings are invalid:", *self._faults]))
            refusal.faults = tuple(Fault("setting-invalid", fault) for fault in self._faults)
            raise refusal

    def _find(self, full_name: str, variable: str, default: str) -> tuple[str, str]:
        if full_name in self._overrides:
            text, origin = self._overrides[full_name], f"--{full_name.partition('.')[2].replace('_', '-')}"
        elif variable in self._environ:
            text, origin = self._environ[variable], variable
        elif full_name in self._file:
            text, origin = self._file[full_name], self._file_name
        else:
            text, origin = default, "default"
        self.in_force.append(InForce(full_name, text, origin))
        return text, origin

    def _refuse(self, name: str, value: str, origin: str, reason: str) -> None:
        self._faults.append(f"{name} = {value!r} (from {origin}); {reason}.")


def _text_of(value: object) -> str | None:
    """A TOML value as it would be written in the environment, or None if no setting accepts such a value."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return None


def _path_of(text: str | None) -> Path | None:
    return Path(text) if text else None


def _origin_of_data(data: Path | None, environ: Mapping[str, str]) -> str:
    if data is not None:
        return "--data"
    return "MOTHERLODE_DATA" if environ.get("MOTHERLODE_DATA") else "default"


def _unknown_variables(environ: Mapping[str, str]) -> Iterable[str]:
    known = {setting.variable for setting in SETTINGS} | {f"{PREFIX}FEED_{name}".upper() for name in FEED_SETTINGS}
    for variable in sorted(environ):
        is_ours = variable.startswith(PREFIX) and not variable.startswith(_TEST_PREFIX)
        if is_ours and variable not in known | _OTHER_VARIABLES:
            yield f"The environment variable {variable} is not a known setting and is ignored."
