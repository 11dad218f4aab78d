"""Target frameworks: reading and writing short folder names, long names and canonical names.

Names are read as `NuGetFramework.Parse` reads them, with the tables of NuGet.Frameworks (`DefaultFrameworkMappings`,
`DefaultPortableFrameworkMappings`); docs/validation.md lists intentional differences.
Invariant: frameworks are equal exactly when their canonical names are equal, however they were written. `canonical` and
`short` of a framework with its own short name read back as the same framework, except that `short` drops the version of
a portable one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from motherlode.nuget.blanks import trim

_SHORT_NAMES = {
    ".NETFramework": "net",
    ".NETCoreApp": "netcoreapp",
    ".NETStandard": "netstandard",
    ".NETStandardApp": "netstandardapp",
    ".NETPlatform": "dotnet",
    ".NETPortable": "portable",
    ".NETCore": "netcore",
    ".NETMicroFramework": "netmf",
    ".NETnanoFramework": "netnano",
    "ASP.NET": "aspnet",
    "ASP.NETCore": "aspnetcore",
    "DNX": "dnx",
    "DNXCore": "dnxcore",
    "MonoAndroid": "monoandroid",
    "MonoMac": "monomac",
    "MonoTouch": "monotouch",
    "native": "native",
    "Silverlight": "sl",
    "Tizen": "tizen",
    "UAP": "uap",
    "Windows": "win",
    "WindowsPhone": "wp",
    "WindowsPhoneApp": "wpa",
    "WinRT": "winrt",
    "Xamarin.iOS": "xamarinios",
    "Xamarin.Mac": "xamarinmac",
    "Xamarin.PlayStation3": "xamarinpsthree",
    "Xamarin.PlayStation4": "xamarinpsfour",
    "Xamarin.PlayStationVita": "xamarinpsvita",
    "Xamarin.TVOS": "xamarintvos",
    "Xamarin.WatchOS": "xamarinwatchos",
    "Xamarin.Xbox360": "xamarinxboxthreesixty",
    "Xamarin.XboxOne": "xamarinxboxone",
}
_OTHER_NAMES = {
    ".net": ".NETFramework",
    "netframework": ".NETFramework",
    "netportable": ".NETPortable",
    "silverlight": "Silverlight",
    "windowsphone": "WindowsPhone",
    "windowsphoneapp": "WindowsPhoneApp",
    "windows": "Windows",
    "xamarin.playstationthree": "Xamarin.PlayStation3",
    "xamarinplaystationthree": "Xamarin.PlayStation3",
    "xamarin.playstationfour": "Xamarin.PlayStation4",
    "xamarinplaystationfour": "Xamarin.PlayStation4",
    "xamarinplaystationvita": "Xamarin.PlayStationVita",
}
_IDENTIFIERS = (
    {long.lower(): long for long in _SHORT_NAMES} | {short: long for long, short in _SHORT_NAMES.items()} | _OTHER_NAMES
)
_ONE_DIGIT = frozenset({"Silverlight", "Windows", "WindowsPhone"})
_DOTTED = frozenset({".NETCoreApp", ".NETStandard", ".NETnanoFramework"})
_SPECIAL = frozenset({"any", "agnostic", "unsupported"})

_PROFILES = {
    "client": "Client",
    "cf": "CompactFramework",
    "compactframework": "CompactFramework",
    "full": "",
    "wp": "WindowsPhone",
    "windowsphone": "WindowsPhone",
    "wp71": "WindowsPhone71",
    "windowsphone71": "WindowsPhone71",
}
_SHORT_PROFILES = {"compactframework": "cf", "windowsphone": "wp", "windowsphone71": "wp71"}

# The Portable Class Library profiles, each with the frameworks it stands for, sorted by name.
_PORTABLE_PROFILES = {
    "Profile2": "net40+sl4+win8+wp7",
    "Profile3": "net40+sl4",
    "Profile4": "net45+sl4+win8+wp7",
    "Profile5": "net40+win8",
    "Profile6": "net403+win8",
    "Profile7": "net45+win8",
    "Profile14": "net40+sl5",
    "Profile18": "net403+sl4",
    "Profile19": "net403+sl5",
    "Profile23": "net45+sl4",
    "Profile24": "net45+sl5",
    "Profile31": "win81+wp81",
    "Profile32": "win81+wpa81",
    "Profile36": "net40+sl4+win8+wp8",
    "Profile37": "net40+sl5+win8",
    "Profile41": "net403+sl4+win8",
    "Profile42": "net403+sl5+win8",
    "Profile44": "net451+win81",
    "Profile46": "net45+sl4+win8",
    "Profile47": "net45+sl5+win8",
    "Profile49": "net45+wp8",
    "Profile78": "net45+win8+wp8",
    "Profile84": "wp81+wpa81",
    "Profile88": "net40+sl4+win8+wp75",
    "Profile92": "net40+win8+wpa81",
    "Profile95": "net403+sl4+win8+wp7",
    "Profile96": "net403+sl4+win8+wp75",
    "Profile102": "net403+win8+wpa81",
    "Profile104": "net45+sl4+win8+wp75",
    "Profile111": "net45+win8+wpa81",
    "Profile136": "net40+sl5+win8+wp8",
    "Profile143": "net403+sl4+win8+wp8",
    "Profile147": "net403+sl5+win8+wp8",
    "Profile151": "net451+win81+wpa81",
    "Profile154": "net45+sl4+win8+wp8",
    "Profile157": "win81+wp81+wpa81",
    "Profile158": "net45+sl5+win8+wp8",
    "Profile225": "net40+sl5+win8+wpa81",
    "Profile240": "net403+sl5+win8+wpa81",
    "Profile255": "net45+sl5+win8+wpa81",
    "Profile259": "net45+win8+wp8+wpa81",
    "Profile328": "net40+sl5+win8+wp8+wpa81",
    "Profile336": "net403+sl5+win8+wp8+wpa81",
    "Profile344": "net45+sl5+win8+wp8+wpa81",
}
_PROFILE_OF = {frameworks: profile for profile, frameworks in _PORTABLE_PROFILES.items()}
_WITHOUT_OPTIONAL = frozenset(
    f"Profile{number}" for number in (2, 3, 4, 18, 23, 31, 32, 36, 41, 46, 84, 88, 95, 96, 104, 143, 154, 157, 240)
)
_OPTIONAL = frozenset({"MonoAndroid", "MonoTouch", "Xamarin.iOS", "Xamarin.Mac", "Xamarin.TVOS", "Xamarin.WatchOS"})
"""Identifiers that any other portable profile may include or omit."""
_PORTABLE_EQUALS = {
    **dict.fromkeys(("netcore", "netcore45", "win", "winrt", "winrt45"), "win8"),
    "netcore451": "win81",
    "wp": "wp7",
    "wpa": "wpa81",
}

_SHORT = re.compile(
    r"(?P<name>[a-z.]+)(?P<version>[0-9][0-9.]*)?(?:-(?P<rest>[a-z0-9.+-]+))?", re.IGNORECASE | re.ASCII
)
_OLD_FOLDER = re.compile(r"2|2\.0|20|3\.5|35|4|4\.0|40|4\.5|45")
"""Folder names from before framework names existed (`lib/40/`), all for .NET Framework."""
_PLATFORM = re.compile(r"(?P<name>[a-z]+)(?P<version>[0-9][0-9.]*)?", re.IGNORECASE | re.ASCII)
_PROFILE = re.compile(r"[a-z0-9.+-]*", re.IGNORECASE | re.ASCII)
_PROFILE_NUMBER = re.compile(r"profile[0-9]{1,4}", re.IGNORECASE | re.ASCII)
_FOREIGN = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE | re.ASCII)
"""Identifiers that are not in the tables, such as Unity."""
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")
_LONG_NUMBER = r"[\t-\r ]*(?:\+?[0-9]+|-0+)[\t-\r ]*"
_LONG_NUMBERS = re.compile(rf"{_LONG_NUMBER}(?:\.{_LONG_NUMBER}){{1,3}}")
_MAX_NUMBER: Final = 2**31 - 1
_MAX_COMPACT_DIGITS = 4
_MAX_NAME_LENGTH = 256
_KEYS: Final = ("version=", "profile=", "platform=")

Numbers = tuple[int, int, int, int]
_NO_NUMBERS: Numbers = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Framework:
    """A target framework. Equality and hash use `canonical`, ignoring case.

    `canonical` is the long name (`.NETStandard,Version=v2.0`, with `,Profile=…` or `,Platform=…` if it has one),
    `short` the folder name (`netstandard2.0`). Both are the text as written if `is_supported` is False.
    Clients ignore frameworks that are not supported, and throw if `is_readable` is False.
    """

    written: str = field(compare=False)
    canonical: str = field(compare=False)
    short: str = field(compare=False)
    is_supported: bool = field(compare=False, default=True)
    is_readable: bool = field(compare=False, default=True)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.canonical.lower())

    def __str__(self) -> str:
        return self.short


class _Unreadable(Exception):
    """Clients throw on the name."""


def find_framework(text: str | None) -> Framework | None:
    """Read a `targetFramework` attribute as clients do. Returns None if it means any framework."""
    if not text:
        return None
    name = next((trim(part) for part in text.split(",") if part), "") if "," in text else text
    return None if name.lower() == "any" else parse_framework(text)


def parse_framework(text: str) -> Framework:
    """Read a short (`net472`), long (`.NETFramework4.7.2`) or canonical (`.NETFramework,Version=v4.7.2`) name.

    Nothing is raised: the result for an unknown name keeps the text, with `is_supported` False. Clients do not trim
    names, so neither does this function.
    """
    if len(text) > _MAX_NAME_LENGTH:
        return _unsupported(text, is_readable="," not in text)
    return _framework_of(text)


@lru_cache(maxsize=2048)
def _framework_of(written: str) -> Framework:
    try:
        parts = _find_long(written) if "," in written else _find_short(written)
    except _Unreadable:
        return _unsupported(written, is_readable=False)
    return _unsupported(written) if parts is None else Framework(written, parts.canonical(), parts.short())


def _unsupported(written: str, *, is_readable: bool = True) -> Framework:
    return Framework(written, written, written, is_supported=False, is_readable=is_readable)


@dataclass(frozen=True, slots=True)
class _Parts:
    identifier: str
    numbers: Numbers
    profile: str = ""
    platform: str = ""

    def canonical(self) -> str:
        version = _print_numbers(self.numbers, min_parts=2, separator=".")
        profile = f",Profile={self.profile}" if self.profile else ""
        platform = f",Platform={self.platform}" if self.platform else ""
        return f"{self.identifier},Version=v{version}{profile}{platform}"

    def short(self) -> str:
        if self.identifier == ".NETPortable":
            return f"portable-{_PORTABLE_PROFILES.get(self.profile, self.profile.lower())}"
        name = _SHORT_NAMES.get(self.identifier) or re.sub("[^a-z0-9]", "", self.identifier.lower())
        if self.identifier == ".NETCoreApp" and self.numbers[0] >= 5:
            name = "net"
        rest = self.platform or _SHORT_PROFILES.get(self.profile.lower(), self.profile.lower())
        return f"{name}{self._short_version()}{'-' if rest else ''}{rest}"

    def _short_version(self) -> str:
        is_default = self.identifier == ".NETPlatform" and self.numbers == (5, 0, 0, 0) and not self.profile
        if self.numbers == _NO_NUMBERS or is_default:
            return ""
        is_dotted = self.identifier in _DOTTED or max(self.numbers) > 9
        min_parts = 1 if self.identifier in _ONE_DIGIT and not is_dotted else 2
        return _print_numbers(self.numbers, min_parts, separator="." if is_dotted else "")


def _find_long(text: str) -> _Parts | None:
    """Read a name with commas. Returns None if it is not supported here."""
    parts = [trim(part) for part in text.split(",") if part]
    name = parts[0] if parts else ""
    if name.lower() in _SPECIAL:
        return None
    identifier = _IDENTIFIERS.get(name.lower(), name)
    values = [_values_of(parts, key) for key in _KEYS]
    # quirk: clients ignore a repeated value, like any unknown part.
    version, profile, platform = (found[0] if len(found) == 1 else None for found in values)
    numbers = _NO_NUMBERS if version is None else _read_long_numbers(version)
    if not any(map(str.isalnum, identifier)):
        raise _Unreadable
    if identifier == ".NETPortable":
        _check_portable(profile or "")
    if any(len(found) > 1 for found in values) or sum(map(len, values)) < len(parts) - 1:
        return None
    found = _find_parts(identifier, numbers, profile or "", platform or "")
    is_known = identifier in _SHORT_NAMES or (version is not None and found is not None and _is_foreign(found))
    return found if is_known else None


def _values_of(parts: list[str], key: str) -> list[str]:
    return [part.split("=")[1] for part in parts if part.lower().startswith(key)]


def _is_foreign(parts: _Parts) -> bool:
    """Return whether an identifier outside the tables is acceptable: its folder name is not another framework's."""
    namesake = parse_framework(parts.short())
    return _FOREIGN.fullmatch(parts.identifier) is not None and namesake.is_readable and not namesake.is_supported


def _read_long_numbers(version: str) -> Numbers:
    # quirk: only a lower-case v is removed, and a single number is a major version: v45 is 45.0 here, not 4.5.
    text = version.lstrip("v")
    text = text if "." in text else f"{text}.0"
    numbers = [int(part) for part in text.split(".")] if _LONG_NUMBERS.fullmatch(text) else []
    if not numbers or max(numbers) > _MAX_NUMBER:
        raise _Unreadable
    return _fill(numbers)


def _check_portable(profile: str) -> None:
    """Raise if clients fail on the profile: it has a hyphen, no members, or an unknown number."""
    is_unknown = _PROFILE_NUMBER.fullmatch(profile) and _profile_of(profile) not in _PORTABLE_PROFILES
    if "-" in profile or not profile.strip("+") or is_unknown:
        raise _Unreadable


def _find_short(text: str) -> _Parts | None:
    """Read the name of a folder. Returns None if it is not supported."""
    # quirk: folders in archives are percent-encoded, and clients decode all names.
    name = unquote(text) if "%" in text else text
    if _OLD_FOLDER.fullmatch(name):
        return _Parts(".NETFramework", _find_numbers(name) or _NO_NUMBERS)
    match = _SHORT.fullmatch(name)
    identifier = _IDENTIFIERS.get(match["name"].lower()) if match else None
    if match is None or identifier is None:
        return None
    version, rest = match["version"] or "0.0", match["rest"] or ""
    numbers = _find_numbers(version)
    if identifier == ".NETPortable" and rest and (numbers is not None or version.isdecimal()):
        _check_portable(rest)
    if numbers is None:
        return None
    if identifier in (".NETFramework", ".NETCoreApp") and _is_net5(numbers):
        return _find_parts(identifier, numbers, "", rest)
    return _find_parts(identifier, numbers, _PROFILES.get(rest.lower(), rest), "")


def _find_parts(identifier: str, numbers: Numbers, profile: str, platform: str) -> _Parts | None:
    """Combine the parts. Returns None if one of them is invalid."""
    if identifier == ".NETPortable":
        return _find_portable(numbers, profile) if not platform else None
    if identifier in (".NETFramework", ".NETCoreApp") and _is_net5(numbers):
        found = _find_platform(platform)
        return None if found is None else _Parts(".NETCoreApp", numbers, platform=found)
    if platform or not _PROFILE.fullmatch(profile):
        return None
    if identifier == ".NETPlatform" and numbers == _NO_NUMBERS and not profile:
        numbers = (5, 0, 0, 0)
    return _Parts(identifier, numbers, profile)


def _find_portable(numbers: Numbers, profile: str) -> _Parts | None:
    if _PROFILE_NUMBER.fullmatch(profile):
        return _Parts(".NETPortable", numbers, _profile_of(profile))
    names = [name for name in profile.split("+") if name]
    frameworks = [_find_short(name) for name in names if not _PROFILE_NUMBER.fullmatch(name)]
    known = [parts for parts in frameworks if parts is not None and parts.identifier != ".NETPortable"]
    if not names or len(known) < len(names):
        return None
    whole = _join_shorts(known)
    required = _join_shorts(parts for parts in known if parts.identifier not in _OPTIONAL or parts.profile)
    found = _PROFILE_OF.get(_equal(whole)) or _PROFILE_OF.get(_equal(required)) or whole
    is_too_much = found in _WITHOUT_OPTIONAL and required != whole
    return _Parts(".NETPortable", numbers, whole if is_too_much else found)


def _join_shorts(frameworks: Iterable[_Parts]) -> str:
    return "+".join(sorted({parts.short() for parts in frameworks}))


def _equal(shorts: str) -> str:
    """Return the names in the spelling of `_PORTABLE_PROFILES`."""
    return "+".join(sorted({_PORTABLE_EQUALS.get(short, short) for short in shorts.split("+")}))


def _profile_of(text: str) -> str:
    return f"Profile{int(text[len('profile') :])}"


def _find_platform(text: str) -> str | None:
    """Return the platform in normalized form (`Windows7` becomes `windows7.0`), or None if it is not a platform."""
    if not text:
        return ""
    match = _PLATFORM.fullmatch(text)
    version = (match["version"] or "0.0") if match else ""
    numbers = _find_numbers(version if "." in version else f"{version}.0")
    if match is None or numbers is None:
        return None
    return match["name"].lower() + ("" if numbers == _NO_NUMBERS else _print_numbers(numbers, 2, separator="."))


def _find_numbers(version: str) -> Numbers | None:
    """Return the numbers of a version, dotted (`4.7.2`) or compact (`472`), or None if it is not valid."""
    if not _NUMBERS.fullmatch(version) or ("." not in version and len(version) > _MAX_COMPACT_DIGITS):
        return None
    numbers = [int(part) for part in (version.split(".") if "." in version else version)]
    return _fill(numbers) if max(numbers) <= _MAX_NUMBER else None


def _fill(numbers: list[int]) -> Numbers:
    major, minor, build, revision = (*numbers, 0, 0, 0)[:4]
    return major, minor, build, revision


def _is_net5(numbers: Numbers) -> bool:
    return numbers[0] >= 5


def _print_numbers(numbers: Numbers, min_parts: int, separator: str) -> str:
    count = max((place + 1 for place, number in enumerate(numbers) if number), default=1)
    return separator.join(str(number) for number in numbers[: max(count, min_parts)])
