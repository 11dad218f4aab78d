"""How the package in a body gets to a use case: into a spool that is gone again afterwards, unless it was put."""

from collections.abc import Callable
from typing import TypeVar

import anyio

from motherlode.store.blobs.protocol import Spool
from motherlode.web.request import Visit

T = TypeVar("T")


async def take_package(visit: Visit, take: Callable[[Visit, Spool], T]) -> T:
    """Run `take` in a thread, with the package in the body as a finished spool. Raises what `Body.package_into` and
    `take` raise."""
    if await visit.body.is_short():
        return await visit.write(_take_short, visit, take)
    return await _take_long(visit, take)


def _take_short(visit: Visit, take: Callable[[Visit, Spool], T]) -> T:
    """Take a body that is in memory already."""
    with visit.house.blobs.spool() as spool:
        visit.body.short_package_into(spool)
        return _take(visit, spool, take)


async def _take_long(visit: Visit, take: Callable[[Visit, Spool], T]) -> T:
    """Take a body as it comes, past the memory."""
    spool = await visit.read(visit.house.blobs.spool)
    try:
        await visit.body.package_into(spool)
        return await visit.write(_take, visit, spool, take)
    finally:
        with anyio.CancelScope(shield=True):
            await visit.read(spool.discard)


def _take(visit: Visit, spool: Spool, take: Callable[[Visit, Spool], T]) -> T:
    spool.finish()
    return take(visit, spool)
