"""Places for what only so many requests may do at once: so many in all, and fewer for each client."""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from motherlode.domain.networks import network_of


class Places:
    """`total` places, of which one client may have `per_client`; a client is an address, or a
    network of IPv6. For one event loop."""

    def __init__(self, total: int, per_client: int) -> None:
        self._all = Semaphore(total)
        self._per_client = per_client
        self._of_client: dict[str, tuple[Semaphore, int]] = {}

    @property
    def is_full(self) -> bool:
        """Whether nobody would get a place at once."""
        return self._all.locked()

    def has_room(self, client: str) -> bool:
        """Whether this client would get a place at once."""
        own, _ = self._of_client.get(network_of(client), (None, 0))
        return not (self._all.locked() or (own is not None and own.locked()))

    @asynccontextmanager
    async def of(self, client: str) -> AsyncIterator[None]:
        """Have a place until the block is left; wait for it where there is none, in the order of coming."""
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
