"""The route table: every address with its handler and its permission check.

Paths match in any case, with or without a slash at the end. `FEED_ROUTES` are served at the root for the default feed,
and below `/feeds/{feed}` for every feed, always through `web/auth/authorize.py`: callers who may not read the feed
cannot use them, and do not learn which ones exist. `SERVER_ROUTES` are public, and served only at the root.
"""

from collections.abc import Sequence
from typing import Final

from motherlode.domain.permissions import (
    check_may_ever_push,
    check_may_ever_take_away,
    check_may_ever_unlist,
    check_may_ever_verify,
)
from motherlode.protocol.urls import PUBLISH_PATH, Hive
from motherlode.web import health
from motherlode.web.api import check
from motherlode.web.pages.routes import PAGE_ROUTES, PAGE_SERVER_ROUTES
from motherlode.web.route import READ, Route
from motherlode.web.v3 import documents, flat_container, publish, search, verification


def _registrations() -> list[Route]:
    return [
        Route(f"registration-{kind}", READ, f"/v3/{hive.value}/{{id}}/{path}", get(hive))
        for hive in Hive
        for kind, path, get in (
            ("index", "index.json", documents.get_registration_index),
            ("page", "page/{lower}/{upper}.json", documents.get_registration_page),
            ("leaf", "{version}.json", documents.get_registration_leaf),
        )
    ]


def _verifications() -> list[Route]:
    """Return the routes with and without a version. They must come before relist, whose path they would match."""
    create, verify = verification.post_key, verification.get_verdict
    return [
        route
        for version in ("", "/{version}")
        for route in (
            Route(
                "create-verification-key",
                ("POST",),
                f"{PUBLISH_PATH}/create-verification-key/{{id}}{version}",
                create,
                check_may_ever_push,
            ),
            Route(
                "verifykey",
                ("GET",),
                f"/api/v2/verifykey/{{id}}{version}",
                verify,
                check_may_ever_verify,
                is_for_new_clients=True,
            ),
        )
    ]


SERVER_ROUTES: Final = (
    Route("health-live", READ, "/health/live", health.get_live),
    Route("health-ready", READ, "/health/ready", health.get_ready),
    Route("metrics", READ, "/metrics", health.get_metrics),
    *PAGE_SERVER_ROUTES,
)

FEED_ROUTES: Final = (
    Route("versions", READ, "/v3/flat/{id}/index.json", documents.get_versions),
    Route("file", READ, "/v3/flat/{id}/{version}/{file}", flat_container.get_file),
    *_registrations(),
    Route("service-index", READ, "/v3/index.json", documents.get_service_index),
    Route("search", READ, "/v3/search", search.get_search),
    Route("autocomplete", READ, "/v3/autocomplete", search.get_autocomplete),
    Route("details", READ, "/v3/catalog/data/{id}/{version}.json", documents.get_details),
    *_verifications(),
    Route("push", ("PUT",), PUBLISH_PATH, publish.put_package, check_may_ever_push, is_for_new_clients=True),
    # `curl -T` appends the file's name to an address that ends with a slash
    Route(
        "push",
        ("PUT",),
        f"{PUBLISH_PATH}/{{file}}.nupkg",
        publish.put_package,
        check_may_ever_push,
        is_for_new_clients=True,
    ),
    Route(
        "delete", ("DELETE",), f"{PUBLISH_PATH}/{{id}}/{{version}}", publish.delete_version, check_may_ever_take_away
    ),
    Route("relist", ("POST",), f"{PUBLISH_PATH}/{{id}}/{{version}}", publish.post_version, check_may_ever_unlist),
    # clients with a V2 feed address as their source push and delete directly below it
    Route("push", ("PUT",), "/api/v2", publish.put_package, check_may_ever_push, is_for_new_clients=True),
    Route("push", ("PUT",), "/api/v2/{file}.nupkg", publish.put_package, check_may_ever_push, is_for_new_clients=True),
    Route("delete", ("DELETE",), "/api/v2/{id}/{version}", publish.delete_version, check_may_ever_take_away),
    Route("check", ("POST",), "/api/v1/check", check.post_check, check_may_ever_push),
    *PAGE_ROUTES,
)

_SERVER_SEGMENTS: Final = frozenset(route.path.split("/")[1] for route in SERVER_ROUTES)


def is_server_path(path: str) -> bool:
    """Whether the path belongs to the whole server, not to a feed."""
    segment = path[1:].partition("/")[0].lower()
    return segment in _SERVER_SEGMENTS and bool(methods_of(SERVER_ROUTES, path))


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the first route for the method and path, with the parameters as written in the path, or None."""
    for route in routes:
        parameters = route.parameters_in(path) if method in route.methods else None
        if parameters is not None:
            return route, parameters
    return None


def methods_of(routes: Sequence[Route], path: str) -> tuple[str, ...]:
    """Return the methods that the path supports; empty if no route matches."""
    leading = (route for route in routes if route.parameters_in(path) is not None)
    return tuple(dict.fromkeys(method for route in leading for method in route.methods))
