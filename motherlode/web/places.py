"""Limits how many requests may do something at once: in total, and per client."""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from motherlode.domain.networks import network_of


class Places:
    """`total` places, of which one client may have `per_client`. A client is an IPv4 address or an IPv6 network. For
    one event loop."""

    def __init__(self, total: int, per_client: int) -> None:
        self._all = Semaphore(total)
        self._per_client = per_client
        self._of_client: dict[str, tuple[Semaphore, int]] = {}

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self._all.locked()

    def has_room(self, client: str) -> bool:
        """Whether this client would get a place without waiting."""
        own, _ = self._of_client.get(network_of(client), (None, 0))
        return not (self._all.locked() or (own is not None and own.locked()))

    @asynccontextmanager
    async def of(self, client: str) -> AsyncIterator[None]:
        """Hold a place until the block ends; if there is none, wait in order of arrival."""
        client = network_of(client)
        own, users = self._of_client.get(client, (Semaphore(self._per_client), 0))
        self._of_client[client] = own, users + 1
        try:
            async with own, self._all:
                yield
        finally:
            _, users = self._of_client[client]
            if users == 1:
                del self._of_client[client]
            else:
                self._of_client[client] = own, users - 1
