"""Own events read back: doubts are resolved for everybody before anybody decides."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from hub.model.errors import Transient
from hub.runtime.marks import Marks
from hub.runtime.own_events import OwnEvents
from tests.fakes.log import FakeLog, FakeMarkStore


class SlowReading(OwnEvents):
    """Reads when told to."""

    def __init__(self, marks: Marks) -> None:
        super().__init__(FakeLog(), "nowhere", marks, (), self._nothing)  # type: ignore[arg-type]
        self.reads = 0
        self.there = asyncio.Event()
        self.away = False

    async def _nothing(self, _: Any) -> None: ...

    async def _read(self, places: Collection[Any]) -> int:
        self.reads += 1
        await self.there.wait()
        if self.away:
            raise Transient("kafka", "switched off")
        return len(places)


@pytest.fixture
def marks() -> Marks:
    found = Marks(FakeMarkStore())
    found.in_doubt = True
    return found


async def test_whoever_asks_while_a_doubt_is_being_resolved_waits_for_the_answer(marks: Marks) -> None:
    own = SlowReading(marks)
    first, second = asyncio.create_task(own.resolve_doubt()), asyncio.create_task(own.resolve_doubt())
    await asyncio.sleep(0.01)
    assert not first.done()
    assert not second.done()
    own.there.set()
    await asyncio.gather(first, second)
    assert own.reads == 1
    assert not marks.in_doubt


async def test_a_doubt_that_could_not_be_resolved_is_the_next_one_s_to_resolve(marks: Marks) -> None:
    own = SlowReading(marks)
    own.away = True
    own.there.set()
    for _ in range(2):
        with pytest.raises(Transient):
            await own.resolve_doubt()
    own.away = False
    await own.resolve_doubt()
    assert own.reads == 3
    assert not marks.in_doubt


async def test_a_doubt_that_arises_meanwhile_is_a_new_one(marks: Marks) -> None:
    own = SlowReading(marks)
    resolving = asyncio.create_task(own.resolve_doubt())
    await asyncio.sleep(0.01)
    marks.in_doubt = True
    own.there.set()
    await resolving
    assert marks.in_doubt
    await own.resolve_doubt()
    assert (own.reads, marks.in_doubt) == (2, False)
