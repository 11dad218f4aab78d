"""Feeds: their names and their settings.

`FEED_SETTINGS` is the table of all settings of a feed; the server's `[feed]` defaults and the commands that create or
change a feed read it. A setting that is not implemented yet accepts only its default, so that users do not rely on what
is not enforced.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from motherlode.domain.logos import LOGO_ALLOWED, Logo, describe_logo, format_logo, parse_logo
from motherlode.domain.refusals import InvalidSetting
from motherlode.domain.units import (
    DURATION_ALLOWED,
    SIZE_ALLOWED,
    format_duration,
    format_size,
    parse_duration,
    parse_size,
)
from motherlode.nuget.faults import Fault
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.rule import Strictness
from motherlode.nuget.versions import Version, parse_version

DEFAULT_FEED = "default"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAME_ALLOWED = "1 to 63 of a-z, 0-9 and '-', not beginning with '-'"
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters, line ends, surrogates and noncharacters: not allowed in one line, in UTF-8 or in XML."""
MAX_TITLE_LENGTH = 100
MAX_ABOUT_LENGTH = 1_000


class Deletion(StrEnum):
    """What DELETE does with a version."""

    UNLIST = "unlist"
    SOFT = "soft"
    HARD = "hard"


class Overwrite(StrEnum):
    """Which existing versions can be replaced by a push."""

    NEVER = "never"
    PRERELEASE = "prerelease"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class FeedPolicy:
    """The values of a feed's settings.

    `least_protocol` is the oldest client protocol that may push, None for any. `soft_delete_keep_s` is how many seconds
    a soft-deleted version can be restored. `title`, `about` and `logo` are shown on the feed's pages, "" or None if not
    set.
    """

    max_package_bytes: int = 250 << 20
    is_private: bool = False
    least_protocol: Version | None = None
    strictness: Strictness = Strictness.GALLERY
    delete: Deletion = Deletion.UNLIST
    is_delete_reason_required: bool = False
    soft_delete_keep_s: int = 90 * 86400
    overwrite: Overwrite = Overwrite.NEVER
    title: str = ""
    about: str = ""
    logo: Logo | None = None

    def may_replace(self, version: Version) -> bool:
        """Return whether a push may replace an existing `version`."""
        return self.overwrite is Overwrite.ALWAYS or (self.overwrite is Overwrite.PRERELEASE and version.is_prerelease)


@dataclass(frozen=True, slots=True)
class FeedSetting:
    """One setting of a feed.

    `field` is its name in `FeedPolicy`, None while it is not implemented. `parse` turns text into the field's value and
    raises ValueError; `show` turns the value back into that text; `describe` turns it into text for people if that
    differs. `allowed` completes the sentence "allowed: …".
    """

    name: str
    default: str
    allowed: str
    about: str
    field: str | None = None
    parse: Callable[[str], Any] = str
    show: Callable[[Any], str] = str
    describe: Callable[[Any], str] | None = None

    def value_of(self, policy: FeedPolicy) -> str:
        """Return this setting's value in `policy` as text that `parse_feed_policy` accepts."""
        return self.default if self.field is None else self.show(getattr(policy, self.field))

    def description_of(self, policy: FeedPolicy) -> str:
        """Return this setting's value in `policy` as text for people."""
        if self.field is None or self.describe is None:
            return self.value_of(policy)
        return self.describe(getattr(policy, self.field))


def _parse_read(text: str) -> bool:
    if text.strip() not in {"anonymous", "authenticated"}:
        raise ValueError(text)
    return text.strip() == "authenticated"


def _format_read(is_private: bool) -> str:  # noqa: FBT001 the value of the setting
    return "authenticated" if is_private else "anonymous"


def _parse_protocol(text: str) -> Version | None:
    return None if text.strip() == "off" else parse_version(text)


def _format_protocol(version: Version | None) -> str:
    return "off" if version is None else version.normalized


def _parse_reason(text: str) -> bool:
    if text.strip() not in {"optional", "required"}:
        raise ValueError(text)
    return text.strip() == "required"


def _format_reason(is_required: bool) -> str:  # noqa: FBT001 the value of the setting
    return "required" if is_required else "optional"


def _parse_words(max_length: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        text = text.strip()
        if len(text) > max_length or _UNFIT.search(text):
            raise ValueError("too long, or contains control characters")
        return text

    return parse


def _parse_strictness(text: str) -> Strictness:
    return Strictness(text.strip())


FEED_SETTINGS: Mapping[str, FeedSetting] = {
    setting.name: setting
    for setting in (
        FeedSetting(
            "delete",
            "unlist",
            "unlist, soft or hard",
            "what DELETE does with a version: hide it, delete it so that it can be restored, or delete it permanently",
            field="delete",
            parse=lambda text: Deletion(text.strip()),
        ),
        FeedSetting(
            "delete_reason",
            "optional",
            "optional or required",
            "whether a hard delete needs a reason",
            field="is_delete_reason_required",
            parse=_parse_reason,
            show=_format_reason,
        ),
        FeedSetting(
            "overwrite",
            "never",
            "never, prerelease or always",
            "which existing versions a push can replace",
            field="overwrite",
            parse=lambda text: Overwrite(text.strip()),
        ),
        FeedSetting(
            "read",
            "anonymous",
            "anonymous or authenticated",
            "who may read: everyone, or only users with a role on the feed",
            field="is_private",
            parse=_parse_read,
            show=_format_read,
        ),
        FeedSetting(
            "strictness",
            "gallery",
            "gallery or lenient",
            "how strictly packages are validated: like the public gallery, or accepting all that clients can restore",
            field="strictness",
            parse=_parse_strictness,
        ),
        FeedSetting(
            "max_package_size",
            "250MB",
            SIZE_ALLOWED,
            "the largest package that can be pushed",
            field="max_package_bytes",
            parse=parse_size,
            show=format_size,
        ),
        FeedSetting(
            "soft_delete_keep",
            "90d",
            DURATION_ALLOWED,
            "how long a soft-deleted version can be restored",
            field="soft_delete_keep_s",
            parse=parse_duration,
            show=format_duration,
        ),
        FeedSetting(
            "require_protocol_version",
            "off",
            "off, or a version such as 4.1.0",
            "the oldest client protocol that may push (X-NuGet-Protocol-Version)",
            field="least_protocol",
            parse=_parse_protocol,
            show=_format_protocol,
        ),
        FeedSetting(
            "title",
            "",
            f"up to {MAX_TITLE_LENGTH} characters in one line",
            "the feed's title on pages; its name if not set",
            field="title",
            parse=_parse_words(MAX_TITLE_LENGTH),
        ),
        FeedSetting(
            "about",
            "",
            f"up to {MAX_ABOUT_LENGTH} characters in one line",
            "a description on the feed's home page",
            field="about",
            parse=_parse_words(MAX_ABOUT_LENGTH),
        ),
        FeedSetting(
            "logo",
            "",
            LOGO_ALLOWED,
            "the picture on the feed's pages",
            field="logo",
            parse=parse_logo,
            show=format_logo,
            describe=describe_logo,
        ),
        FeedSetting("min_age", "", "nothing", "how old a version must be before it is shown"),
        FeedSetting("upstreams", "", "nothing", "other feeds to fetch from"),
        FeedSetting("retention", "", "nothing", "which old versions are deleted"),
    )
}


def is_feed_name(text: str) -> bool:
    """Return whether `text` is a valid feed name."""
    return _NAME.fullmatch(text) is not None


def parse_feed_name(text: str) -> str:
    """Return `text` if it is a valid feed name. Raises `InvalidSetting`."""
    if not is_feed_name(text):
        raise InvalidSetting(f"{text!r} is not a valid feed name. Use {_NAME_ALLOWED}.")
    return text


def find_feed_fault(name: str, value: str) -> str | None:
    """Return a message that says why `name` = `value` is not a valid setting, or None if it is."""
    setting = FEED_SETTINGS.get(name)
    if setting is None:
        return f"There is no feed setting {name!r}. Settings are {', '.join(FEED_SETTINGS)}."
    if setting.field is None:
        return None if value.strip() == setting.default else _not_built(setting, value)
    try:
        setting.parse(value)
    except ValueError:
        return f"{name} = {quote(value)} is not valid; allowed: {setting.allowed}."
    return None


def parse_feed_policy(values: Mapping[str, str], base: FeedPolicy | None = None) -> FeedPolicy:
    """Return `base` changed by `values` (setting names to texts). Raises `InvalidSetting` with all faults found."""
    faults = [fault for name, value in values.items() if (fault := find_feed_fault(name, value))]
    if faults:
        refusal = InvalidSetting(" ".join(faults))
        refusal.faults = tuple(Fault("setting-invalid", fault) for fault in faults)
        raise refusal
    settings = [(FEED_SETTINGS[name], value) for name, value in values.items()]
    changes: dict[str, Any] = {setting.field: setting.parse(value) for setting, value in settings if setting.field}
    return replace(base or FeedPolicy(), **changes)


def format_feed_policy(policy: FeedPolicy) -> dict[str, str]:
    """Return all settings of a feed, in the order of the table, as texts that `parse_feed_policy` accepts."""
    return {name: setting.value_of(policy) for name, setting in FEED_SETTINGS.items()}


def describe_feed_policy(policy: FeedPolicy) -> dict[str, str]:
    """Return all settings of a feed as texts for people, for lists and the audit log: of a logo its type and size."""
    return {name: setting.description_of(policy) for name, setting in FEED_SETTINGS.items()}


def _not_built(setting: FeedSetting, value: str) -> str:
    stay = f"Leave it at {setting.default}" if setting.default else "Leave it unset"
    return f"{setting.name} = {value} is not implemented yet. {stay}."
