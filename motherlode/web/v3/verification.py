"""Verification keys over HTTP, as on nuget.org: a caller who may push an id creates one and passes it to another
service, which checks it here once."""

from starlette.responses import JSONResponse, Response

from motherlode.usecases.keys.verification_keys import create_verification_key, verify_key
from motherlode.web.request import Request
from motherlode.web.responses import NO_STORE

_HEADERS = {"Cache-Control": NO_STORE}


async def post_key(request: Request) -> Response:
    """Create a verification key for the id. Whether the package exists is checked only when the key is used."""
    services = request.services
    key = await request.write(
        create_verification_key,
        request.package_id,
        request.require_actor,
        feed=request.require_feed.name,
        db=services.db,
        clock=services.clock,
    )
    expires = key.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return JSONResponse({"Key": key.secret, "Expires": expires}, headers=_HEADERS)


async def get_verdict(request: Request) -> Response:
    """Return 200 with an empty body if the caller's key may push the id."""
    services = request.services
    await request.write(
        verify_key,
        request.package_id,
        request.version if "version" in request.parameters else None,
        request.require_actor,
        feed=request.require_feed.name,
        db=services.db,
        clock=services.clock,
    )
    return Response(status_code=200, headers=_HEADERS)
