"""What the two loops make of a batch: the same, and without a broker."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from hub.model.errors import Broken, Invalid, Transient
from hub.model.events import DeliveryTaken, Event, EventParked
from hub.model.record import Recorded
from hub.runtime.consumer import ConsumerLoop
from hub.runtime.faust_worker import FaustWorker
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from hub.runtime.parking import Parking
from hub.wire.topics import topic_of
from tests.fakes.events import NOW
from tests.fakes.log import FakeLog, FakeMarkStore
from tests.fakes.notifier import planned, taken

TOPIC = topic_of(DeliveryTaken).name


@dataclass
class Message:
    """A record as either loop gets it: `good`, `unreadable`, or `unwanted` by the handler."""

    kind: str
    offset: int
    topic: str = TOPIC
    partition: int = 0
    key: bytes | None = b"k"
    timestamp: float = 0.0
    headers: Sequence[tuple[str, bytes]] = ()

    @property
    def value(self) -> bytes:
        return self.kind.encode()

    @property
    def message(self) -> "Message":
        return self


class ReadingLog(FakeLog):
    async def recorded(self, record: Message) -> Recorded[Event]:
        return await self.decoded(record.topic, record.partition, record.offset, record.value, ())

    async def decoded(self, topic: str, partition: int, offset: int, value: bytes, _headers: object) -> Recorded[Event]:
        if value == b"unreadable":
            raise Invalid("UNDECODABLE")
        event = taken(planned(f"{value.decode()} {offset}"))
        return Recorded(event=event, topic=topic, partition=partition, offset=offset, trace="")


class Picky:
    """Handler that finds some events unfit."""

    async def facts(self, causes: Sequence[Recorded[Event]]) -> None: ...

    def decide(self, cause: Recorded[Event], _facts: None) -> Sequence[Event]:
        if isinstance(cause.event, DeliveryTaken) and cause.event.hub_id.startswith("hub-unwanted"):
            raise Invalid("UNWANTED")
        return ()

    async def project(self, records: Sequence[Recorded[Event]]) -> None: ...


class NoOwn:
    async def resolve_doubt(self) -> None: ...

    async def parked(self, _service: str) -> list[str]:
        return []


Handle = Callable[[Sequence[Message]], Awaitable[None]]


def parts(log: ReadingLog) -> Mapping[str, Any]:
    marks = Marks(FakeMarkStore())
    steps: FourSteps[Any, Any] = FourSteps("test", Picky(), log, marks, ())  # type: ignore[arg-type]
    return {
        "group": "test", "brokers": "127.0.0.1:1", "log": log, "marks": marks, "own": NoOwn(), "clock": lambda: NOW,
        "parking": Parking("test", log, lambda: NOW), "handlers": {DeliveryTaken: steps},  # type: ignore[arg-type]
    }  # fmt: skip


@pytest.fixture
def log() -> ReadingLog:
    return ReadingLog()


@pytest.fixture(params=["consumer", "faust"])
def handle(request: pytest.FixtureRequest, log: ReadingLog, tmp_path: Path) -> Handle:
    given = parts(log)
    if request.param == "consumer":
        loop = ConsumerLoop(**given)
        return lambda messages: loop._handle({TopicPartition(TOPIC, 0): messages})
    worker = FaustWorker(**given, data_dir=str(tmp_path))
    return lambda messages: worker._handle([(given["handlers"][DeliveryTaken], message) for message in messages])


def batch(*kinds: str) -> list[Message]:
    return [Message(kind, offset) for offset, kind in enumerate(kinds)]


def parked(log: ReadingLog) -> list[tuple[int, str]]:
    return [(event.offset, event.reason) for event in log.events() if isinstance(event, EventParked)]


async def test_poison_of_either_kind_is_parked_in_the_order_of_the_records(handle: Handle, log: ReadingLog) -> None:
    await handle(batch("good", "unwanted", "unreadable", "good", "unwanted"))
    assert parked(log) == [(1, "UNWANTED"), (2, "UNDECODABLE"), (4, "UNWANTED")]


@pytest.mark.parametrize("kind", ["unreadable", "unwanted"])
async def test_twenty_bad_ones_among_three_hundred_are_no_row(handle: Handle, log: ReadingLog, kind: str) -> None:
    await handle(batch(*([kind] + ["good"] * 14) * 20))
    assert len(parked(log)) == 20


async def test_a_row_of_both_kinds_stops_the_service(handle: Handle, log: ReadingLog) -> None:
    with contextlib.suppress(Broken):
        await handle(batch("good", *["unreadable", "unwanted"] * 20, "good"))
    assert len(parked(log)) == 20


async def test_a_batch_whose_partitions_moved_while_it_was_tried_is_left_to_whoever_has_them() -> None:
    log = ReadingLog()
    loop = ConsumerLoop(**parts(log))
    places, stopping = [TopicPartition(TOPIC, 0)], asyncio.create_task(asyncio.Event().wait())
    tried: list[int] = []

    async def away_until_they_moved(_: object) -> None:
        tried.append(len(tried))
        await loop._assignment.on_partitions_revoked(places)
        raise Transient("mongo", "switched off")

    loop._handle = away_until_they_moved  # type: ignore[method-assign,assignment]
    assert not await loop._retried({places[0]: batch("good")}, stopping)
    assert tried == [0]
    stopping.cancel()
