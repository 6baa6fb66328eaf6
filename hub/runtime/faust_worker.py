"""The one safe way to use faust (stack notes §6): ordinary patterns acknowledge what was never handled.

faust brings partitions, fetching, back-pressure and commits; its agents only hand events on. One hand takes what has
come from all topics, batch by batch, through the four steps, and acknowledges afterwards in the order of arrival:
faust commits past an event that waits behind a later acknowledged one. Transient errors are retried in place; on
anything unforeseen the process ends at once, un-acknowledged. No tables, no exactly_once, no sends through faust.
"""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.types import TP

from hub.model.errors import Broken, Invalid, Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import telemetry
from hub.runtime.clock import Clock
from hub.runtime.four_steps import FourSteps
from hub.runtime.log import Log, context_of
from hub.runtime.logs import logger
from hub.runtime.marks import Marks
from hub.runtime.own_events import OwnEvents
from hub.runtime.parking import Parking, place_of
from hub.runtime.patience import patiently
from hub.runtime.process import EXIT_BROKEN
from hub.wire.topics import topic_of

_BATCH = 300
_WAITING = 600  # events handed on and not yet in a batch: bounds memory
_BUFFER = 100  # events faust may hold per topic on top of that
_FETCH_BYTES = 262_144  # per partition and fetch
_MARKS_SECONDS = 1.0
_MEASURE_SECONDS = 1.0
_STOP_SECONDS = 8.0

Steps = FourSteps[Recorded[Any], Any]
Waiting = tuple[Steps, Any]
"""A faust event and the steps it goes through."""


class Backlog:
    """What has come of each partition and is not handled yet: from the start on, whatever the hand waits for."""

    def __init__(self) -> None:
        self._come: dict[TP, deque[tuple[int, float]]] = {}
        self._next: dict[TP, int] = {}
        self._behind_since: dict[TP, float] = {}

    def came(self, place: TP, offset: int, timestamp: float) -> None:
        """This event is here and waits for its turn."""
        self._come.setdefault(place, deque()).append((offset, timestamp))

    def handled(self, place: TP, offset: int) -> None:
        """Everything up to this event is handled."""
        come = self._come.get(place, deque())
        while come and come[0][0] <= offset:
            come.popleft()
        self._next[place] = max(offset + 1, self._next.get(place, 0))

    def forget(self, places: Collection[TP]) -> None:
        """These partitions went to another process."""
        for place in places:
            self._come.pop(place, None)
            self._next.pop(place, None)
            self._behind_since.pop(place, None)

    def lag(self, place: TP, committed: int, end: int) -> int:
        """Events not handled yet; `committed` counts where nothing was handled by us."""
        return max(0, end - max(committed, self._next.get(place, 0)))

    def age(self, place: TP, lag: int, now: float) -> float:
        """Seconds that the oldest of them has waited; as long as it has not come: since it was first missed."""
        come = self._come.get(place)
        if come or not lag:
            self._behind_since.pop(place, None)
            return max(0.0, now - come[0][1]) if come and lag else 0.0
        return now - self._behind_since.setdefault(place, now)


class FaustWorker:
    """Takes events of several classes, each through its handler; one agent per topic, one hand for all.

    `instance` is this process's lasting name in the group, as in `ConsumerLoop`.
    """

    def __init__(
        self, *, group: str, brokers: str, log: Log, marks: Marks, own: OwnEvents, parking: Parking,
        handlers: Mapping[type[Event], Steps], clock: Clock, data_dir: str, instance: str = "",
    ) -> None:  # fmt: skip
        self._log = log
        self._marks = marks
        self._own = own
        self._parking = parking
        self._clock = clock
        self._waiting: asyncio.Queue[Waiting | None] = asyncio.Queue(_WAITING)
        self._fresh: set[int] | None = None
        self._marks_due = 0.0
        self._ours: set[TP] = set()
        self._backlog = Backlog()
        self._lags = telemetry.Lags()
        self._topics = tuple(topic_of(event).name for event in handlers)
        self.assigned = asyncio.Event()
        self._app = faust.App(
            group, broker=";".join(f"kafka://{broker}" for broker in brokers.split(",")), datadir=data_dir,
            value_serializer="raw", key_serializer="raw", topic_allow_declare=False, topic_disable_leader=True,
            stream_wait_empty=True, stream_buffer_maxsize=_BUFFER, broker_commit_interval=1.0,
            broker_session_timeout=10.0, broker_heartbeat_interval=3.0, broker_rebalance_timeout=30.0,
            consumer_group_instance_id=instance or None, consumer_max_fetch_size=_FETCH_BYTES,
            processing_guarantee="at_least_once", consumer_auto_offset_reset="earliest", web_enabled=False,
        )  # fmt: skip
        self._app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        self._app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        for event, steps in handlers.items():
            self._agent(topic_of(event).name, steps)

    def _agent(self, name: str, steps: Steps) -> None:
        async def agent(stream: Any) -> None:
            async for event in stream.noack().events():
                self._backlog.came(_place(event.message), event.message.offset, event.message.timestamp)
                await self._waiting.put((steps, event))

        topic = self._app.topic(name, value_type=bytes)
        self._app.agent(topic, concurrency=1, name=f"{steps.name}.{name}")(agent)

    async def _on_assigned(self, *arguments: Any, **_: Any) -> None:
        assigned: Collection[TP] = arguments[1]
        self._ours = set(assigned)
        self._fresh = {place.partition for place in assigned}
        with contextlib.suppress(asyncio.QueueFull):  # then the hand is awake anyway
            self._waiting.put_nowait(None)

    async def _on_revoked(self, *arguments: Any, **_: Any) -> None:
        revoked: Collection[TP] = arguments[1]
        self._marks.forget({place.partition for place in revoked})
        self._ours -= set(revoked)
        self._backlog.forget(revoked)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is in hand is finished and acknowledged first, unless a part it needs is away."""
        stopping = asyncio.create_task(stop.wait())
        await self._until_kafka_answers(stopping)
        if stop.is_set():
            return
        self._app.finalize()
        tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._watch())]
        await self._app.start()
        ended = asyncio.create_task(self._app.wait_until_stopped())
        await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
        broke = not stop.is_set()
        await self._end(tasks)
        stopping.cancel()
        if broke:
            raise Broken(f"faust stopped by itself: {self._app.crash_reason!r}")

    async def _until_kafka_answers(self, stopping: "asyncio.Task[bool]") -> None:
        """Wait for a broker: faust itself would not."""
        answered = asyncio.create_task(patiently(self._log.ping))
        await asyncio.wait({answered, stopping}, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()

    async def _end(self, tasks: "Iterable[asyncio.Task[None]]") -> None:
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(self._app.stop(), _STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await self._keep_marks(due=0.0)

    async def _work(self) -> None:
        try:
            while True:
                batch = await self._next_batch()
                await patiently(self._catch_up)
                await patiently(lambda batch=batch: self._handle(batch))  # type: ignore[misc]
                for _, event in batch:
                    event.ack()
                    self._backlog.handled(_place(event.message), event.message.offset)
                await self._keep_marks()
        except asyncio.CancelledError:
            raise
        except BaseException:  # noqa: BLE001 - to go on would acknowledge later events past these and lose them
            logger().exception("broken")
            os._exit(EXIT_BROKEN)

    async def _next_batch(self) -> list[Waiting]:
        """What has come, at least one thing: an event, or (then without events) the news of an assignment."""
        found = [await self._waiting.get()]
        while len(found) < _BATCH and not self._waiting.empty():
            found.append(self._waiting.get_nowait())
        return [one for one in found if one is not None]

    async def _catch_up(self) -> None:
        """Partitions that became ours: first project what a crash left behind, then decide anew."""
        if (fresh := self._fresh) is None:
            return
        await self._own.catch_up(fresh)
        if self._fresh is fresh:
            self._fresh = None
        logger().info("partitions assigned", count=len(fresh))
        self.assigned.set()

    async def _handle(self, batch: Sequence[Waiting]) -> None:
        await self._own.resolve_doubt()
        decoded: dict[Steps, list[Recorded[Event]]] = {}
        faults: dict[str, Invalid] = {}
        messages = [event.message for _, event in batch]
        for steps, event in batch:
            message = event.message
            try:
                recorded = await self._log.decoded(
                    message.topic, message.partition, message.offset, message.value or b"", _headers(message)
                )
            except Invalid as error:
                faults[place_of(message)] = error
            else:
                decoded.setdefault(steps, []).append(recorded)
        for steps, records in decoded.items():
            faults |= await self._through(steps, records)
        await self._parking.settle([(message, faults.get(place_of(message))) for message in messages], self._own.parked)

    async def _through(self, steps: Steps, batch: Sequence[Recorded[Event]]) -> dict[str, Invalid]:
        """Take a batch through the steps; gives what cannot be handled, by its place."""
        done = await steps.run(batch, [context_of(record) for record in batch])
        for recorded in batch:
            telemetry.EVENTS_HANDLED.labels(recorded.topic).inc()
        return {place_of(recorded): error for recorded, error in done.parked}

    async def _watch(self) -> None:
        """Lag and age, also while the hand waits for a part that is away."""
        while True:
            await asyncio.sleep(_MEASURE_SECONDS)
            with contextlib.suppress(AssertionError):  # aiokafka's, in whose thread a partition went away meanwhile
                self._measure()

    def _measure(self) -> None:
        ages: dict[str, float] = dict.fromkeys(self._topics, 0.0)
        lags: dict[tuple[str, int], int] = {}
        consumer: Any = self._app.consumer if self._ours else None  # there is none before faust has started
        for place in self._ours & consumer.assignment() if consumer else ():
            end = consumer.highwater(place)
            if end is None:
                continue  # nothing fetched from it yet
            committed = consumer._committed_offset.get(place) or 0  # noqa: SLF001 - to ask Kafka would take a round trip
            lags[place] = lag = self._backlog.lag(place, committed, end)
            age = self._backlog.age(place, lag, self._clock().timestamp())
            ages[place.topic] = max(ages[place.topic], age)
        self._lags.show(lags)
        for topic, age in ages.items():
            telemetry.OLDEST_SECONDS.labels(topic).set(age)

    async def _keep_marks(self, due: float | None = None) -> None:
        """Marks may lag behind, so a database that is away costs nothing here: the next turn writes them."""
        if time.monotonic() < (self._marks_due if due is None else due):
            return
        self._marks_due = time.monotonic() + _MARKS_SECONDS
        with contextlib.suppress(Transient):
            await self._marks.flush()


def _place(message: Any) -> TP:
    return TP(message.topic, message.partition)


def _headers(message: Any) -> list[tuple[str, bytes]]:
    headers = message.headers or []
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)
