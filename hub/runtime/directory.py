"""The directory held in memory: every process follows `agency.changed` and `connection.changed` from the start."""

import asyncio
import contextlib
from collections.abc import Callable
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
_PAUSE = 1.0

DIRECTORY_EVENTS: tuple[type[Event], ...] = (AgencyChanged, ConnectionChanged)


class DirectoryView:
    """Follows the directory topics; `directory` is complete once `ready` is set."""

    def __init__(self, log: Log, brokers: str) -> None:
        self.directory = Directory()
        self.ready = asyncio.Event()
        self._log = log
        self._brokers = brokers
        self._listeners: list[Callable[[Recorded[Event]], None]] = []

    def on_change(self, listener: Callable[[Recorded[Event]], None]) -> None:
        """Call `listener` after each change; it must be quick."""
        self._listeners.append(listener)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`; a broker that is away is waited for, what is known stays known."""
        positions = {TopicPartition(topic_of(event).name, 0): 0 for event in DIRECTORY_EVENTS}
        while not stop.is_set():
            try:
                await self._follow(positions, stop)
            except KafkaError as error:
                logger().warning("directory topics away", part="kafka", error=type(error).__name__)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE)

    async def _follow(self, positions: dict[TopicPartition, int], stop: asyncio.Event) -> None:
        consumer: AIOKafkaConsumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            consumer.assign(list(positions))
            for place, position in positions.items():
                consumer.seek(place, position)
            ends = await consumer.end_offsets(list(positions))
            while not stop.is_set():
                if all(positions[place] >= end for place, end in ends.items()):
                    self.ready.set()
                fetched = await consumer.getmany(timeout_ms=_POLL_MS if self.ready.is_set() else 200)
                for records in fetched.values():
                    for record in records:
                        await self._learn(record)
                for place in positions:
                    positions[place] = await consumer.position(place)
        finally:
            with contextlib.suppress(KafkaError):
                await consumer.stop()

    async def _learn(self, record: Any) -> None:
        while True:
            try:
                recorded = await self._log.recorded(record)
            except Invalid as error:
                logger().error("directory event unreadable", reason=error.reason)
                return
            except Transient:
                await asyncio.sleep(_PAUSE)
                continue
            break
        if isinstance(recorded.event, AgencyChanged | ConnectionChanged):
            self.directory.learn(recorded.event)
        telemetry.DIRECTORY_AGENCIES.set(len(tuple(self.directory.agencies())))
        for listener in self._listeners:
            listener(recorded)
