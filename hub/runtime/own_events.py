"""Catching up: project those of a service's own events that a crash left between the log and its collections."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing

from aiokafka import TopicPartition

from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime.log import Log, read_to_end
from hub.runtime.logs import logger
from hub.runtime.marks import Marks
from hub.wire.topics import topic_of

Projector = Callable[[Sequence[Recorded[Event]]], Awaitable[None]]


class OwnEvents:
    """The events a service appends, read back from its marks to their end."""

    def __init__(self, log: Log, brokers: str, marks: Marks, gives: Iterable[type[Event]], project: Projector) -> None:
        self._log = log
        self._brokers = brokers
        self._marks = marks
        self._topics = tuple(topic_of(event) for event in gives)
        self._project = project

    async def catch_up(self, partitions: Iterable[int]) -> int:
        """Project what lies beyond the marks of these partitions; gives the number of events projected."""
        wanted = set(partitions)
        places = [(topic.name, partition) for topic in self._topics for partition in wanted]
        marks = await self._marks.load(places)
        starts = {TopicPartition(topic, partition): offset for (topic, partition), offset in marks.items()}
        projected = 0
        async with aclosing(read_to_end(self._log, self._brokers, starts)) as batches:
            async for records in batches:
                await self._project(records)
                projected += len(records)
                self._marks.caught_up((records[0].topic, records[0].partition), records[-1].offset + 1)
        for place, offset in marks.items():
            self._marks.caught_up(place, offset)
        await self._marks.flush()
        if projected:
            logger().info("projected own events beyond the mark", count=projected)
        return projected
