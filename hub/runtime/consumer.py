"""The consumer loop of signature and router: getmany -> the four steps -> commit.

Errors by what the loop must do: Invalid parks one record, Transient retries the batch in place with back-off, anything
else ends the loop without a commit so that the supervisor starts the process afresh.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    NoOffsetForPartitionError,
    RebalanceInProgressError,
)

from hub.model.errors import Invalid, Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import telemetry
from hub.runtime.clock import Clock
from hub.runtime.four_steps import FourSteps
from hub.runtime.log import Log, context_of
from hub.runtime.logs import logger
from hub.runtime.marks import Marks
from hub.runtime.own_events import OwnEvents
from hub.runtime.parking import Parking
from hub.wire.topics import topic_of

_BATCH = 100
_POLL_MS = 1000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

Steps = FourSteps[Recorded[Any], Any]


class ConsumerLoop:
    """Takes events of several classes, each through its handler, batch by batch."""

    def __init__(
        self, *, group: str, brokers: str, log: Log, marks: Marks, own: OwnEvents, parking: Parking,
        handlers: Mapping[type[Event], Steps], clock: Clock,
    ) -> None:  # fmt: skip
        self._group = group
        self._brokers = brokers
        self._log = log
        self._marks = marks
        self._own = own
        self._parking = parking
        self._handlers = handlers
        self._clock = clock
        self._consumer: AIOKafkaConsumer | None = None
        self.assigned = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Ends with the last batch committed."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers, group_id=self._group, enable_auto_commit=False, auto_offset_reset="none",
            session_timeout_ms=10_000, heartbeat_interval_ms=3_000, max_poll_interval_ms=300_000,
            partition_assignment_strategy=[RangePartitionAssignor], fetch_max_wait_ms=_POLL_MS,
        )  # fmt: skip
        topics = [topic_of(event).name for event in self._handlers]
        self._consumer.subscribe(topics, listener=_Listener(self))
        await self._patiently(self._consumer.start)
        try:
            await self._work(self._consumer, stop)
        finally:
            with contextlib.suppress(KafkaError, Transient):
                await self._marks.flush()
                await self._consumer.stop()

    async def _work(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                fetching = asyncio.create_task(consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH))
                await asyncio.wait({fetching, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if stop.is_set() and not fetching.done():
                    fetching.cancel()
                    break
                try:
                    await self._batch(consumer, fetching.result())
                except NoOffsetForPartitionError:
                    await _begin_at_the_beginning(consumer)
        finally:
            stopping.cancel()

    async def _batch(
        self, consumer: AIOKafkaConsumer, fetched: "Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]"
    ) -> None:
        if fetched:
            await self._retried(fetched)
            await self._acknowledge(consumer, fetched)
        await self._measure(consumer, fetched)

    async def _retried(self, fetched: "Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]") -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._handle(fetched)
            except Transient as error:
                telemetry.RETRIES.labels(error.part).inc()
                logger().warning("part away, batch is retried", part=error.part, seconds=pause, error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _handle(self, fetched: "Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]") -> None:
        batches: dict[type[Event], list[Recorded[Event]]] = {}
        for records in fetched.values():
            for record in records:
                try:
                    decoded = await self._log.recorded(record)
                except Invalid as error:
                    await self._parking.park(record, error)
                else:
                    batches.setdefault(type(decoded.event), []).append(decoded)
        for event, batch in batches.items():
            await self._through(self._handlers[event], batch, fetched)

    async def _through(
        self,
        steps: Steps,
        batch: Sequence[Recorded[Event]],
        fetched: "Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]",
    ) -> None:
        done = await steps.run(batch, [context_of(record) for record in batch])
        for recorded, error in done.parked:
            place = TopicPartition(recorded.topic, recorded.partition)
            origin = next(record for record in fetched[place] if record.offset == recorded.offset)
            await self._parking.park(origin, error)
        if len(done.parked) < len(batch):
            self._parking.succeeded()
        for recorded in batch:
            telemetry.EVENTS_HANDLED.labels(recorded.topic).inc()

    async def _acknowledge(
        self, consumer: AIOKafkaConsumer, fetched: "Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]"
    ) -> None:
        offsets = {place: records[-1].offset + 1 for place, records in fetched.items()}
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalGenerationError, RebalanceInProgressError):
            logger().info("partitions moved before the commit; the new owner repeats the batch", count=len(offsets))

    async def _measure(
        self, consumer: AIOKafkaConsumer, fetched: "Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]"
    ) -> None:
        for place in consumer.assignment():
            end = consumer.highwater(place)
            if end is not None and place not in fetched:
                telemetry.CONSUMER_LAG.labels(place.topic, str(place.partition)).set(
                    max(0, end - await consumer.position(place))
                )
        for place, records in fetched.items():
            lag = max(0, (consumer.highwater(place) or 0) - records[-1].offset - 1)
            telemetry.CONSUMER_LAG.labels(place.topic, str(place.partition)).set(lag)
            age = self._clock().timestamp() - records[-1].timestamp / 1000
            telemetry.OLDEST_SECONDS.labels(place.topic).set(max(0.0, age) if lag else 0.0)
        await self._marks.flush()

    async def assign(self, places: Collection[TopicPartition]) -> None:
        """Partitions are ours: first project what a crash left behind, then decide anew."""
        if places and self._consumer is not None:
            await self._patiently(lambda: self._own.catch_up({place.partition for place in places}))
            logger().info("partitions assigned", count=len(places))
        self.assigned.set()

    async def revoke(self, places: Collection[TopicPartition]) -> None:
        """Partitions go elsewhere: keep their marks, then forget them."""
        with contextlib.suppress(Transient):
            await self._marks.flush()
        self._marks.forget({place.partition for place in places})

    async def _patiently(self, deed: Callable[[], Awaitable[object]]) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await deed()
            except (Transient, KafkaError) as error:
                part = error.part if isinstance(error, Transient) else "kafka"
                telemetry.RETRIES.labels(part).inc()
                logger().warning("part away, tried again", part=part, seconds=pause, error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return


async def _begin_at_the_beginning(consumer: AIOKafkaConsumer) -> None:
    """A new group starts with the first event; an offset that is gone is an incident, never a jump to the end."""
    for place in consumer.assignment():
        if await consumer.committed(place) is None:
            await consumer.seek_to_beginning(place)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, loop: ConsumerLoop) -> None:
        self._loop = loop

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._loop.revoke(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._loop.assign(assigned)
