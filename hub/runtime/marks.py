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

_AHEAD_LIMIT = 100_000


class MarkStore(Protocol):
    """Where marks are kept."""

    async def load(self, places: Iterable[Place]) -> dict[Place, int]:
        """First offset not yet projected; 0 for places never marked."""
        ...

    async def save(self, marks: dict[Place, int]) -> None:
        """Keep marks; they only grow."""
        ...


class Marks:
    """Marks of the places this process has caught up with; grows only over what is contiguous.

    `in_doubt`: an append ended without a sure answer, so the log may hold own events nobody here knows of.
    """

    def __init__(self, store: MarkStore) -> None:
        self._store = store
        self._next: dict[Place, int] = {}
        self._ahead: dict[Place, set[int]] = {}
        self._changed: set[Place] = set()
        self.in_doubt = False

    async def load(self, places: Iterable[Place]) -> dict[Place, int]:
        """Marks as kept, or as far as this process has come since."""
        return {
            place: max(offset, self._next.get(place, 0)) for place, offset in (await self._store.load(places)).items()
        }

    def caught_up(self, place: Place, offset: int) -> None:
        """All own events before `offset` are projected."""
        self._next[place] = max(offset, self._next.get(place, 0))
        self._changed.add(place)
        self._ahead[place] = {later for later in self._ahead.get(place, ()) if later >= self._next[place]}
        self._close_gap(place)

    def projected(self, records: Iterable[Recorded[Event]]) -> None:
        """These own events are projected."""
        for record in records:
            place = (record.topic, record.partition)
            if place not in self._next or self.has(record):
                continue  # another process's place: it keeps the mark
            ahead = self._ahead.setdefault(place, set())
            ahead.add(record.offset)
            if len(ahead) > _AHEAD_LIMIT:
                ahead.clear()  # forgetting costs nothing but projecting them again
            self._close_gap(place)

    def _close_gap(self, place: Place) -> None:
        ahead = self._ahead.get(place)
        if not ahead or place not in self._next:
            return
        while self._next[place] in ahead:
            ahead.remove(self._next[place])
            self._next[place] += 1
            self._changed.add(place)

    def has(self, record: Recorded[Event]) -> bool:
        """True when this process has projected the event already."""
        place = (record.topic, record.partition)
        return record.offset < self._next.get(place, 0) or record.offset in self._ahead.get(place, ())

    def places(self) -> tuple[Place, ...]:
        """Places this process has caught up with."""
        return tuple(self._next)

    def gaps(self) -> tuple[Place, ...]:
        """Places where events were projected beyond one that was not: another process's, or one of doubt."""
        return tuple(place for place in self._next if self._ahead.get(place))

    async def flush(self) -> None:
        """Write changed marks."""
        changed = {place: self._next[place] for place in self._changed if place in self._next}
        if changed:
            await self._store.save(changed)
            self._changed -= {place for place, offset in changed.items() if self._next.get(place) == offset}

    def forget(self, partitions: Iterable[int]) -> None:
        """These partitions went to another process."""
        gone = set(partitions)
        for place in [place for place in self._next if place[1] in gone]:
            del self._next[place]
            self._ahead.pop(place, None)
            self._changed.discard(place)
