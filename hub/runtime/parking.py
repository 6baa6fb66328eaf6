"""Parking: a record that can never be handled is kept whole in `event.parked`, and the next one goes on."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from hub.model.errors import Broken, Invalid
from hub.model.events import EventParked
from hub.model.ids import event_id
from hub.runtime import telemetry
from hub.runtime.clock import Clock
from hub.runtime.log import Log
from hub.runtime.logs import logger

_IN_A_ROW = 20
_VALUE_LIMIT = 900_000
_REMEMBERED = 500  # more than a batch: all of its poison is known again when it is repeated


class Placed(Protocol):
    """Anything that lies in the log."""

    @property
    def topic(self) -> str: ...  # noqa: D102 - as in Kafka
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102


class Origin(Placed, Protocol):
    """What parking needs of a Kafka record."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


Past = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the places of the records that this service parked last, in whatever life."""


def place_of(record: Placed) -> str:
    """Where a record lies: topic, partition and offset."""
    return f"{record.topic}/{record.partition}/{record.offset}"


class Parking:
    """Parks records of one service. Too many in a row mean that we are broken, not they: then the service stops.

    A restart meets the same records again. Those that a former life parked count in the row but are not parked again,
    and do not stop the service again. So it goes on behind them, and where all that follows is poison too, one record
    a life: poison ends the crashes by ending, and a release that can read nothing does not park the whole queue.
    """

    def __init__(self, service: str, log: Log, clock: Clock, limit: int = _IN_A_ROW) -> None:
        self._service = service
        self._log = log
        self._clock = clock
        self._limit = limit
        self._row: set[str] = set()
        self._parked: deque[str] = deque(maxlen=_REMEMBERED)
        self._knows_the_past = False

    async def settle(self, outcomes: Iterable[tuple[Origin, Invalid | None]], past: Past) -> None:
        """Go through a batch in the order of its records: park those with an error; any other ends the row.

        A batch that is retried meets its parked records again: they are parked, and counted, once.
        """
        for origin, error in outcomes:
            if error is None:
                self._row.clear()
                continue
            await self._learn(past)
            await self._park(origin, error)

    async def _learn(self, past: Past) -> None:
        if not self._knows_the_past:
            self._parked.extend(await past(self._service))
            self._knows_the_past = True

    async def _park(self, origin: Origin, error: Invalid) -> None:
        """Append the record with its reason and await the acknowledgement; Broken when it happens too often."""
        place = place_of(origin)
        self._row.add(place)
        if place in self._parked:
            return
        await self._log.append([(self._event(place, origin, error), ())])
        self._parked.append(place)
        telemetry.EVENTS_PARKED.labels(origin.topic, error.reason).inc()
        logger().error("event parked", topic=origin.topic, partition=origin.partition, offset=origin.offset,
                       reason=error.reason)  # fmt: skip
        if len(self._row) >= self._limit:
            raise Broken(f"{len(self._row)} records parked in a row: {error.reason}")

    def _event(self, place: str, origin: Origin, error: Invalid) -> EventParked:
        return EventParked(
            event_id=event_id(place, f"parked.{self._service}"),
            occurred_at=self._clock(),
            cause_id=place,
            service=self._service,
            topic=origin.topic,
            partition=origin.partition,
            offset=origin.offset,
            reason=error.reason,
            detail=error.detail[:500],
            attempts=1,
            key=origin.key or b"",
            value=(origin.value or b"")[:_VALUE_LIMIT],
        )
