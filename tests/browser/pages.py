"""The pages that every look goes over: their addresses on Harbor's server, and how they answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A page by its path, with what it answers to somebody who is not signed in."""

    name: str
    path: str
    status: int = 200


HOME = Place("home", "/")
SEARCH = Place("search", "/packages?q=harbor")
PACKAGE = Place("package", "/packages/Harbor.Http")
STATISTICS = Place("statistics", "/stats")
SIGN_IN = Place("sign-in", "/sign-in")
NO_PACKAGE = Place("no-package", "/packages/No.Such.Package", 404)
PRIVATE = Place("private", "/feeds/team/", 401)
PLACES = (
    HOME,
    Place("empty-feed", "/feeds/empty/"),
    Place("empty-statistics", "/feeds/empty/stats"),
    Place("all-packages", "/packages"),
    SEARCH,
    Place("second-page", "/packages?q=quay&page=2&sort=newest"),
    Place("filtered", "/packages?type=DotnetTool&prerelease=true&framework=net8.0&owner=mara&sort=downloads"),
    Place("nothing-found", "/packages?q=nothing-of-that-name"),
    Place("odd-filters", "/packages?q=&type=No.Type&framework=nonsense&sort=sideways&page=many"),
    PACKAGE,
    Place("long-readme", "/packages/Harbor.Json"),
    Place("feeds", "/feeds"),
    Place("after-the-last-page", "/packages?q=quay&page=9", 404),
    Place("old-version", "/packages/Harbor.Http/1.0.0"),
    Place("unlisted", "/packages/Harbor.Http/2.2.0"),
    Place("prerelease", "/packages/Harbor.Next"),
    Place("tool", "/packages/Harbor.Cli"),
    Place("template", "/packages/Harbor.Templates"),
    Place("analyzer", "/packages/Harbor.Analyzers"),
    Place("sdk", "/packages/Harbor.Sdk"),
    Place("license-file", "/packages/Harbor.Legal"),
    Place("license", "/packages/Harbor.Legal/1.0.0/license"),
    STATISTICS,
    SIGN_IN,
    NO_PACKAGE,
    Place("withdrawn", "/packages/Harbor.Withdrawn", 404),
    Place("nowhere", "/nowhere", 404),
    PRIVATE,
    Place("private-package", "/feeds/team/packages/Team.Plans", 401),
)
