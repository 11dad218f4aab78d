"""The JSON documents of V3 over HTTP: service index, version lists, registrations, details."""

from functools import partial

from starlette.responses import Response

from motherlode.domain.refusals import NoSuchVersion
from motherlode.projections.documents import v3
from motherlode.projections.documents.cache import DocumentKey
from motherlode.projections.documents.v3 import Renderer
from motherlode.protocol.urls import Hive
from motherlode.web.request import Request
from motherlode.web.response_cache import CachedResponse
from motherlode.web.responses import REVALIDATE, document_response
from motherlode.web.route import Answer


async def get_service_index(request: Request) -> Response:
    """Return the service index."""
    return await answer(request, v3.service_index(), id_key="", name="index")


async def get_versions(request: Request) -> Response:
    """Return the version list of a package id."""
    package_id = request.package_id
    render = v3.versions(package_id)
    return await answer(request, render, id_key=package_id.key, name="versions", what=str(package_id), has_links=False)


async def get_details(request: Request) -> Response:
    """Return all details of a version."""
    package_id, version = request.package_id, request.version
    return await answer(
        request,
        v3.details(package_id, version),
        id_key=package_id.key,
        name=f"details/{version.key}",
        what=f"{package_id} {version.normalized}",
    )


def get_registration_index(hive: Hive) -> Answer:
    """Return a handler for registration indexes in the hive."""

    async def get(request: Request) -> Response:
        package_id = request.package_id
        render = v3.registration_index(package_id, hive)
        name, what = f"{hive.value}/index", str(package_id)
        return await answer(request, render, id_key=package_id.key, name=name, what=what, is_zipped=not hive.is_plain)

    return get


def get_registration_page(hive: Hive) -> Answer:
    """Return a handler for registration pages in the hive."""

    async def get(request: Request) -> Response:
        package_id, lower, upper = request.package_id, request.version_of("lower"), request.version_of("upper")
        render = v3.registration_page(package_id, hive, lower, upper)
        name, what = (
            f"{hive.value}/page/{lower.key}/{upper.key}",
            f"{package_id} from {lower.normalized} to {upper.normalized}",
        )
        return await answer(request, render, id_key=package_id.key, name=name, what=what, is_zipped=not hive.is_plain)

    return get


def get_registration_leaf(hive: Hive) -> Answer:
    """Return a handler for registration leaves in the hive."""

    async def get(request: Request) -> Response:
        package_id, version = request.package_id, request.version
        render = v3.registration_leaf(package_id, hive, version)
        name, what = f"{hive.value}/{version.key}", f"{package_id} {version.normalized}"
        return await answer(request, render, id_key=package_id.key, name=name, what=what, is_zipped=not hive.is_plain)

    return get


async def answer(
    request: Request,
    render: Renderer,
    *,
    id_key: str,
    name: str,
    what: str | None = None,
    has_links: bool = True,
    is_zipped: bool = True,
    cache: str = REVALIDATE,
    is_foreign: bool = False,
) -> Response:
    """Return the document of that name: from memory without a thread, or rendered in a thread.

    `what` names the document in the refusal if the package does not have it. `has_links` says whether the text contains
    addresses of this server, `is_zipped` whether it may be compressed, `is_foreign` whether a publisher wrote the
    content, so that browsers must not run it. Raises `NoSuchVersion`.
    """
    key = DocumentKey(request.require_feed.id, id_key, name, request.urls.base if has_links else "")
    reader = request.services.reader
    document = reader.find(key)
    if document is None:
        if what is not None:
            check_not_absent(request, key, what)
        document = await request.read(
            reader.read, key, request.require_feed, render, is_checked=request.site.is_checked, is_zipped=is_zipped
        )
    request.ready = CachedResponse(
        key, partial(document_response, is_negotiable=is_zipped, cache=cache, is_foreign=is_foreign)
    )
    return request.ready.answer(request.scope, document)


def check_not_absent(request: Request, key: DocumentKey, what: str) -> None:
    """Raise `NoSuchVersion` if the package is already known not to have the document.

    `request.missing` is set to its key. Nothing is read, and no thread is needed."""
    request.missing = DocumentKey(key.feed_id, key.id_key, key.name)
    if request.services.reader.is_absent(key):
        raise NoSuchVersion(what)
