"""Consumer loop and catching up against a real broker: what is acknowledged, what is repeated, what is parked."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from hub.model import ids
from hub.model.errors import Broken, Invalid, Transient
from hub.model.events import AgencyChanged, DeliveryTaken, Event, EventParked, StatusReported
from hub.model.record import Recorded
from hub.model.statuses import StatusCode
from hub.runtime.clock import system_clock
from hub.runtime.consumer import ConsumerLoop
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from hub.runtime.own_events import OwnEvents
from hub.runtime.parking import Parking
from hub.wire.topics import topic_of
from sim.place import Place
from tests.fakes.log import FakeMarkStore
from tests.fakes.router import checked, planned, reported, taken
from tests.integration.router_site import Site, site

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


class Reader:
    """Takes statuses of one reporter, decides nothing, and can be told to fail."""

    def __init__(self, reporter: str) -> None:
        self._reporter = reporter
        self.seen: list[str] = []
        self.fails: Callable[[StatusReported], None] = lambda _event: None

    async def facts(self, causes: Sequence[Recorded[StatusReported]]) -> None:
        for cause in causes:
            if cause.event.reporter == self._reporter:
                self.fails(cause.event)

    def decide(self, cause: Recorded[StatusReported], _facts: None) -> Sequence[Event]:
        if cause.event.reporter == self._reporter:
            if cause.event.status is StatusCode.FINISHED:
                raise Invalid("TEST", "parked on purpose")
            self.seen.append(cause.event.event_id)
        return ()

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        raise AssertionError(records)


class Group:
    """A consumer group of its own over status.reported."""

    def __init__(self, at: Site, reader: Reader) -> None:
        self.at, self.reader = at, reader
        self.name = f"test-{at.mark}"

    async def run(self, enough: Callable[[], bool], seconds: float = 30.0) -> None:
        """Consume in a fresh loop until `enough`, then stop cleanly; raises what breaks the loop."""
        marks, stop = Marks(FakeMarkStore()), asyncio.Event()
        steps: FourSteps[Any, Any] = FourSteps("test", self.reader, self.at.log, marks, ())
        own = OwnEvents(self.at.log, self.at.settings.brokers, marks, (), self.reader.project)
        loop = ConsumerLoop(
            group=self.name, brokers=self.at.settings.brokers, log=self.at.log, marks=marks, own=own,
            parking=Parking(self.name, self.at.log, system_clock), handlers={StatusReported: steps},
            clock=system_clock, instance="one",
        )  # fmt: skip
        running = asyncio.create_task(loop.run(stop))
        try:
            async with asyncio.timeout(seconds):
                while not enough() and not running.done():  # noqa: ASYNC110 - what is waited for is the broker's doing
                    await asyncio.sleep(0.02)
        finally:
            stop.set()
            await running


@pytest_asyncio.fixture
async def at(stack: Place, environment: dict[str, dict[str, str]], tmp_path: Path) -> AsyncIterator[Site]:
    async with site(stack, environment["router"], tmp_path) as opened:
        yield opened


@pytest.fixture
def group(at: Site) -> Group:
    return Group(at, Reader(at.code(1)))


async def statuses(at: Site, count: int, status: StatusCode = StatusCode.PROCESSING) -> list[str]:
    document = checked("G22", sender=at.code(2), number=uuid.uuid4().hex)
    events = [reported(document, at.code(1), status) for _ in range(count)]
    own = [replace(event, event_id=ids.event_id(str(uuid.uuid4()), "reported")) for event in events]
    await at.append(*own)
    return [event.event_id for event in own]


async def test_a_new_group_begins_at_the_beginning_and_goes_on_where_it_stopped(at: Site, group: Group) -> None:
    before = await statuses(at, 3)
    await group.run(lambda: len(group.reader.seen) >= 3)
    assert sorted(group.reader.seen) == sorted(before)
    after = await statuses(at, 2)
    await group.run(lambda: len(group.reader.seen) >= 5)
    assert sorted(group.reader.seen) == sorted(before + after)


async def test_what_is_away_is_waited_for_and_nothing_is_acknowledged_meanwhile(at: Site, group: Group) -> None:
    tries = 0

    def away(_event: StatusReported) -> None:
        nonlocal tries
        tries += 1
        raise Transient("mongo", "switched off by the test")

    group.reader.fails = away
    wanted = await statuses(at, 1)
    await group.run(lambda: tries >= 3)
    assert group.reader.seen == []
    group.reader.fails = lambda _event: None
    await group.run(lambda: bool(group.reader.seen))
    assert group.reader.seen == wanted


async def test_the_unforeseen_ends_the_loop_unacknowledged(at: Site, group: Group) -> None:
    def broken(_event: StatusReported) -> None:
        raise ZeroDivisionError

    group.reader.fails = broken
    wanted = await statuses(at, 1)
    with pytest.raises(ZeroDivisionError):
        await group.run(lambda: False)
    group.reader.fails = lambda _event: None
    await group.run(lambda: bool(group.reader.seen))
    assert group.reader.seen == wanted


async def test_poison_is_parked_alone_and_acknowledged(at: Site, group: Group) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=at.settings.brokers)
    await producer.start()
    junk = f"no Avro, {at.mark}".encode()
    await producer.send_and_wait(topic_of(StatusReported).name, junk, key=at.mark.encode())
    await producer.stop()
    await statuses(at, 1, StatusCode.FINISHED)
    good = await statuses(at, 2)
    await group.run(lambda: len(group.reader.seen) >= 2)
    assert sorted(group.reader.seen) == sorted(good)
    found = [record.event for record in await at.events(EventParked)]
    parked = [each for each in found if isinstance(each, EventParked)]
    reasons = sorted(each.reason for each in parked if each.service == group.name)
    assert "TEST" in reasons
    assert "UNDECODABLE" in reasons
    assert junk in [each.value for each in parked if each.service == group.name]


class Shelf:
    """Where own events are projected to."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        self.ids.extend(record.event.event_id for record in records)


async def test_catching_up_projects_what_lies_beyond_the_mark_once(at: Site) -> None:
    shelf, store = Shelf(), FakeMarkStore()
    marks = Marks(store)
    own = OwnEvents(at.log, at.settings.brokers, marks, (DeliveryTaken, AgencyChanged), shelf.project)
    await own.catch_up(range(at.settings.partitions))
    shelf.ids.clear()
    events = [taken(planned(f"{at.mark}{number}")) for number in range(5)]
    await at.append(*events)
    assert await own.catch_up(range(at.settings.partitions)) == 5
    assert sorted(shelf.ids) == sorted(event.event_id for event in events)
    assert (
        await OwnEvents(at.log, at.settings.brokers, Marks(store), (DeliveryTaken,), shelf.project).catch_up([0]) == 0
    )


async def test_an_append_in_doubt_and_another_s_events_are_read_back(at: Site) -> None:
    shelf, marks = Shelf(), Marks(FakeMarkStore())
    own = OwnEvents(at.log, at.settings.brokers, marks, (DeliveryTaken,), shelf.project)
    await own.catch_up(range(at.settings.partitions))
    shelf.ids.clear()
    item = planned(at.mark)
    unknown, ours = taken(item, "other"), taken(item, "ours")
    await at.append(unknown)  # by another process, or by us before the answer was lost
    marks.projected(await at.append(ours))
    assert len(marks.gaps()) == 1
    marks.in_doubt = True
    await own.resolve_doubt()
    assert shelf.ids == [unknown.event_id]
    assert marks.gaps() == ()
    assert not marks.in_doubt


async def test_a_database_of_another_log_is_not_gone_on_with(at: Site) -> None:
    store = FakeMarkStore()
    place = (topic_of(DeliveryTaken).name, 0)
    store.kept[place] = 10**9
    own = OwnEvents(at.log, at.settings.brokers, Marks(store), (DeliveryTaken,), Shelf().project)
    with pytest.raises(Broken, match="another log"):
        await own.catch_up([0])


async def test_a_name_in_the_group_is_taken_over_at_once(at: Site, group: Group) -> None:
    """Static membership: a restarted process does not wait for the session of the one that died."""
    await statuses(at, 1)
    await group.run(lambda: bool(group.reader.seen))
    (wanted,) = await statuses(at, 1)
    started = asyncio.get_running_loop().time()
    await group.run(lambda: wanted in group.reader.seen)
    assert asyncio.get_running_loop().time() - started < 5
