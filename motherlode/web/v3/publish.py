"""PackagePublish/2.0.0: push, delete and relist over HTTP; V2's addresses use the same handlers."""

from collections.abc import Callable

from starlette.responses import Response

from motherlode.domain.refusals import KeyRefused, NotAllowed
from motherlode.store.blobs.protocol import Spool
from motherlode.usecases.packages.delete import delete
from motherlode.usecases.packages.listing import relist
from motherlode.usecases.packages.push import Pushed, push
from motherlode.web.base_url import Scope, header
from motherlode.web.refusal_responses import warning_lines
from motherlode.web.request import Request
from motherlode.web.upload import receive_package


async def put_package(request: Request) -> Response:
    """Push a package: 201 once it is durably stored."""
    pushed = await receive_package(request, _push)
    request.notes["package"] = str(pushed.identity)
    request.services.metrics.count_push(pushed.result)
    return _done(201, pushed.warnings)


async def delete_version(request: Request) -> Response:
    """Delete or unlist a version, depending on the feed's settings; a warning says which.

    The request may give a reason in `X-Motherlode-Reason`."""
    return _done(204, await _change(request, delete, reason=_find_reason(request.scope)))


async def post_version(request: Request) -> Response:
    """Relist a version."""
    return _done(200, await _change(request, relist))


def _done(status: int, warnings: tuple[str, ...]) -> Response:
    response = Response(status_code=status)
    for line in warning_lines(list(warnings), rest="warnings: a check (POST /api/v1/check) lists them all"):
        response.headers.append("X-NuGet-Warning", line)
    return response


def _push(request: Request, spool: Spool) -> Pushed:
    services, strictness = request.services, request.require_feed.policy.strictness
    try:
        return push(
            spool,
            request.require_actor,
            feed=request.require_feed.name,
            db=services.db,
            blobs=services.blobs,
            clock=services.clock,
            limits=services.limits,
            strictness=strictness,
        )
    except (KeyRefused, NotAllowed) as refusal:
        if refusal.subject is not None:
            request.notes["package"] = refusal.subject
        if isinstance(refusal, KeyRefused):
            request.rejection_reason = refusal.rejection_reason
        raise


async def _change(request: Request, change: Callable[..., tuple[str, ...]], **more: str | None) -> tuple[str, ...]:
    services = request.services
    package_id, version = request.package_id, request.version
    request.notes["package"] = f"{package_id} {version.normalized}"
    return await request.write(
        change,
        package_id,
        version,
        request.require_actor,
        feed=request.require_feed.name,
        db=services.db,
        clock=services.clock,
        **more,
    )


def _find_reason(scope: Scope) -> str | None:
    """Return the caller's reason for the deletion, or None: decoded as UTF-8, or as Latin-1 if it is not UTF-8."""
    said = header(scope, b"x-motherlode-reason")
    try:
        return said and said.encode("latin-1").decode()
    except UnicodeDecodeError:
        return said
