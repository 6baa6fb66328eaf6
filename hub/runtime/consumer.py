"""The consumer loop of signature and router: getmany -> the four steps -> commit.

Errors by what the loop must do: Invalid parks one record, Transient retries the batch in place with back-off, anything
else ends the loop without a commit so that the supervisor starts the process afresh.

Partitions are caught up with (`OwnEvents`) here and not in the rebalance listener: aiokafka swallows what a listener
raises, and sends no heartbeat while one runs.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, NoOffsetForPartitionError

from hub.model.errors import Invalid, Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import telemetry
from hub.runtime.assignment import Assignment
from hub.runtime.clock import Clock
from hub.runtime.four_steps import FourSteps
from hub.runtime.log import Log, context_of
from hub.runtime.logs import logger
from hub.runtime.marks import Marks
from hub.runtime.own_events import OwnEvents
from hub.runtime.parking import Parking, place_of
from hub.runtime.patience import patiently
from hub.wire.topics import topic_of

MOST_RECORDS = 100
"""Records of a batch; fewer where one takes long: a batch must be done well within the group's max.poll.interval."""
_POLL_MS = 1000
_MARKS_SECONDS = 1.0
_BATCH_GRACE, _COMMIT_GRACE, _CLOSE_GRACE = 5.0, 3.0, 3.0

T = TypeVar("T")
Steps = FourSteps[Recorded[Any], Any]
Fetched = Mapping[TopicPartition, Sequence["ConsumerRecord[bytes, bytes]"]]


class ConsumerLoop:
    """Takes events of several classes, each through its handler, batch by batch.

    `instance` is this process's lasting name in the group (static membership): a restarted process has its partitions
    back at once instead of after the dead one's session. Two processes of one name would take turns: names are unique.
    """

    def __init__(
        self, *, group: str, brokers: str, log: Log, marks: Marks, own: OwnEvents, parking: Parking,
        handlers: Mapping[type[Event], Steps], clock: Clock, instance: str = "", most_records: int = MOST_RECORDS,
    ) -> None:  # fmt: skip
        self._most_records = most_records
        self._group = group
        self._instance = instance
        self._brokers = brokers
        self._log = log
        self._marks = marks
        self._own = own
        self._parking = parking
        self._handlers = handlers
        self._clock = clock
        self._assignment = Assignment()
        self._lags = telemetry.Lags()
        self._marks_due = 0.0
        self.assigned = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Ends with the last batch committed, or left as it was when a part is away."""
        stopping = asyncio.create_task(stop.wait())
        consumer: AIOKafkaConsumer | None = None
        try:
            consumer = await _unless(stopping, patiently(self._start))
            while consumer is not None and not stop.is_set():
                await self._turn(consumer, stopping)
        finally:
            stopping.cancel()
            await self._end(consumer)

    async def _start(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers, group_id=self._group, group_instance_id=self._instance or None,
            enable_auto_commit=False, auto_offset_reset="none", session_timeout_ms=10_000, heartbeat_interval_ms=3_000,
            max_poll_interval_ms=300_000, partition_assignment_strategy=[RangePartitionAssignor],
            fetch_max_wait_ms=_POLL_MS,
        )  # fmt: skip
        consumer.subscribe([topic_of(event).name for event in self._handlers], listener=self._assignment)
        try:
            await consumer.start()
        except BaseException:
            with contextlib.suppress(KafkaError):
                await consumer.stop()
            raise
        return consumer

    async def _turn(self, consumer: AIOKafkaConsumer, stopping: "asyncio.Task[bool]") -> None:
        await self._catch_up(stopping)
        fetched = await self._fetch(consumer, stopping)
        await self._catch_up(stopping)  # the fetch may have waited for a new assignment
        if stopping.done():
            return  # perhaps before all was caught up with: nothing may be decided
        ours = consumer.assignment()
        fetched = {place: records for place, records in fetched.items() if place in ours}
        if fetched and await self._retried(fetched, stopping):
            await self._acknowledge(consumer, fetched, stopping)
        with contextlib.suppress(IllegalStateError):  # partitions moved meanwhile
            await self._measure(consumer, fetched)
        await self._keep_marks()

    async def _catch_up(self, stopping: "asyncio.Task[bool]") -> None:
        """Partitions that became ours: first project what a crash left behind, then decide anew."""
        gone, fresh = self._assignment.moved()
        if gone:
            await self._flush()
            self._marks.forget(gone)
        if fresh is None:
            return
        if await _unless(stopping, patiently(lambda: self._own.catch_up(fresh))) is not None:
            logger().info("partitions assigned", count=len(fresh))
            self.assigned.set()

    async def _fetch(self, consumer: AIOKafkaConsumer, stopping: "asyncio.Task[bool]") -> Fetched:
        try:
            return await _unless(stopping, consumer.getmany(timeout_ms=_POLL_MS, max_records=self._most_records)) or {}
        except NoOffsetForPartitionError:
            await _unless(stopping, patiently(lambda: _begin_at_the_beginning(consumer)))
            return {}

    async def _retried(self, fetched: Fetched, stopping: "asyncio.Task[bool]") -> bool:
        """True once every record is handled or parked; False when the process is to stop before that.

        False too when partitions moved while it was tried: the records may be another process's by now, and those that
        are still ours are fetched again from the committed offset.
        """

        async def attempt() -> bool:
            await self._own.resolve_doubt()
            if self._assignment.has_moved():
                return False
            await self._handle(fetched)
            return True

        return bool(await _unless(stopping, patiently(attempt), _BATCH_GRACE))

    async def _handle(self, fetched: Fetched) -> None:
        batches: dict[type[Event], list[Recorded[Event]]] = {}
        faults: dict[str, Invalid] = {}
        every = [record for records in fetched.values() for record in records]
        for record in every:
            try:
                decoded = await self._log.recorded(record)
            except Invalid as error:
                faults[place_of(record)] = error
            else:
                batches.setdefault(type(decoded.event), []).append(decoded)
        for event, batch in batches.items():
            faults |= await self._through(self._handlers[event], batch)
        await self._parking.settle([(record, faults.get(place_of(record))) for record in every], self._own.parked)

    async def _through(self, steps: Steps, batch: Sequence[Recorded[Event]]) -> dict[str, Invalid]:
        """Take a batch through the steps; gives what cannot be handled, by its place."""
        done = await steps.run(batch, [context_of(record) for record in batch])
        for recorded in batch:
            telemetry.EVENTS_HANDLED.labels(recorded.topic).inc()
        return {place_of(recorded): error for recorded, error in done.parked}

    async def _acknowledge(self, consumer: AIOKafkaConsumer, fetched: Fetched, stopping: "asyncio.Task[bool]") -> None:
        offsets = {place: records[-1].offset + 1 for place, records in fetched.items()}
        try:
            await _unless(stopping, consumer.commit(offsets), _COMMIT_GRACE)  # a broker that is away is waited for
        except (CommitFailedError, IllegalStateError):
            logger().info("partitions moved before the commit; the new owner repeats the batch", count=len(offsets))

    async def _measure(self, consumer: AIOKafkaConsumer, fetched: Fetched) -> None:
        ages = dict.fromkeys((topic_of(event).name for event in self._handlers), 0.0)
        lags: dict[TopicPartition, int] = {}
        for place in consumer.assignment():
            end = consumer.highwater(place)
            if end is None:
                continue  # nothing fetched from it yet
            lags[place] = lag = max(0, end - await consumer.position(place))
            if lag and place in fetched:
                age = self._clock().timestamp() - fetched[place][-1].timestamp / 1000
                ages[place.topic] = max(ages[place.topic], age)
        self._lags.show(lags)
        for topic, age in ages.items():
            telemetry.OLDEST_SECONDS.labels(topic).set(age)

    async def _keep_marks(self) -> None:
        if time.monotonic() >= self._marks_due:
            self._marks_due = time.monotonic() + _MARKS_SECONDS
            await self._flush()

    async def _flush(self) -> None:
        """Marks may lag behind, so a database that is away costs nothing here: a later turn writes them."""
        with contextlib.suppress(Transient):
            await self._marks.flush()

    async def _end(self, consumer: AIOKafkaConsumer | None) -> None:
        await self._flush()
        if consumer is not None:
            with contextlib.suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(consumer.stop(), _CLOSE_GRACE)


async def _unless(stopping: "asyncio.Task[bool]", deed: Coroutine[Any, Any, T], grace: float = 0.0) -> T | None:
    """What `deed` gives; None when the process is to stop and `grace` seconds later it is still not done."""
    doing = asyncio.create_task(deed)
    await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not doing.done() and grace:
        await asyncio.wait({doing}, timeout=grace)
    if not doing.done():
        doing.cancel()
        await asyncio.wait({doing})
    return None if doing.cancelled() else doing.result()


async def _begin_at_the_beginning(consumer: AIOKafkaConsumer) -> None:
    """A new group starts with the first event; an offset that is gone is an incident, never a jump to the end."""
    with contextlib.suppress(IllegalStateError):  # the partition moved meanwhile: its new owner asks again
        for place in consumer.assignment():
            if await consumer.committed(place) is None:
                await consumer.seek_to_beginning(place)
