"""Places: so many in all, and fewer for each client."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from motherlode.web.places import Places


@pytest.mark.parametrize(
    ("holder", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
        ("", "", "192.0.2.2"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(holder: str, same: str, other: str) -> None:
    async def hold() -> tuple[bool, bool]:
        places = Places(total=10, per_client=2)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(places.of(holder))
            held = places.has_room(same), places.has_room(other)
        assert places.has_room(same)
        return held

    assert asyncio.run(hold()) == (False, True)
