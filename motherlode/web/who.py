"""Who asks: the key of a request, read from its header and judged before the body is looked at."""

from motherlode.domain.policy import Actor
from motherlode.domain.refusals import KeyMissing
from motherlode.usecases.identify import identify
from motherlode.web.site import Scope
from motherlode.web.visit import Visit

_KEY_HEADER = b"x-nuget-apikey"


def presented_key(scope: Scope) -> bytes:
    """The API key as it was sent. Raises `KeyMissing`: an empty or repeated header is none."""
    values = [bytes(value).strip() for name, value in scope["headers"] if name == _KEY_HEADER]
    if len(values) != 1 or not values[0]:
        raise KeyMissing
    return values[0]


async def authenticate(visit: Visit) -> Actor:
    """The actor behind the request's key. Raises `KeyMissing`, `KeyRefused`."""
    key = presented_key(visit.scope)
    actor = await visit.read(
        identify,
        key,
        bootstrap=visit.house.bootstrap,
        address=visit.site.client,
        request_id=visit.request_id,
        db=visit.house.db,
        clock=visit.house.clock,
    )
    visit.notes["key"] = actor.name
    return actor
