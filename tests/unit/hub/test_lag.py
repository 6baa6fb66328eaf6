"""Lag and age of the faust worker's partitions, and which of them are shown."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from faust.types import TP
from prometheus_client import REGISTRY

from hub.model.events import DeliveryTaken
from hub.runtime.consumer import ConsumerLoop
from hub.runtime.faust_worker import Backlog, FaustWorker
from hub.runtime.telemetry import Lags
from hub.wire.topics import topic_of
from tests.fakes.events import NOW
from tests.unit.hub.test_loops import ReadingLog, parts

TOPIC = topic_of(DeliveryTaken).name
ONE, TWO = TP(TOPIC, 1), TP(TOPIC, 2)
START = NOW.timestamp()


def shown(partition: int) -> float | None:
    return REGISTRY.get_sample_value("hub_consumer_lag", {"topic": TOPIC, "partition": str(partition)})


def oldest() -> float | None:
    return REGISTRY.get_sample_value("hub_queue_oldest_seconds", {"topic": TOPIC})


class Consumer:
    """faust's, as far as measuring asks it."""

    def __init__(self) -> None:
        self.ends: dict[TP, int | None] = {}
        self._committed_offset: dict[TP, int | None] = {}

    def assignment(self) -> set[TP]:
        return set(self.ends)

    def highwater(self, place: TP) -> int | None:
        return self.ends[place]

    async def position(self, _: TP) -> int:
        return 10

    def committed(self, offsets: Mapping[TP, int]) -> None:
        self._committed_offset.update(offsets)


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def worker(consumer: Consumer, tmp_path: Path) -> Iterator[FaustWorker]:
    found = FaustWorker(**parts(ReadingLog()), data_dir=str(tmp_path))
    found._app = SimpleNamespace(consumer=consumer)  # type: ignore[assignment]  # all that measuring needs of faust
    yield found
    found._lags.show({})


async def test_a_partition_has_its_lag_before_anything_of_it_was_handled(
    worker: FaustWorker, consumer: Consumer
) -> None:
    consumer.ends = {ONE: 50, TWO: 7}
    consumer.committed({ONE: 20})
    worker._measure()
    assert shown(1) is None
    await worker._on_assigned(None, {ONE, TWO})
    worker._measure()
    assert (shown(1), shown(2)) == (30, 7)


async def test_a_partition_that_has_not_answered_yet_is_left_out(worker: FaustWorker, consumer: Consumer) -> None:
    consumer.ends = {ONE: None}
    await worker._on_assigned(None, {ONE})
    worker._measure()
    assert shown(1) is None


async def test_a_partition_that_went_to_another_process_is_no_longer_shown(
    worker: FaustWorker, consumer: Consumer
) -> None:
    consumer.ends = {ONE: 50, TWO: 7}
    await worker._on_assigned(None, {ONE, TWO})
    worker._measure()
    await worker._on_revoked(None, {ONE, TWO})
    worker._measure()  # the consumer has both until the new assignment is there
    assert (shown(1), shown(2)) == (None, None)
    await worker._on_assigned(None, {TWO})
    worker._measure()
    assert (shown(1), shown(2)) == (None, 7)


async def test_age_is_that_of_the_oldest_that_has_come_and_is_not_handled(
    worker: FaustWorker, consumer: Consumer
) -> None:
    consumer.ends = {ONE: 3}
    await worker._on_assigned(None, {ONE})
    for offset, age in ((0, 90.0), (1, 60.0), (2, 10.0)):
        worker._backlog.came(ONE, offset, START - age)
    for handled, lag, age in ((None, 3, 90.0), (0, 2, 60.0), (1, 1, 10.0), (2, 0, 0.0)):
        if handled is not None:
            worker._backlog.handled(ONE, handled)
        worker._measure()
        assert (shown(1), oldest()) == (lag, age)


async def test_the_consumer_loop_takes_away_what_went_too() -> None:
    loop, consumer = ConsumerLoop(**parts(ReadingLog())), Consumer()
    consumer.ends = {ONE: 12, TWO: 7}
    await loop._measure(consumer, {})
    assert (shown(1), shown(2)) == (2, 0)
    del consumer.ends[ONE]
    await loop._measure(consumer, {})
    assert (shown(1), shown(2)) == (None, 0)
    loop._lags.show({})


def test_what_has_not_come_yet_has_waited_since_it_was_first_seen() -> None:
    backlog = Backlog()
    backlog.handled(ONE, 4)
    assert backlog.age(ONE, 0, START) == 0.0
    assert backlog.age(ONE, 2, START + 3600) == 0.0  # an event after an hour of quiet is not an hour old
    assert backlog.age(ONE, 2, START + 3610) == 10.0
    assert backlog.age(ONE, 0, START + 3620) == 0.0
    assert backlog.age(ONE, 1, START + 3630) == 0.0
    backlog.came(ONE, 5, START + 3629)
    assert backlog.age(ONE, 1, START + 3640) == 11.0
    backlog.handled(ONE, 5)
    assert backlog.age(ONE, 1, START + 3650) == 0.0  # the next one is another


def test_what_another_process_has_committed_meanwhile_is_no_lag() -> None:
    backlog = Backlog()
    backlog.came(ONE, 4, START)
    backlog.forget({ONE})
    backlog.handled(ONE, 4)  # was in hand when the partition went
    assert backlog.lag(ONE, committed=90, end=100) == 10
    assert backlog.lag(TWO, committed=0, end=0) == 0


def test_lags_are_taken_away_with_their_partitions() -> None:
    lags = Lags()
    lags.show({(TOPIC, 1): 5, (TOPIC, 2): 6})
    lags.show({(TOPIC, 2): 4})
    assert (shown(1), shown(2)) == (None, 4)
    lags.show({})
    assert shown(2) is None
