"""Catching up with the log while requests wait: one reading serves all who asked before it began, one begins a second.

A request makes us catch up by being refused, which anybody can bring about as often as he likes.
"""

import asyncio

from hub.runtime.directory import DirectoryView
from hub.runtime.own_events import OwnEvents
from services.ingest.adapters import within

_SECONDS = 3.5
_APART_SECONDS = 1.0


class CaughtUp:
    """Knows, once it returns, what the log held when it was called: own events projected, directory changes learned."""

    def __init__(self, own: OwnEvents, view: DirectoryView, partitions: int) -> None:
        self._own = own
        self._view = view
        self._partitions = partitions
        self._asked = 0
        self._served = 0
        self._next = 0.0
        self._reading = asyncio.Lock()

    async def __call__(self) -> None:
        """Catch up. Transient when Kafka or the database is away."""
        self._asked += 1
        mine = self._asked
        async with within("kafka", _SECONDS), self._reading:
            if self._served >= mine:
                return
            clock = asyncio.get_running_loop().time
            await asyncio.sleep(self._next - clock())
            serving, self._next = self._asked, clock() + _APART_SECONDS
            await asyncio.gather(self._own.catch_up(range(self._partitions)), self._view.up_to_date(_SECONDS))
            self._served = serving
