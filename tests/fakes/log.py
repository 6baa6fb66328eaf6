"""A log in memory: same promises as the real one, and a switch to be away."""

import asyncio
from collections.abc import Iterable

from hub.model.errors import Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime.log import Traced
from hub.wire.topics import topic_of


class FakeLog:
    """Keeps what was appended; offsets count up per topic, everything lies in partition 0."""

    def __init__(self) -> None:
        self.records: list[Recorded[Event]] = []
        self.away = False
        self.cut = False
        """The next append is cancelled half-way: its events are in the log, and nobody was told."""

    async def append(self, events: Iterable[Traced]) -> list[Recorded[Event]]:
        if self.away:
            raise Transient("kafka", "switched off")
        appended = []
        for event, headers in events:
            topic = topic_of(type(event)).name
            offset = sum(record.topic == topic for record in self.records)
            trace = next((value.decode() for name, value in headers if name == "traceparent"), "")
            record = Recorded(event=event, topic=topic, partition=0, offset=offset, trace=trace)
            self.records.append(record)
            appended.append(record)
        if self.cut:
            raise asyncio.CancelledError
        return appended

    def events(self) -> list[Event]:
        return [record.event for record in self.records]


class FakeMarkStore:
    """Marks in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], int] = {}

    async def load(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return {place: self.kept.get(place, 0) for place in places}

    async def save(self, marks: dict[tuple[str, int], int]) -> None:
        for place, offset in marks.items():
            self.kept[place] = max(offset, self.kept.get(place, 0))
