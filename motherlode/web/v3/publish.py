"""PackagePublish/2.0.0: push, delete and relist over HTTP. The same for V2's addresses."""

from collections.abc import Callable

from starlette.responses import Response

from motherlode.domain.refusals import KeyRefused, NotAllowed
from motherlode.store.blobs.protocol import Spool
from motherlode.usecases.packages.delete import delete
from motherlode.usecases.packages.listing import relist
from motherlode.usecases.packages.push import Pushed, push
from motherlode.web.base_url import Scope, header
from motherlode.web.refusal_responses import warning_lines
from motherlode.web.request import Visit
from motherlode.web.upload import take_package


async def put_package(visit: Visit) -> Response:
    """Push: 201 once the package is stored for good."""
    pushed = await take_package(visit, _push)
    visit.notes["package"] = str(pushed.identity)
    visit.house.metrics.count_push(pushed.result)
    return _done(201, pushed.warnings)


async def delete_version(visit: Visit) -> Response:
    """DELETE: what the feed makes of it, which a warning tells; `X-Motherlode-Reason` says why."""
    return _done(204, await _change(visit, delete, reason=_find_reason(visit.scope)))


async def post_version(visit: Visit) -> Response:
    """POST: relist."""
    return _done(200, await _change(visit, relist))


def _done(status: int, warnings: tuple[str, ...]) -> Response:
    response = Response(status_code=status)
    for line in warning_lines(list(warnings), rest="warnings: a check (POST /api/v1/check) lists them all"):
        response.headers.append("X-NuGet-Warning", line)
    return response


def _push(visit: Visit, spool: Spool) -> Pushed:
    house, strictness = visit.house, visit.the_feed.policy.strictness
    try:
        return push(
            spool,
            visit.the_actor,
            feed=visit.the_feed.name,
            db=house.db,
            blobs=house.blobs,
            clock=house.clock,
            limits=house.limits,
            strictness=strictness,
        )
    except (KeyRefused, NotAllowed) as refusal:
        if refusal.subject is not None:
            visit.notes["package"] = refusal.subject
        if isinstance(refusal, KeyRefused):
            visit.why_not = refusal.why_not
        raise


async def _change(visit: Visit, change: Callable[..., tuple[str, ...]], **more: str | None) -> tuple[str, ...]:
    house = visit.house
    package_id, version = visit.package_id, visit.version
    visit.notes["package"] = f"{package_id} {version.normalized}"
    return await visit.write(
        change, package_id, version, visit.the_actor, feed=visit.the_feed.name, db=house.db, clock=house.clock, **more
    )


def _find_reason(scope: Scope) -> str | None:
    """Why the caller takes a version away, if he says so: UTF-8, or what else it may be."""
    said = header(scope, b"x-motherlode-reason")
    try:
        return said and said.encode("latin-1").decode()
    except UnicodeDecodeError:
        return said
