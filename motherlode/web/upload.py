"""Passes the package in a request body to a use case, through a spool that is deleted afterwards unless it was put."""

from collections.abc import Callable
from typing import TypeVar

import anyio

from motherlode.store.blobs.protocol import Spool
from motherlode.web.request import Request

T = TypeVar("T")


async def receive_package(request: Request, take: Callable[[Request, Spool], T]) -> T:
    """Run `take` in a thread, with the package from the body in a finished spool.

    Raises what `Body.package_into` and `take` raise."""
    if await request.body.is_short():
        return await request.write(_take_short, request, take)
    return await _take_long(request, take)


def _take_short(request: Request, take: Callable[[Request, Spool], T]) -> T:
    """Take a body that is already in memory, in a single thread."""
    with request.services.blobs.spool() as spool:
        request.body.short_package_into(spool)
        return _take(request, spool, take)


async def _take_long(request: Request, take: Callable[[Request, Spool], T]) -> T:
    """Stream a body to the spool piece by piece, without holding all of it in memory."""
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
