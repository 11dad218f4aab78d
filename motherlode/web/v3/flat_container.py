"""The files of the flat container over HTTP: the package as pushed, its nuspec, readme, icon and license.

Caches may keep them forever only if the feed allows neither overwriting nor deleting. On other feeds caches must
revalidate before each use, so that none serves old bytes or a deleted version.
"""

from functools import partial

from starlette.responses import Response

from motherlode.domain.feed_settings import Deletion, FeedPolicy, Overwrite
from motherlode.domain.refusals import NoSuchVersion
from motherlode.domain.user_agents import client_of
from motherlode.nuget.versions import InvalidVersion, parse_version
from motherlode.projections.documents import v3
from motherlode.projections.documents.cache import BlobFile
from motherlode.projections.documents.reader import blob_key
from motherlode.services import Services
from motherlode.web.base_url import Scope, header
from motherlode.web.request import Request
from motherlode.web.response_cache import CachedResponse
from motherlode.web.responses import IMMUTABLE, REVALIDATE, blob_response
from motherlode.web.v3.documents import answer, check_not_absent

_FILES = {"readme": v3.readme, "icon": v3.icon, "license": v3.license_file}


async def get_file(request: Request) -> Response:
    """Return a file of a version by its name."""
    name = request.parameters["file"].lower()
    if name in _FILES:
        return await _get_embedded(request, name)
    if name == f"{request.package_id.key}.nuspec":
        return await _get_nuspec(request)
    if _is_nupkg(request, name):
        return await _get_nupkg(request)
    raise NoSuchVersion(f"The file {name[:100]!r} of {request.package_id} {request.version.normalized}")


def _cache_of(policy: FeedPolicy) -> str:
    """Return the Cache-Control for the feed's files; changed settings apply from the next request on."""
    is_for_ever = policy.overwrite is Overwrite.NEVER and policy.delete is Deletion.UNLIST
    return IMMUTABLE if is_for_ever else REVALIDATE


def _is_nupkg(request: Request, name: str) -> bool:
    """Whether the name is `{id}.{version}.nupkg`, with any spelling of the version in the path."""
    prefix, suffix = f"{request.package_id.key}.", ".nupkg"
    if not (name.startswith(prefix) and name.endswith(suffix)):
        return False
    try:
        return parse_version(name[len(prefix) : -len(suffix)]) == request.version
    except InvalidVersion:
        return False


async def _get_nupkg(request: Request) -> Response:
    package_id, version, feed = request.package_id, request.version, request.require_feed
    reader, key = request.services.reader, blob_key(feed, package_id, version)
    file = reader.find_blob(feed, package_id, version)
    if file is None:
        check_not_absent(request, key, f"{package_id} {version.normalized}")
        file = await request.read(reader.read_blob, feed, package_id, version)
    request.notes["package"] = f"{package_id} {version.normalized}"
    name = f"{package_id.key}.{version.key}.nupkg"
    counted = (feed.id, package_id.key, version.key)
    request.ready = CachedResponse(key, partial(_answer_nupkg, request.services, counted, name, _cache_of(feed.policy)))
    return request.ready.answer(request.scope, file)


def _answer_nupkg(
    services: Services, counted: tuple[int, str, str], name: str, cache: str, scope: Scope, file: BlobFile
) -> Response:
    """Return the package, and count it if this is a download; `counted` is (feed id, package key, version key)."""
    if file.path is not None and not file.path.exists():
        # before the status is sent: a lost file must not look like a missing version
        raise FileNotFoundError(file.blob)
    response = blob_response(scope, file, services.blobs, name=name, cache=cache)
    if scope["method"] == "GET" and _is_beginning(response):
        client = client_of(header(scope, b"user-agent"))
        services.tally.count((*counted, services.clock.now().date()), client)
        services.metrics.count_download()
    return response


def _is_beginning(response: Response) -> bool:
    """Whether the response includes the first byte: later ranges of a download do not count as downloads."""
    return response.status_code == 200 or response.headers.get("Content-Range", "").startswith("bytes 0-")


async def _get_nuspec(request: Request) -> Response:
    package_id, version = request.package_id, request.version
    render = v3.nuspec(package_id, version)
    cache = _cache_of(request.require_feed.policy)
    name = f"nuspec/{version.key}"
    return await answer(
        request,
        render,
        id_key=package_id.key,
        name=name,
        what=f"{package_id} {version.normalized}",
        has_links=False,
        cache=cache,
        is_foreign=True,  # browsers run scripts in any XML that they show
    )


async def _get_embedded(request: Request, name: str) -> Response:
    package_id, version = request.package_id, request.version
    render = _FILES[name](package_id, version)
    return await answer(
        request,
        render,
        id_key=package_id.key,
        name=f"{name}/{version.key}",
        what=f"The {name} of {package_id} {version.normalized}",
        has_links=False,
        is_zipped=name != "icon",
        cache=_cache_of(request.require_feed.policy),
        is_foreign=True,
    )
