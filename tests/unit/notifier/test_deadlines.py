"""The timer over fakes: what it raises, when it looks, and when it keeps still."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, Event
from hub.model.record import Recorded
from hub.model.statuses import AlertOutcome, Channel
from hub.runtime import telemetry
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from services.notifier import app
from services.notifier.alerts import sent
from services.notifier.app import Deadlines, Strays, Takeover, count_alerts
from services.notifier.handlers import OpenAlert, RaiseAlerts, WatchDeliveries
from tests.fakes.events import agency
from tests.fakes.log import FakeLog, FakeMarkStore
from tests.fakes.notifier import (
    AGENCY,
    CONTACTS,
    NOW,
    FakeBook,
    FakeHorizon,
    SettableClock,
    planned,
    raised,
    record,
    settled,
    taken,
)

LIMIT = timedelta(seconds=0.2)
OURS = frozenset({0})


class FakeLane:
    def __init__(self) -> None:
        self.alerts: list[OpenAlert] = []

    def add(self, alert: OpenAlert) -> None:
        self.alerts.append(alert)


class FakeCustody:
    def __init__(self) -> None:
        self.kept: dict[int, int] = {}

    async def missing(self, partitions: frozenset[int]) -> frozenset[int]:
        return partitions - set(self.kept)

    async def begin(self, ends: Mapping[int, int]) -> None:
        self.kept |= ends


class MonotonicWall(SettableClock):
    """NOW plus the time the test has run."""

    def __init__(self) -> None:
        super().__init__()
        self._start = asyncio.get_running_loop().time()

    def __call__(self):  # type: ignore[no-untyped-def] # noqa: ANN204 - as its parent
        return self.now + timedelta(seconds=asyncio.get_running_loop().time() - self._start)


class Service:
    def __init__(self) -> None:
        self.book, self.horizon, self.log = FakeBook(), FakeHorizon(), FakeLog()
        self.directory = Directory()
        self.lanes = {channel: FakeLane() for channel in Channel}
        self.custody = FakeCustody()
        self.ready = asyncio.Event()
        self.ready.set()
        self.strays = Strays(self.book)
        self.doubts = 0
        steps = FourSteps(
            "raise_alerts", RaiseAlerts(self.book, self.directory, self.horizon, LIMIT), self.log,  # type: ignore[arg-type]
            Marks(FakeMarkStore()), (AlertRaised, AlertSent),
        )  # fmt: skip
        takeover = Takeover(self.custody, self.partitions, self.ends)
        self.deadlines = Deadlines(
            book=self.book, steps=steps, strays=self.strays, takeover=takeover, resolve_doubt=self.resolve_doubt,
            lanes=self.lanes, limit=LIMIT,  # type: ignore[arg-type]  # fake lanes
            clock=MonotonicWall(), directory_ready=self.ready,
        )  # fmt: skip
        self.watching = WatchDeliveries(self.book, self.deadlines.planned)

    async def partitions(self) -> set[int]:
        return {0, 1}

    async def ends(self, partitions: frozenset[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 10)

    async def resolve_doubt(self) -> None:
        self.doubts += 1

    def know(self, *contacts: object) -> None:
        self.directory.learn(replace(agency(AGENCY), contacts=contacts))  # type: ignore[arg-type]

    async def happen(self, *events: Event) -> None:
        await self.watching.project([record(event) for event in events])

    def raised(self) -> list[tuple[Channel, str]]:
        return [(event.channel, event.hub_id) for event in self.log.events() if isinstance(event, AlertRaised)]

    @asynccontextmanager
    async def running(self, partitions: frozenset[int] = OURS) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.deadlines.run(stop))
        self.deadlines.assigned(partitions)
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 3)


@pytest.fixture
async def service() -> Service:
    found = Service()
    found.know(*CONTACTS)
    return found


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not condition():  # noqa: ASYNC110 - looks at what happened, from outside
            await asyncio.sleep(0.005)


async def test_what_is_not_fetched_is_raised_once_on_both_channels_and_handed_to_its_lane(service: Service) -> None:
    async with service.running():
        await service.happen(planned())
        await asyncio.sleep(0.1)
        assert service.raised() == []
        await until(service.raised)
        await asyncio.sleep(0.3)
    assert service.raised() == [(Channel.EMAIL, "hub-one"), (Channel.SMS, "hub-one")]
    assert [len(lane.alerts) for lane in service.lanes.values()] == [1, 1]


@pytest.mark.parametrize("end", [taken, settled])
async def test_what_is_fetched_in_time_is_not(service: Service, end: Callable[[DeliveryPlanned], Event]) -> None:
    async with service.running():
        await service.happen(planned())
        await service.happen(end(planned()))
        await asyncio.sleep(0.4)
    assert service.raised() == []


async def test_a_download_that_the_log_holds_but_we_have_not_heard_of_stops_the_alert(service: Service) -> None:
    def hear() -> None:
        service.book._enter(record(taken(planned())))

    service.horizon.before = hear
    async with service.running():
        await service.happen(planned(at=NOW - LIMIT))
        await asyncio.sleep(0.2)
    assert service.raised() == []


async def test_nothing_is_raised_while_the_log_has_not_been_heard_out(service: Service) -> None:
    service.horizon.away = True
    async with service.running():
        await service.happen(planned(at=NOW - LIMIT))
        await asyncio.sleep(0.3)
        assert service.raised() == []
        service.horizon.away = False
        await until(service.raised)


async def test_the_timer_keeps_still_until_something_is_due(service: Service) -> None:
    async with service.running():
        for number in range(50):
            await service.happen(planned(str(number), NOW + timedelta(seconds=60 + number)))
            await asyncio.sleep(0.002)
        looks = service.book.asked
        await asyncio.sleep(0.05)
    assert looks <= 3
    assert service.book.asked == looks


async def test_an_earlier_watch_wakes_it(service: Service) -> None:
    async with service.running():
        await service.happen(planned("later", NOW + timedelta(seconds=60)))
        await asyncio.sleep(0.05)
        await service.happen(planned("overdue", NOW - LIMIT))
        await until(lambda: (Channel.SMS, "hub-overdue") in service.raised())


async def test_other_peoples_partitions_are_left_to_them(service: Service) -> None:
    async with service.running(frozenset({3})):
        await service.happen(planned(at=NOW - LIMIT))
        await asyncio.sleep(0.2)
        assert service.raised() == []
        service.deadlines.assigned(frozenset({0, 3}))
        await until(service.raised)


async def test_nothing_is_decided_before_the_directory_is_known(service: Service) -> None:
    service.ready.clear()
    async with service.running():
        await service.happen(planned(at=NOW - LIMIT))
        await asyncio.sleep(0.1)
        assert service.raised() == []
        service.ready.set()
        await until(service.raised)


async def test_nobody_to_warn_is_concluded_in_the_log_and_in_no_lane(service: Service) -> None:
    service.know()
    async with service.running():
        await service.happen(planned(at=NOW - LIMIT))
        await until(service.raised)
    assert [type(event) for event in service.log.events()] == [AlertRaised, AlertSent] * 2
    assert [len(lane.alerts) for lane in service.lanes.values()] == [0, 0]


async def test_alerts_that_a_former_life_raised_are_handed_to_their_lanes(service: Service) -> None:
    await service.strays.project([record(raised(planned()))])
    async with service.running():
        await until(lambda: service.lanes[Channel.EMAIL].alerts)
    assert service.custody.kept == {0: 10, 1: 10}
    assert service.doubts


async def test_strays_met_while_running_are_handed_over_too(service: Service) -> None:
    async with service.running():
        await asyncio.sleep(0.05)
        await service.strays.project([record(raised(planned()))])
        await until(lambda: service.lanes[Channel.EMAIL].alerts)


async def test_an_append_that_fails_is_made_good(service: Service) -> None:
    service.log.away = True
    async with service.running():
        await service.happen(planned(at=NOW - LIMIT))
        await asyncio.sleep(0.1)
        service.log.away = False
        await until(service.raised)
    assert len(service.raised()) == 2


async def test_alerts_raised_but_not_projected_at_first_reach_their_lanes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_NO_PROGRESS_SECONDS", 0.02)
    project, failures = service.book.project, 1

    async def failing(records: list[Recorded[Event]]) -> None:
        nonlocal failures
        if failures and any(isinstance(one.event, AlertRaised) for one in records):
            failures -= 1
            raise Transient("mongo", "away")
        await project(records)

    monkeypatch.setattr(service.book, "project", failing)
    async with service.running():
        await service.happen(planned(at=NOW - LIMIT))
        await until(lambda: all(lane.alerts for lane in service.lanes.values()))
    assert len(service.raised()) == 2


def overdue() -> float:
    return REGISTRY.get_sample_value("hub_alerts_overdue_seconds") or 0.0


async def test_how_long_the_oldest_watch_is_overdue_is_shown_while_nothing_can_be_raised(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_MEASURE_SECONDS", 0.01)
    service.horizon.away = True
    async with service.running():
        await service.happen(planned("later", NOW + timedelta(seconds=60)))
        await asyncio.sleep(0.05)
        assert overdue() == 0.0
        await service.happen(planned("early", NOW - LIMIT - timedelta(seconds=90)))
        await until(lambda: overdue() > 90)
        service.horizon.away = False
        await until(lambda: service.raised() and overdue() == 0.0)


async def test_watches_that_went_to_another_process_are_overdue_there(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_MEASURE_SECONDS", 0.01)
    service.horizon.away = True
    async with service.running():
        await service.happen(planned("early", NOW - LIMIT - timedelta(seconds=90)))
        await until(lambda: overdue() > 90)
        service.deadlines.assigned(frozenset())
        await until(lambda: overdue() == 0.0)


def counted(channel: Channel) -> dict[str, float]:
    """Alerts counted so far on this channel, by outcome."""
    return {
        sample.labels["outcome"]: sample.value
        for metric in telemetry.ALERTS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["channel"] == channel
    }


@pytest.mark.parametrize("outcome", list(AlertOutcome))
def test_every_alert_is_counted_once_as_raised_and_once_by_its_outcome(outcome: AlertOutcome) -> None:
    contacts = () if outcome is AlertOutcome.NO_CONTACT else CONTACTS
    alert, before = raised(planned(), Channel.SMS, contacts), counted(Channel.SMS)
    count_alerts([record(alert), record(sent(alert, outcome, "said", NOW))])
    assert {name: value - before.get(name, 0) for name, value in counted(Channel.SMS).items()} == {
        **dict.fromkeys(before, 0),
        "raised": 1,
        outcome.value: 1,
    }
