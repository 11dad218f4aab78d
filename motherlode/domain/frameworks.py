"""Target frameworks: short folder names, long names and the canonical one, read and written (NuGet.Frameworks).

Invariant: frameworks are equal exactly when their canonical names are, however they were written, and `canonical` and
`short` of a supported framework read back as the same framework (but that `short` drops the version of a portable one).
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

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
    "netplatform": ".NETPlatform",
    "netportable": ".NETPortable",
    "netmicroframework": ".NETMicroFramework",
    "silverlight": "Silverlight",
    "windowsphone": "WindowsPhone",
    "windowsphoneapp": "WindowsPhoneApp",
    "windows": "Windows",
}
_IDENTIFIERS = (
    {long.lower(): long for long in _SHORT_NAMES} | {short: long for long, short in _SHORT_NAMES.items()} | _OTHER_NAMES
)
_ONE_DIGIT = frozenset({"Silverlight", "Windows", "WindowsPhone"})
_DOTTED = frozenset({".NETCoreApp", ".NETStandard", ".NETStandardApp", ".NETPlatform", ".NETnanoFramework"})

_SHORT_PROFILES = {"compactframework": "cf", "windowsphone": "wp", "windowsphone71": "wp71"}
_LONG_PROFILES = ("Client", "Full", "CompactFramework", "WindowsPhone", "WindowsPhone71")
_PROFILES = {name.lower(): name for name in _LONG_PROFILES} | {
    _SHORT_PROFILES[name.lower()]: name for name in _LONG_PROFILES[2:]
}

# The Portable Class Library profiles, with the frameworks each stands for in the order of their names.
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
_PORTABLE_EQUALS = {"netcore45": "win8", "netcore451": "win81", "win": "win8", "wp": "wp7"}
_PORTABLE_EXTRAS = re.compile(r"monoandroid|monotouch|xamarin")

_SHORT = re.compile(r"(?P<name>[a-z.]*[a-z])(?P<version>[0-9][0-9.]*)?(?:-(?P<rest>.+))?", re.IGNORECASE | re.ASCII)
_PLATFORM = re.compile(r"(?P<name>[a-z]+)(?P<version>[0-9][0-9.]*)?", re.IGNORECASE | re.ASCII)
_PROFILE = re.compile(r"[a-z0-9][a-z0-9+._]*", re.IGNORECASE | re.ASCII)
_NUMBERS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")
_MAX_COMPACT_DIGITS = 4
_MAX_NAME_LENGTH = 256

Numbers = tuple[int, int, int, int]
_NO_NUMBERS: Numbers = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Framework:
    """A target framework. Equality and hash go by `canonical`, ignoring case.

    `canonical` is the long name (`.NETStandard,Version=v2.0`, with `,Profile=…` or `,Platform=…` where there is one),
    `short` the folder name (`netstandard2.0`). Both are the text as written where `is_supported` is False.
    """

    written: str = field(compare=False)
    canonical: str = field(compare=False)
    short: str = field(compare=False)
    is_supported: bool = field(compare=False, default=True)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.canonical.lower())

    def __str__(self) -> str:
        return self.short


def parse_framework(text: str) -> Framework:
    """Read a short (`net472`), long (`.NETFramework4.7.2`) or canonical (`.NETFramework,Version=v4.7.2`) name.

    Nothing is raised: a name that nobody knows keeps its text, with `is_supported` False.
    """
    written = text.strip()
    return _framework_of(written) if len(written) <= _MAX_NAME_LENGTH else _unsupported(written)


@lru_cache(maxsize=2048)
def _framework_of(written: str) -> Framework:
    parts = _find_long(written) if "," in written else _find_short(written)
    return _unsupported(written) if parts is None else Framework(written, parts.canonical(), parts.short())


def _unsupported(written: str) -> Framework:
    return Framework(written, written, written, is_supported=False)


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
        name = _SHORT_NAMES[self.identifier]
        if self.identifier == ".NETCoreApp" and self.numbers[0] >= 5:
            name = "net"
        rest = self.platform or _SHORT_PROFILES.get(self.profile.lower(), self.profile.lower())
        return f"{name}{self._short_version()}{'-' if rest else ''}{rest}"

    def _short_version(self) -> str:
        if self.numbers == _NO_NUMBERS:
            return ""
        is_dotted = self.identifier in _DOTTED or max(self.numbers) > 9
        min_parts = 1 if self.identifier in _ONE_DIGIT and not is_dotted else 2
        return _print_numbers(self.numbers, min_parts, separator="." if is_dotted else "")


def _find_long(text: str) -> _Parts | None:
    name, *rest = (part.strip() for part in text.split(","))
    values = {key.strip().lower(): value.strip() for key, _, value in (part.partition("=") for part in rest)}
    if not values.keys() <= {"version", "profile", "platform"}:
        return None
    version = values.get("version", "v0.0")
    return _find_parts(
        name, version.removeprefix("v").removeprefix("V"), values.get("profile", ""), values.get("platform", "")
    )


def _find_short(text: str) -> _Parts | None:
    match = _SHORT.fullmatch(text)
    if match is None:
        return None
    name, version, rest = match["name"], match["version"] or "0.0", match["rest"] or ""
    if name.lower() == "net" and _is_net5(_find_numbers(version)):
        return _find_parts(name, version, "", rest)
    return _find_parts(name, version, rest, "")


def _find_parts(name: str, version: str, profile: str, platform: str) -> _Parts | None:
    """Judge the parts together; None when one of them makes no sense."""
    identifier = _IDENTIFIERS.get(name.lower())
    numbers = _find_numbers(version)
    if identifier is None or numbers is None:
        return None
    if identifier == ".NETPortable":
        return _find_portable(numbers, profile) if not platform else None
    if identifier == ".NETFramework" and _is_net5(numbers):
        identifier = ".NETCoreApp"
    if identifier == ".NETCoreApp" and _is_net5(numbers):
        platform = platform or profile
        return _Parts(identifier, numbers, platform=platform.lower()) if _is_platform(platform) else None
    if platform or not (profile == "" or _PROFILE.fullmatch(profile)):
        return None
    return _Parts(identifier, numbers, profile=_PROFILES.get(profile.lower(), profile))


def _find_portable(numbers: Numbers, profile: str) -> _Parts | None:
    if re.fullmatch(r"profile[0-9]{1,4}", profile, re.IGNORECASE | re.ASCII):
        return _Parts(".NETPortable", numbers, profile=profile.capitalize())
    names = [part for part in profile.lower().split("+") if not _PORTABLE_EXTRAS.match(part)]
    frameworks = [_find_short(name) for name in names if "-" not in name]
    if not names or None in frameworks or len(frameworks) < len(names):
        return None
    shorts = {parts.short() for parts in frameworks if parts is not None}
    folders = "+".join(sorted({_PORTABLE_EQUALS.get(short, short) for short in shorts}))
    return _Parts(".NETPortable", numbers, profile=_PROFILE_OF.get(folders, folders))


def _find_numbers(version: str) -> Numbers | None:
    """`4.7.2` and the compact `472` are the same numbers."""
    if not _NUMBERS.fullmatch(version):
        return None
    if "." not in version and len(version) > _MAX_COMPACT_DIGITS:
        return None
    found = [int(part) for part in (version.split(".") if "." in version else version)]
    major, minor, build, revision = (*found, 0, 0, 0)[:4]
    return major, minor, build, revision


def _is_net5(numbers: Numbers | None) -> bool:
    return numbers is not None and numbers[0] >= 5


def _is_platform(text: str) -> bool:
    match = _PLATFORM.fullmatch(text)
    return text == "" or (match is not None and _find_numbers(match["version"] or "0.0") is not None)


def _print_numbers(numbers: Numbers, min_parts: int, separator: str) -> str:
    count = max((place + 1 for place, number in enumerate(numbers) if number), default=1)
    return separator.join(str(number) for number in numbers[: max(count, min_parts)])
