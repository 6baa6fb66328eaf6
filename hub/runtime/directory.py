"""The directory held in memory: every process follows `agency.changed` and `connection.changed` from the start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from hub.model.directory import Directory
from hub.model.errors import Invalid, Transient
from hub.model.events import AgencyChanged, ConnectionChanged, Event
from hub.model.record import Recorded
from hub.runtime import telemetry
from hub.runtime.log import Log
from hub.runtime.logs import logger
from hub.wire.topics import topic_of

_POLL_MS = 1000
_FIRST_POLL_MS = 200
_FOLLOW_AGAIN_MS = 100
_ASK_AGAIN_MS = 10  # aiokafka learns of a topic by failing once or twice: a question is not to wait for that
_PAUSE = 1.0

DIRECTORY_EVENTS: tuple[type[Event], ...] = (AgencyChanged, ConnectionChanged)


class DirectoryView:
    """Follows the directory topics; `directory` is complete once `ready` is set."""

    def __init__(self, log: Log, brokers: str) -> None:
        self.directory = Directory()
        self.ready = asyncio.Event()
        self._log = log
        self._brokers = brokers
        self._places = tuple(TopicPartition(topic_of(event).name, 0) for event in DIRECTORY_EVENTS)
        self._positions = dict.fromkeys(self._places, 0)
        self._learned: dict[str, int] = {}
        self._moved = asyncio.Condition()

    def learn(self, recorded: Recorded[Event]) -> None:
        """Know a change at once: its appender need not wait for its own echo. Older than what is known: dropped."""
        event = recorded.event
        if not isinstance(event, AgencyChanged | ConnectionChanged):
            return
        key = f"{recorded.topic}/{topic_of(type(event)).key(event)}"
        if recorded.offset <= self._learned.get(key, -1):
            return
        self._learned[key] = recorded.offset
        self.directory.learn(event)
        telemetry.DIRECTORY_AGENCIES.set(len(self.directory))

    async def up_to_date(self, limit_seconds: float) -> None:
        """Return once everything that is in the directory topics now is known here; Transient when that takes longer.

        For deciding that a code is unknown: another process may have read of it a moment earlier.
        """
        try:
            async with asyncio.timeout(limit_seconds), self._consumer(_ASK_AGAIN_MS) as consumer:
                ends = await consumer.end_offsets(list(self._places))
                async with self._moved:
                    await self._moved.wait_for(lambda: self._knows(ends))
        except TimeoutError as error:
            raise Transient("directory", "the newest changes are not read yet") from error
        except KafkaError as error:
            raise Transient("kafka", type(error).__name__) from error

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`; a broker that is away is waited for, what is known stays known."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except KafkaError as error:
                logger().warning("directory topics away", part="kafka", error=type(error).__name__)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE)

    async def _follow(self, stop: asyncio.Event) -> None:
        async with self._consumer(_FOLLOW_AGAIN_MS) as consumer:
            consumer.assign(list(self._places))
            for place, position in self._positions.items():
                consumer.seek(place, position)
            ends = await consumer.end_offsets(list(self._places))
            while not stop.is_set():
                if self._knows(ends):
                    self.ready.set()
                fetched = await consumer.getmany(timeout_ms=_POLL_MS if self.ready.is_set() else _FIRST_POLL_MS)
                for records in fetched.values():
                    for record in records:
                        await self._read(record)
                for place in self._places:
                    self._positions[place] = await consumer.position(place)
                async with self._moved:
                    self._moved.notify_all()

    @contextlib.asynccontextmanager
    async def _consumer(self, retry_ms: int) -> "AsyncIterator[AIOKafkaConsumer]":
        consumer: AIOKafkaConsumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers, enable_auto_commit=False, auto_offset_reset="earliest",
            retry_backoff_ms=retry_ms,
        )  # fmt: skip
        try:
            await consumer.start()
            yield consumer
        finally:
            with contextlib.suppress(KafkaError):
                await consumer.stop()

    def _knows(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all(self._positions[place] >= end for place, end in ends.items())

    async def _read(self, record: Any) -> None:
        while True:
            try:
                recorded = await self._log.recorded(record)
            except Invalid as error:
                logger().error("directory event unreadable", reason=error.reason)
                return
            except Transient:
                await asyncio.sleep(_PAUSE)
                continue
            self.learn(recorded)
            return
