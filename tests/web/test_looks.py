"""Looks that many ask for at once: one for all who wait, and never one that began before it was asked for."""

import asyncio

import pytest

from motherlode.web.looks import Looks


class Counter:
    """Counts looks, and lets the next one go on when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def look(self) -> int:
        self.begun += 1
        number = self.begun
        self.has_begun.set()
        await self.may_end.wait()
        return number


async def ask(looks: Looks, counter: Counter, times: int) -> list["asyncio.Task[int]"]:
    """So many questions that wait."""
    asked = [asyncio.create_task(looks.take("it", counter.look)) for _ in range(times)]
    await asyncio.sleep(0)
    return asked


def test_all_who_wait_share_one_look() -> None:
    async def story() -> None:
        looks, counter = Looks(pause_s=0), Counter()
        counter.may_end.set()
        assert await asyncio.gather(*await ask(looks, counter, 1_000)) == [1] * 1_000

    asyncio.run(story())


def test_who_asks_while_a_look_goes_on_gets_the_next_one() -> None:
    async def story() -> None:
        looks, counter = Looks(pause_s=0), Counter()
        first = await ask(looks, counter, 1)
        await counter.has_begun.wait()
        later = await ask(looks, counter, 100)
        assert counter.begun == 1
        counter.may_end.set()
        assert (await asyncio.gather(*first), await asyncio.gather(*later)) == ([1], [2] * 100)

    asyncio.run(story())


def test_the_next_look_waits_for_the_pause() -> None:
    async def story() -> None:
        looks, counter = Looks(pause_s=3_600), Counter()
        counter.may_end.set()
        assert await looks.take("it", counter.look) == 1
        [waiting] = await ask(looks, counter, 1)
        for _ in range(100):
            await asyncio.sleep(0)
        assert (waiting.done(), counter.begun) == (False, 1)
        assert await looks.take("another", counter.look) == 2
        waiting.cancel()

    asyncio.run(story())


def test_who_gives_up_takes_the_look_from_nobody() -> None:
    async def story() -> None:
        looks, counter = Looks(pause_s=0), Counter()
        gone, staying = await ask(looks, counter, 2)
        gone.cancel()
        counter.may_end.set()
        assert await staying == 1

    asyncio.run(story())


def test_a_look_that_fails_fails_for_all_who_wait_and_the_next_one_is_another() -> None:
    async def fail() -> int:
        raise OSError

    async def story() -> None:
        looks, counter = Looks(pause_s=0), Counter()
        counter.may_end.set()
        found = await asyncio.gather(*(looks.take("it", fail) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in found] == [OSError] * 3
        with pytest.raises(OSError):
            await looks.take("it", fail)
        assert await looks.take("it", counter.look) == 1

    asyncio.run(story())
