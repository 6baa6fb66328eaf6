"""Questions asked at the same time become one."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.model.errors import Transient
from hub.runtime.gathering import Gathering


class Oracle:
    """Answers with what it was asked, one question at a time; the first may be held up."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def __call__(self, wanted: Sequence[str]) -> frozenset[str]:
        self.asked.append(list(wanted))
        await self.open.wait()
        if self.away:
            raise Transient("mongo", "switched off")
        return frozenset(wanted)


async def test_one_alone_is_asked_at_once() -> None:
    oracle = Oracle()
    ask = Gathering(oracle)
    assert await ask(["a"]) == {"a"}
    assert await ask(["b"]) == {"b"}
    assert oracle.asked == [["a"], ["b"]]


async def test_what_comes_meanwhile_is_asked_together() -> None:
    oracle = Oracle()
    oracle.open.clear()
    ask = Gathering(oracle)
    first = asyncio.create_task(ask(["a"]))
    await asyncio.sleep(0)
    others = [asyncio.create_task(ask([name])) for name in "bcd"]
    await asyncio.sleep(0)
    oracle.open.set()
    assert await first == {"a"}
    assert await asyncio.gather(*others) == [{"b", "c", "d"}] * 3
    assert oracle.asked == [["a"], ["b", "c", "d"]]


async def test_an_error_is_told_to_all_of_its_turn_and_to_nobody_else() -> None:
    oracle = Oracle()
    oracle.away = True
    ask = Gathering(oracle)
    found = await asyncio.gather(ask(["a"]), ask(["b"]), return_exceptions=True)
    assert [type(each) for each in found] == [Transient, Transient]
    oracle.away = False
    assert await ask(["c"]) == {"c"}


async def test_who_gives_up_holds_nobody_up() -> None:
    oracle = Oracle()
    oracle.open.clear()
    ask = Gathering(oracle)
    hasty, patient = asyncio.create_task(ask(["a"])), asyncio.create_task(ask(["b"]))
    await asyncio.sleep(0)
    hasty.cancel()
    oracle.open.set()
    assert await patient == {"a", "b"}
    with pytest.raises(asyncio.CancelledError):
        await hasty
