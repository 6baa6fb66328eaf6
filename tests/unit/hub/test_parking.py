"""Parked records are kept whole; too many in a row stop the service."""

from dataclasses import dataclass

import pytest

from hub.model.errors import Broken, Invalid
from hub.model.events import EventParked
from hub.runtime.parking import Parking
from tests.fakes.events import NOW
from tests.fakes.log import FakeLog


@dataclass
class Origin:
    topic: str = "document.received.v1"
    partition: int = 2
    offset: int = 7
    key: bytes | None = b"k"
    value: bytes | None = b"\x01garbage"


async def test_a_parked_record_is_kept_whole() -> None:
    log = FakeLog()
    await Parking("router", log, lambda: NOW).park(Origin(), Invalid("UNDECODABLE", "no frame"))  # type: ignore[arg-type]
    (event,) = log.events()
    assert isinstance(event, EventParked)
    assert (event.service, event.topic, event.partition, event.offset) == ("router", "document.received.v1", 2, 7)
    assert (event.reason, event.value) == ("UNDECODABLE", b"\x01garbage")


async def test_parking_the_same_record_again_gives_the_same_event() -> None:
    log = FakeLog()
    parking = Parking("router", log, lambda: NOW)  # type: ignore[arg-type]
    await parking.park(Origin(), Invalid("X"))
    await Parking("router", log, lambda: NOW).park(Origin(), Invalid("X"))  # type: ignore[arg-type]  # after a restart
    assert len({event.event_id for event in log.events()}) == 1


async def test_a_batch_tried_again_parks_and_counts_its_records_once() -> None:
    log = FakeLog()
    parking = Parking("router", log, lambda: NOW, limit=2)  # type: ignore[arg-type]
    for _ in range(5):
        await parking.park(Origin(), Invalid("X"))
    assert len(log.events()) == 1


async def test_too_many_in_a_row_mean_that_we_are_broken() -> None:
    parking = Parking("router", FakeLog(), lambda: NOW, limit=3)  # type: ignore[arg-type]
    for offset in range(2):
        await parking.park(Origin(offset=offset), Invalid("X"))
    parking.succeeded()
    for offset in range(2, 4):
        await parking.park(Origin(offset=offset), Invalid("X"))
    with pytest.raises(Broken):
        await parking.park(Origin(offset=4), Invalid("X"))
