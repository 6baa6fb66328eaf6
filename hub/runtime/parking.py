"""Parking: a record that can never be handled is kept whole in `event.parked`, and the next one goes on."""

from collections import deque
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
_REMEMBERED = 500


class Origin(Protocol):
    """What parking needs of a Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Parking:
    """Parks records of one service. Too many in a row mean that we are broken, not they: then the service stops."""

    def __init__(self, service: str, log: Log, clock: Clock, limit: int = _IN_A_ROW) -> None:
        self._service = service
        self._log = log
        self._clock = clock
        self._limit = limit
        self._in_a_row = 0
        self._parked: deque[str] = deque(maxlen=_REMEMBERED)

    def succeeded(self) -> None:
        """Something was handled: the row of parked records ends."""
        self._in_a_row = 0

    async def park(self, origin: Origin, error: Invalid) -> None:
        """Append the record with its reason and await the acknowledgement; Broken when it happens too often.

        A batch that is retried meets its parked records again: they are parked, and counted, once.
        """
        place = f"{origin.topic}/{origin.partition}/{origin.offset}"
        if place in self._parked:
            return
        parked = EventParked(
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
        await self._log.append([(parked, ())])
        self._parked.append(place)
        self._in_a_row += 1
        telemetry.EVENTS_PARKED.labels(origin.topic, error.reason).inc()
        logger().error("event parked", topic=origin.topic, partition=origin.partition, offset=origin.offset,
                       reason=error.reason)  # fmt: skip
        if self._in_a_row >= self._limit:
            raise Broken(f"{self._in_a_row} records parked in a row: {error.reason}")
