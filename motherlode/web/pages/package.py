"""The package page: everything about one version of a package."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response

from motherlode.nuget.package import Dependency, Identity, Package
from motherlode.nuget.ranges import ANY, VersionRange
from motherlode.nuget.versions import Version
from motherlode.projections.documents.cache import DocumentKey, Fragment
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.projections.pages.views import PackageView, VersionRow
from motherlode.protocol.urls import Hive, Urls, feed_path
from motherlode.services import Services
from motherlode.web.pages.core.headers import HTML
from motherlode.web.pages.core.responses import page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.pages.parts.charts import draw_days, draw_share
from motherlode.web.pages.parts.file_tree import build_tree
from motherlode.web.pages.parts.install_commands import install_tabs
from motherlode.web.pages.parts.license import license_pieces
from motherlode.web.pages.parts.links import find_commit_link, find_link
from motherlode.web.pages.readme_parts import make_readme
from motherlode.web.request import Request

_VERSIONS_SHOWN: Final = 20
_MAX_VERSIONS: Final = 500
_VERSIONS_DRAWN: Final = 10
_DEPENDENCIES_UNFOLDED: Final = 20
_SHORT_COMMIT: Final = 10
_LAYOUT: Final = Lock()


@dataclass(frozen=True, slots=True)
class SourceLink:
    """The source repository. `link` and `commit_link` are None if pages may not link to the address."""

    text: str
    link: str | None
    commit: str | None
    commit_link: str | None


@dataclass(frozen=True, slots=True)
class DependencyLine:
    """A dependency. `is_here`: this feed lists it. `is_unlisted`: this feed has only unlisted versions of it."""

    dependency: Dependency
    versions: str
    is_here: bool
    is_unlisted: bool


async def get_package(request: Request) -> Response:
    """Show the page of a package id: its latest listed version."""
    return await _answer(request, None)


async def get_version(request: Request) -> Response:
    """Show the page of a version, listed or not."""
    return await _answer(request, request.version)


async def _answer(request: Request, version: Version | None) -> Response:
    services, feed, package_id = request.services, request.require_feed, request.package_id
    sees_unlisted = await _sees_unlisted(request)
    today = services.clock.now().date()  # the last day of the charts

    def render(source: RenderContext) -> RenderedDocument:
        view = services.showing.package(source, feed, package_id, version, sees_unlisted=sees_unlisted)
        readme = None if view.readme is None else _read_readme(services, source, view.identity, view.readme)
        body = render_package(view, feed, source.urls.base, source.paths.base, readme)
        return RenderedDocument(body, view.changed_at, HTML, is_kept=view.is_whole, counted=source.counted)

    which = "latest" if version is None else version.key
    name = f"package/{package_id.key}/{which}/{'all' if sees_unlisted else 'listed'}/{today}"
    return await page_response(request, name, render)


def _read_readme(services: Services, source: RenderContext, identity: Identity, text: str) -> Markup:
    """Return the README as HTML.

    It is cached in memory until its package changes, since rendering it takes longer than the rest of the page. Only
    one README is rendered at a time, so that a single thread competes for the interpreter, and requests for the same
    README wait for the first one."""
    key = DocumentKey(source.feed_id, identity.id.key, f"readme-html/{identity.version.key}")
    if kept := _find_readme(services, key):
        return kept
    with _LAYOUT:
        if kept := _find_readme(services, key):
            return kept
        from motherlode.web.pages.readme.markdown import render_readme  # noqa: PLC0415 3 MB that a server needs only here

        html = render_readme(text, image_hosts=services.image_hosts)
        services.documents.keep(key, Fragment(html.encode(), source.as_of))
        return html


def _find_readme(services: Services, key: DocumentKey) -> Markup | None:
    kept = services.documents.find(key)
    return Markup(kept.body.decode()) if isinstance(kept, Fragment) else None  # noqa: S704 it was made here


async def _sees_unlisted(request: Request) -> bool:
    actor = request.signed_in_user.actor if request.signed_in_user else request.actor
    if actor is None:
        return False
    return await request.read(request.services.showing.is_own, request.require_feed, request.package_id, actor)


def render_package(view: PackageView, feed: Feed, root: str, links: str, readme: Markup | None) -> bytes:
    """Render the page. Absolute addresses begin with `root`, links with `links`; `readme` is safe HTML."""
    is_latest = view.identity.version == view.latest
    own = Urls(feed_path(feed.name))
    path = own.package_page(view.identity.id) if is_latest else own.version_page(view.identity)
    below = feed_path(feed.name)
    context = _texts(view, Urls(links + below), Urls(root + below)) | _numbers(view)
    return PAGES.render(
        "package.html",
        feed=feed,
        root=root,
        links=links,
        path=path,
        is_indexed=view.is_listed,
        view=view,
        package=view.package,
        identity=view.identity,
        is_latest=is_latest,
        readme=make_readme(readme) if readme else None,
        **context,
    )


def _texts(view: PackageView, urls: Urls, public_urls: Urls) -> dict[str, Any]:
    package = view.package
    return {
        "install": install_tabs(package, public_urls),
        "license": license_pieces(package, urls),
        "project_link": find_link(package.project_url),
        "source": find_source(package),
        "dependencies": tuple(_group_lines(view)),
        "without_dependencies": [
            group.framework.short for group in package.dependency_groups if group.framework and not group.dependencies
        ],
        "folds_groups": sum(len(group.dependencies) for group in package.dependency_groups) > _DEPENDENCIES_UNFOLDED,
        "frameworks": tuple(framework.short for framework in package.frameworks),
        "registration": urls.registration_index(Hive.GZIP_SEMVER2, package.identity.id),
        "hash": b64encode(view.sha512).decode("ascii"),
    }


def _numbers(view: PackageView) -> dict[str, Any]:
    drawn = sorted(view.versions, key=lambda row: -row.downloads)[:_VERSIONS_DRAWN]
    highest = drawn[0].downloads if drawn else 0
    return {
        "days_chart": draw_days(view.days),
        "popular": [(row, draw_share(row.downloads, highest)) for row in drawn if row.downloads],
        "first_versions": view.versions[:_VERSIONS_SHOWN],
        "other_versions": view.versions[_VERSIONS_SHOWN:_MAX_VERSIONS],
        "versions_left_out": len(view.versions[_MAX_VERSIONS:]),
        "shows_unlisted": any(not row.is_listed for row in view.versions),
        "files": build_tree(view.files),
        "newer": _find_newer(view),
    }


def _find_newer(view: PackageView) -> VersionRow | None:
    """Return the latest version, or None if the page shows it."""
    if view.identity.version == view.latest:
        return None
    return next((row for row in view.versions if row.version == view.latest), None)


def _group_lines(view: PackageView) -> Iterator[tuple[str, list[DependencyLine]]]:
    """Yield the non-empty dependency groups, each with its target framework."""
    for group in view.package.dependency_groups:
        lines = [
            DependencyLine(
                dependency,
                describe_range(dependency.range),
                is_here=dependency.id.key in view.here,
                is_unlisted=dependency.id.key in view.unlisted,
            )
            for dependency in group.dependencies
        ]
        if lines:
            yield "Any framework" if group.framework is None else group.framework.short, lines


def find_source(package: Package) -> SourceLink | None:
    """Return the source repository, or None if the package does not name one."""
    repository = package.repository
    if repository is None or not (repository.url or "").strip():
        return None
    link = find_link(repository.url)
    commit = (repository.commit or "").strip() or None
    commit_link = find_commit_link(link, commit) if link and commit else None
    text = link.partition("://")[2].removesuffix("/").removesuffix(".git") if link else "The address is not a web page"
    return SourceLink(text, link, commit[:_SHORT_COMMIT] if commit else None, commit_link)


def describe_range(versions: VersionRange) -> str:
    """Return a range for readers: "≥ 1.0.0", "= 1.0.0", "> 1.0.0 and < 2.0.0"."""
    if versions == ANY:
        return "any version"
    if versions.min is not None and versions.min == versions.max:
        return f"= {versions.min.normalized}"
    low, high = "≥" if versions.include_min else ">", "≤" if versions.include_max else "<"
    bounds = ((low, versions.min), (high, versions.max))
    return " and ".join(f"{sign} {bound.normalized}" for sign, bound in bounds if bound is not None)
