"""Catching up: project those of a service's own events that a crash left between the log and its collections.

The same cure serves a running process: an append that ended without a sure answer may have reached the log, and other
processes append to the same topics; either leaves a gap that keeps a mark from growing.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from hub.model.errors import Transient
from hub.model.events import Event, EventParked
from hub.model.record import Recorded
from hub.runtime.log import Log, read_to_end
from hub.runtime.logs import logger
from hub.runtime.marks import Marks, Place
from hub.wire.topics import Keyed, Topic, topic_of

_GAP_SECONDS = 5.0
_TURNS_TO_ALL = 6
_PARKED_LOOKED_AT, _PARKED_BATCH = 1000, 50  # parked events hold whole records, up to 1 MB: a few at a time

Projector = Callable[[Sequence[Recorded[Event]]], Awaitable[None]]


class OwnEvents:
    """The events a service appends, read back from its marks to their end."""

    def __init__(self, log: Log, brokers: str, marks: Marks, gives: Iterable[type[Event]], project: Projector) -> None:
        self._log = log
        self._brokers = brokers
        self._marks = marks
        self._topics = tuple(topic_of(event) for event in gives)
        self._project = project
        self._resolving = asyncio.Lock()

    async def catch_up(self, partitions: Iterable[int]) -> int:
        """Project what lies beyond the marks of these partitions; gives the number of events projected.

        Partitions are those of topics keyed by document, of which a consumer owns some. Of all other topics every
        partition is caught up with, whoever else does: projecting twice changes nothing.
        """
        wanted = set(partitions)
        return await self._read([place for topic in self._topics for place in await self._places(topic, wanted)])

    async def resolve_doubt(self) -> None:
        """Before anything is decided again: learn whether an append that ended unsure is in the log after all.

        Whoever comes while that is being read waits: it must not decide on what is still in doubt.
        """
        async with self._resolving:
            if not self._marks.in_doubt:
                return
            self._marks.in_doubt = False  # doubts that arise from here on are new ones
            try:
                await self._read(self._marks.places())
            except BaseException:
                self._marks.in_doubt = True
                raise

    async def parked(self, service: str) -> list[str]:
        """Places of the records that this service parked, among the last that anybody parked (`Parking`)."""
        place = TopicPartition(topic_of(EventParked).name, 0)
        start = {place: max(0, await self._end(place) - _PARKED_LOOKED_AT)}
        async with aclosing(read_to_end(self._log, self._brokers, start, _PARKED_BATCH)) as batches:
            return [
                record.event.cause_id
                async for records in batches
                for record in records
                if isinstance(record.event, EventParked) and record.event.service == service
            ]

    async def _end(self, place: TopicPartition) -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._brokers, enable_auto_commit=False)
        try:
            await consumer.start()
            end: int = (await consumer.end_offsets([place]))[place]
        except KafkaError as error:
            raise Transient("kafka", type(error).__name__) from error
        finally:
            with contextlib.suppress(KafkaError):
                await consumer.stop()
        return end

    async def keep_up(self, stop: asyncio.Event) -> None:
        """Close gaps and keep marks for as long as the process lives.

        Now and then everything is looked at: what another process appended to our partitions before it died leaves no
        gap as long as nothing follows it.
        """
        for turn in itertools.count(1):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _GAP_SECONDS)
            if stop.is_set():
                return
            with contextlib.suppress(Transient):
                await self.resolve_doubt()
                await self._read(self._marks.gaps() if turn % _TURNS_TO_ALL else self._marks.places())
                await self._marks.flush()

    async def _places(self, topic: Topic, wanted: Collection[int]) -> list[Place]:
        there = await self._log.partitions(topic)
        if topic.keyed is Keyed.DOCUMENT:
            there &= set(wanted)
        return [(topic.name, partition) for partition in sorted(there)]

    async def _read(self, places: Collection[Place]) -> int:
        if not places:
            return 0
        marks = await self._marks.load(places)
        starts = {TopicPartition(topic, partition): offset for (topic, partition), offset in marks.items()}
        projected = 0
        async with aclosing(read_to_end(self._log, self._brokers, starts)) as batches:
            async for records in batches:
                new = [record for record in records if not self._marks.has(record)]
                if new:
                    await self._project(new)
                projected += len(new)
                self._marks.caught_up((records[0].topic, records[0].partition), records[-1].offset + 1)
        for place, offset in marks.items():
            self._marks.caught_up(place, offset)
        await self._marks.flush()
        if projected:
            logger().info("projected own events beyond the mark", count=projected)
        return projected
