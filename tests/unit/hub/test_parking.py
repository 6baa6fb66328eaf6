"""Parked records are kept whole; too many in a row stop the service, and a restart goes on behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from hub.model.errors import Broken, Invalid, Transient
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


GOOD = None
BAD = Invalid("X")


class Hub:
    """A log, and the lives of a service that parks into it."""

    def __init__(self, limit: int = 20) -> None:
        self.log = FakeLog()
        self.asked = 0
        self._limit = limit

    def life(self) -> Parking:
        return Parking("router", self.log, lambda: NOW, self._limit)  # type: ignore[arg-type]

    async def past(self, service: str) -> Sequence[str]:
        self.asked += 1
        return [event.cause_id for event in self.parked() if event.service == service]

    def parked(self) -> list[EventParked]:
        return [event for event in self.log.events() if isinstance(event, EventParked)]

    def offsets(self) -> list[int]:
        return [event.offset for event in self.parked()]


async def settle(hub: Hub, parking: Parking, *errors: Invalid | None, first: int = 0) -> None:
    """A batch: what became of each record, in the order of their offsets."""
    outcomes = [(Origin(offset=first + number), error) for number, error in enumerate(errors)]
    await parking.settle(outcomes, hub.past)


async def test_a_parked_record_is_kept_whole() -> None:
    hub = Hub()
    await hub.life().settle([(Origin(), Invalid("UNDECODABLE", "no frame"))], hub.past)
    (event,) = hub.parked()
    assert (event.service, event.topic, event.partition, event.offset) == ("router", "document.received.v1", 2, 7)
    assert (event.reason, event.value) == ("UNDECODABLE", b"\x01garbage")


async def test_a_good_batch_asks_nobody_about_the_past() -> None:
    hub = Hub()
    await settle(hub, hub.life(), *[GOOD] * 5)
    assert hub.asked == 0
    assert hub.parked() == []


async def test_a_batch_tried_again_parks_and_counts_its_records_once() -> None:
    hub = Hub(limit=3)
    parking = hub.life()
    for _ in range(5):
        await settle(hub, parking, GOOD, BAD, BAD)
    assert hub.offsets() == [1, 2]
    assert hub.asked == 1


async def test_many_among_good_ones_are_no_row() -> None:
    hub = Hub()
    await settle(hub, hub.life(), *([BAD] + [GOOD] * 14) * 20)
    assert len(hub.parked()) == 20


async def test_too_many_in_a_row_mean_that_we_are_broken() -> None:
    hub = Hub(limit=3)
    parking = hub.life()
    await settle(hub, parking, BAD, BAD, GOOD, BAD, BAD)
    with pytest.raises(Broken):
        await settle(hub, parking, BAD, first=5)  # the row goes on over the end of a batch


async def test_after_a_restart_the_same_poison_is_passed_and_not_parked_again() -> None:
    hub = Hub(limit=3)
    batch = [GOOD, BAD, BAD, BAD, GOOD]
    with pytest.raises(Broken):
        await settle(hub, hub.life(), *batch)
    await settle(hub, hub.life(), *batch)
    assert hub.offsets() == [1, 2, 3]


async def test_while_everything_is_poison_each_life_parks_one_record_more_and_no_more() -> None:
    """A release that cannot read anything must not carry the whole queue into parking."""
    hub = Hub(limit=3)
    for parked in (3, 4, 5):
        with pytest.raises(Broken):
            await settle(hub, hub.life(), *[BAD] * 100)
        assert hub.offsets() == list(range(parked))


async def test_what_another_service_parked_is_not_ours() -> None:
    hub = Hub()
    other = Parking("status", hub.log, lambda: NOW)  # type: ignore[arg-type]
    await settle(hub, other, BAD)
    await settle(hub, hub.life(), BAD)
    assert [event.service for event in hub.parked()] == ["status", "router"]
    assert len({event.event_id for event in hub.parked()}) == 2


async def test_a_past_that_cannot_be_read_now_is_asked_for_again() -> None:
    hub = Hub()
    parking = hub.life()

    async def away(_: str) -> Sequence[str]:
        raise Transient("kafka", "switched off")

    with pytest.raises(Transient):
        await parking.settle([(Origin(), BAD)], away)
    assert hub.parked() == []
    await settle(hub, parking, BAD)
    assert hub.asked == 1
    assert len(hub.parked()) == 1


async def test_parking_twice_all_the_same_gives_the_same_event() -> None:
    hub = Hub()

    async def forgotten(_: str) -> Sequence[str]:
        return ()

    for _ in range(2):
        await hub.life().settle([(Origin(), BAD)], forgotten)
    assert len(hub.parked()) == 2
    assert len({event.event_id for event in hub.parked()}) == 1
