"""The JSON documents of V3 over HTTP: service index, version lists, registrations, details."""

from functools import partial

from starlette.responses import Response

from motherlode.domain.refusals import NoSuchVersion
from motherlode.projections.documents import v3
from motherlode.projections.documents.cache import DocumentKey
from motherlode.projections.documents.v3 import Render
from motherlode.protocol.urls import Hive
from motherlode.web.request import Visit
from motherlode.web.response_cache import Ready
from motherlode.web.responses import REVALIDATE, answer_document
from motherlode.web.route import Answer


async def get_service_index(visit: Visit) -> Response:
    """The service index."""
    return await answer(visit, v3.service_index(), id_key="", name="index")


async def get_versions(visit: Visit) -> Response:
    """The version list of an id."""
    package_id = visit.package_id
    render = v3.versions(package_id)
    return await answer(visit, render, id_key=package_id.key, name="versions", what=str(package_id), has_links=False)


async def get_details(visit: Visit) -> Response:
    """All details of a version."""
    package_id, version = visit.package_id, visit.version
    return await answer(
        visit,
        v3.details(package_id, version),
        id_key=package_id.key,
        name=f"details/{version.key}",
        what=f"{package_id} {version.normalized}",
    )


def get_registration_index(hive: Hive) -> Answer:
    """The registration index of an id in the hive."""

    async def get(visit: Visit) -> Response:
        package_id = visit.package_id
        render = v3.registration_index(package_id, hive)
        name, what = f"{hive.value}/index", str(package_id)
        return await answer(visit, render, id_key=package_id.key, name=name, what=what, is_zipped=not hive.is_plain)

    return get


def get_registration_page(hive: Hive) -> Answer:
    """A registration page of an id in the hive."""

    async def get(visit: Visit) -> Response:
        package_id, lower, upper = visit.package_id, visit.version_of("lower"), visit.version_of("upper")
        render = v3.registration_page(package_id, hive, lower, upper)
        name, what = (
            f"{hive.value}/page/{lower.key}/{upper.key}",
            f"{package_id} from {lower.normalized} to {upper.normalized}",
        )
        return await answer(visit, render, id_key=package_id.key, name=name, what=what, is_zipped=not hive.is_plain)

    return get


def get_registration_leaf(hive: Hive) -> Answer:
    """The registration leaf of a version in the hive."""

    async def get(visit: Visit) -> Response:
        package_id, version = visit.package_id, visit.version
        render = v3.registration_leaf(package_id, hive, version)
        name, what = f"{hive.value}/{version.key}", f"{package_id} {version.normalized}"
        return await answer(visit, render, id_key=package_id.key, name=name, what=what, is_zipped=not hive.is_plain)

    return get


async def answer(
    visit: Visit,
    render: Render,
    *,
    id_key: str,
    name: str,
    what: str | None = None,
    has_links: bool = True,
    is_zipped: bool = True,
    cache: str = REVALIDATE,
    is_foreign: bool = False,
) -> Response:
    """The document of that name: out of memory without a thread, else rendered in one.

    `what` names a document of a package in the refusal if there is no such document. `has_links` says whether its text
    depends on the address of this server, `is_zipped` whether it may be compressed, `is_foreign` whether a publisher
    wrote it for browsers to show. Raises `NoSuchVersion`.
    """
    key = DocumentKey(visit.the_feed.id, id_key, name, visit.urls.base if has_links else "")
    reader = visit.house.reader
    document = reader.find(key)
    if document is None:
        if what is not None:
            check_not_absent(visit, key, what)
        document = await visit.read(
            reader.read, key, visit.the_feed, render, is_checked=visit.site.is_checked, is_zipped=is_zipped
        )
    visit.ready = Ready(key, partial(answer_document, is_negotiable=is_zipped, cache=cache, is_foreign=is_foreign))
    return visit.ready.answer(visit.scope, document)


def check_not_absent(visit: Visit, key: DocumentKey, what: str) -> None:
    """Raise `NoSuchVersion` if it is known already that a package has no such document; `visit` then remembers which
    one that is. Nothing is read, and no thread is needed."""
    visit.missing = DocumentKey(key.feed_id, key.id_key, key.name)
    if visit.house.reader.is_absent(key):
        raise NoSuchVersion(what)
