"""The name of the client program behind a User-Agent, from a short fixed list.

Invariant: every text has a name, and all names are in `CLIENTS`.
"""

from functools import lru_cache
from typing import Final

UNKNOWN: Final = "unknown"
OTHER: Final = "other"
BROWSER: Final = "browser"
_MAX_LENGTH: Final = 120

# quirk: `dotnet tool` and `dotnet new` call themselves NuGet Client V3, like every other user of the library.
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
"""All names that `client_of` can return."""


def client_of(user_agent: str | None) -> str:
    """Return the name of the program, or "unknown" if there is no User-Agent."""
    return _find_client(user_agent[:_MAX_LENGTH].strip().lower()) if user_agent else UNKNOWN


@lru_cache(maxsize=512)
def _find_client(text: str) -> str:
    """Return the name for a lower-case User-Agent. Cached, since few texts make up most requests."""
    for beginning, name in _BEGINNINGS:
        if text.startswith(beginning):
            return name
    for word, name in _INSIDE:
        if word in text:
            return name
    if not text:
        return UNKNOWN
    return BROWSER if text.startswith(_BROWSERS) else OTHER
