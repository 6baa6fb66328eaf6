"""How far a service has projected its own events, per topic and partition.

Events beyond a mark may be in the log without being in the database: whoever owns the partition projects them before
it decides anything new. Marks are allowed to lag behind: projecting an event twice changes nothing.
"""

from collections.abc import Iterable
from typing import Protocol

from hub.model.events import Event
from hub.model.record import Recorded

Place = tuple[str, int]
"""Topic and partition."""

_AHEAD_LIMIT = 10_000


class MarkStore(Protocol):
    """Where marks are kept."""

    async def load(self, places: Iterable[Place]) -> dict[Place, int]:
        """First offset not yet projected; 0 for places never marked."""
        ...

    async def save(self, marks: dict[Place, int]) -> None:
        """Keep marks; they only grow."""
        ...


class Marks:
    """Marks of the places this process has caught up with; grows only over what is contiguous."""

    def __init__(self, store: MarkStore) -> None:
        self._store = store
        self._next: dict[Place, int] = {}
        self._ahead: dict[Place, set[int]] = {}
        self._changed: set[Place] = set()

    async def load(self, places: Iterable[Place]) -> dict[Place, int]:
        """Marks as kept, for places about to be caught up with."""
        return await self._store.load(places)

    def caught_up(self, place: Place, offset: int) -> None:
        """All own events before `offset` are projected."""
        self._next[place] = max(offset, self._next.get(place, 0))
        self._changed.add(place)
        self._close_gaps(place)

    def projected(self, records: Iterable[Recorded[Event]]) -> None:
        """These own events are projected."""
        for record in records:
            place = (record.topic, record.partition)
            self._ahead.setdefault(place, set()).add(record.offset)
            self._close_gaps(place)

    def _close_gaps(self, place: Place) -> None:
        ahead = self._ahead.get(place, set())
        if place not in self._next:
            if len(ahead) > _AHEAD_LIMIT:
                ahead.clear()  # another process owns this partition and keeps its mark
            return
        ahead -= {offset for offset in ahead if offset < self._next[place]}
        while self._next[place] in ahead:
            ahead.remove(self._next[place])
            self._next[place] += 1
            self._changed.add(place)

    async def flush(self) -> None:
        """Write changed marks."""
        changed = {place: self._next[place] for place in self._changed if place in self._next}
        if changed:
            await self._store.save(changed)
            self._changed -= set(changed)

    def forget(self, partitions: Iterable[int]) -> None:
        """These partitions went to another process."""
        gone = set(partitions)
        for place in [place for place in self._next if place[1] in gone]:
            del self._next[place]
            self._ahead.pop(place, None)
            self._changed.discard(place)
