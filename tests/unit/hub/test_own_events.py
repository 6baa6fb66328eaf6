"""Own events read back: doubts are resolved for everybody before anybody decides."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest
from aiokafka import TopicPartition

from hub.model.errors import Transient
from hub.model.events import Event, EventParked
from hub.model.ids import EventId
from hub.model.record import Recorded
from hub.runtime import own_events
from hub.runtime.marks import Marks
from hub.runtime.own_events import OwnEvents
from tests.fakes.events import NOW
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


def parked(service: str, offset: int) -> Recorded[Event]:
    event = EventParked(
        event_id=EventId(f"{service}{offset}"), occurred_at=NOW, cause_id=f"document.received.v1/0/{offset}",
        service=service, topic="document.received.v1", partition=0, offset=offset, reason="X", detail="", attempts=1,
        key=b"", value=b"",
    )  # fmt: skip
    return Recorded(event=event, topic="event.parked.v1", partition=0, offset=offset, trace="")


@pytest.mark.parametrize(("end", "start"), [(3, 0), (5000, 4000)])
async def test_what_a_service_parked_lately_is_found_among_the_last(
    marks: Marks, monkeypatch: pytest.MonkeyPatch, end: int, start: int
) -> None:
    asked: list[dict[TopicPartition, int]] = []

    async def read(_log: object, _brokers: str, starts: Any, _batch: int) -> AsyncIterator[list[Recorded[Event]]]:
        asked.append(starts)
        yield [parked("router", 7), parked("status", 7)]
        yield [parked("router", 8)]

    async def end_of(_: object) -> int:
        return end

    own = SlowReading(marks)
    monkeypatch.setattr(own_events, "read_to_end", read)
    monkeypatch.setattr(own, "_end", end_of)
    assert await own.parked("router") == ["document.received.v1/0/7", "document.received.v1/0/8"]
    assert asked == [{TopicPartition("event.parked.v1", 0): start}]
