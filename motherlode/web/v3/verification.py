"""Verification keys over HTTP, as the public gallery has them: whoever may push an id makes one and hands it to another
service, and that one asks here once whether it is good."""

from starlette.responses import JSONResponse, Response

from motherlode.usecases.keys.verification_keys import create_verification_key, verify_key
from motherlode.web.request import Visit
from motherlode.web.responses import NO_STORE

_HEADERS = {"Cache-Control": NO_STORE}


async def post_key(visit: Visit) -> Response:
    """A new verification key for the id; whether the package is there is asked only when the key is used."""
    house = visit.house
    key = await visit.write(
        create_verification_key,
        visit.package_id,
        visit.the_actor,
        feed=visit.the_feed.name,
        db=house.db,
        clock=house.clock,
    )
    expires = key.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return JSONResponse({"Key": key.secret, "Expires": expires}, headers=_HEADERS)


async def get_verdict(visit: Visit) -> Response:
    """200 and nothing more when the caller's key may push the id."""
    house = visit.house
    await visit.write(
        verify_key,
        visit.package_id,
        visit.version if "version" in visit.parameters else None,
        visit.the_actor,
        feed=visit.the_feed.name,
        db=house.db,
        clock=house.clock,
    )
    return Response(status_code=200, headers=_HEADERS)
