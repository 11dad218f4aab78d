"""Which program a User-Agent means: one of a short list of names, whatever anybody sends.

Invariant: every text has a name, and there are no more names than the list has.
"""

from functools import lru_cache
from typing import Final

UNKNOWN: Final = "unknown"
OTHER: Final = "other"
BROWSER: Final = "browser"
_MAX_LENGTH: Final = 120

# quirk: `dotnet tool` and `dotnet new` call themselves NuGet Client V3, as does whatever else uses the library.
_BEGINNINGS: Final = (
    ("nuget xplat", "dotnet / MSBuild"),
    ("nuget .net core msbuild task", "dotnet / MSBuild"),
    ("nuget desktop msbuild task", "dotnet / MSBuild"),
    ("nuget command line", "NuGet.exe"),
    ("nuget/2.", "NuGet.exe"),
    ("nuget vs", "Visual Studio"),
    ("nuget", "NuGet client"),
    ("paket", "Paket"),
    ("curl/", "curl"),
    ("wget", "Wget"),
)
_INSIDE: Final = (
    ("powershell", "PowerShell"),
    ("bot", "robot"),
    ("crawler", "robot"),
    ("spider", "robot"),
)
_BROWSERS: Final = ("mozilla/", "opera/")

CLIENTS: Final = frozenset({UNKNOWN, OTHER, BROWSER, *(name for _, name in _BEGINNINGS + _INSIDE)})
"""All names that there are."""


def client_of(user_agent: str | None) -> str:
    """The name of the program; "unknown" where nothing was sent."""
    return _find_client(user_agent[:_MAX_LENGTH].strip().lower()) if user_agent else UNKNOWN


@lru_cache(maxsize=512)
def _find_client(text: str) -> str:
    """Few texts come over and over."""
    for beginning, name in _BEGINNINGS:
        if text.startswith(beginning):
            return name
    for word, name in _INSIDE:
        if word in text:
            return name
    if not text:
        return UNKNOWN
    return BROWSER if text.startswith(_BROWSERS) else OTHER
