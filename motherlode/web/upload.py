"""How the package in a body gets to a use case: into a spool that is gone again afterwards, unless it was put."""

from collections.abc import Callable
from typing import TypeVar

import anyio

from motherlode.store.blobs.protocol import Spool
from motherlode.web.request import Request

T = TypeVar("T")


async def receive_package(request: Request, take: Callable[[Request, Spool], T]) -> T:
    """Run `take` in a thread, with the package in the body as a finished spool. Raises what `Body.package_into` and
    `take` raise."""
    if await request.body.is_short():
        return await request.write(_take_short, request, take)
    return await _take_long(request, take)


def _take_short(request: Request, take: Callable[[Request, Spool], T]) -> T:
    """Take a body that is in memory already."""
    with request.services.blobs.spool() as spool:
        request.body.short_package_into(spool)
        return _take(request, spool, take)


async def _take_long(request: Request, take: Callable[[Request, Spool], T]) -> T:
    """Take a body as it comes, past the memory."""
    spool = await request.read(request.services.blobs.spool)
    try:
        await request.body.package_into(spool)
        return await request.write(_take, request, spool, take)
    finally:
        with anyio.CancelScope(shield=True):
            await request.read(spool.discard)


def _take(request: Request, spool: Spool, take: Callable[[Request, Spool], T]) -> T:
    spool.finish()
    return take(request, spool)
