"""The use cases through all four steps, on doubles: what repeats, lags and half-done runs leave behind."""

from collections.abc import Sequence
from typing import Any

import pytest

from hub.model.errors import Transient
from hub.model.events import DeliveryPlanned, DeliverySettled, DeliveryTaken, DocumentRefused, Event
from hub.model.ids import AgencyCode, DeliveryId, SystemId
from hub.model.record import Recorded
from hub.model.statuses import InboxState
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from services.router.adapters_directory import Bell
from services.router.delivery import Settle, Take
from services.router.handlers import (
    GIVES,
    ForwardStatuses,
    PlanDeliveries,
    Projection,
    RoutingDesk,
    SettleItem,
    TakeItem,
)
from tests.fakes.events import NOW, agency, connection
from tests.fakes.log import FakeLog, FakeMarkStore
from tests.fakes.router import HUB, FakeInbox, FakePackages, FakeRows, Refreshing, at, checked, directory, reported


class Router:
    """All use cases over one log and one inbox."""

    def __init__(self, refreshing: Refreshing | None = None) -> None:
        self.view = refreshing or Refreshing(
            directory(*(agency(code) for code in CODES), *(connection(code, code) for code in CODES))
        )
        self.log, self.inbox, self.packages, self.bell = FakeLog(), FakeInbox(), FakePackages(), Bell()
        self.projection = Projection(self.inbox, FakeRows(), self.bell)
        self.marks = Marks(FakeMarkStore())
        known = self.view.known
        desk = RoutingDesk(known=known, inbox=self.inbox, clock=lambda: NOW, hub=HUB)
        self.plan = self.steps(PlanDeliveries(desk, self.packages, self.projection))
        self.forward = self.steps(ForwardStatuses(desk, self.projection))
        self.take = self.steps(TakeItem(known, self.inbox, self.projection))
        self.settle = self.steps(SettleItem(known, self.inbox, self.projection))

    def steps(self, handler: Any) -> FourSteps[Any, Any]:
        return FourSteps("test", handler, self.log, self.marks, GIVES)  # type: ignore[arg-type]  # a log in memory

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.log.events() if isinstance(event, kind)]


CODES = ("G01", "G22", "G23", "G24")


@pytest.fixture
def router() -> Router:
    return Router()


def causes(*events: Event) -> Sequence[Recorded[Event]]:
    return [at(event, offset) for offset, event in enumerate(events)]


async def test_a_document_that_comes_twice_is_planned_once(router: Router) -> None:
    event = checked("G22", "G23")
    await router.plan.run(causes(event, event))
    await router.plan.run(causes(event))
    assert [each.recipient for each in router.of(DeliveryPlanned)] == ["G22", "G23"]


async def test_a_status_that_comes_twice_is_forwarded_once(router: Router) -> None:
    document = checked("G22")
    await router.plan.run(causes(document))
    status = reported(document, "G22")
    await router.forward.run(causes(status, status))
    await router.forward.run(causes(status))
    statuses = [each for each in router.of(DeliveryPlanned) if each.kind == "status"]
    assert [(each.recipient, each.subject) for each in statuses] == [("G01", document.header.subject)]


async def test_a_status_about_a_document_that_policy_stopped_reaches_nobody(router: Router) -> None:
    document = checked("G22", stop=True)
    await router.plan.run(causes(document))
    before = len(router.log.events())
    await router.forward.run(causes(reported(document, "G22")))
    assert len(router.log.events()) == before


async def test_planning_a_status_asks_for_no_more_than_it_needs(
    router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = checked("G22", "G23")
    await router.plan.run(causes(document))

    async def everything(_documents: object) -> None:
        raise AssertionError("every item of the document is read")

    monkeypatch.setattr(router.inbox, "planned", everything)
    statuses = [reported(document, code) for code in ("G22", "G23")]
    await router.forward.run(causes(*statuses))
    await router.forward.run(causes(*statuses))
    assert [each.sender for each in router.of(DeliveryPlanned) if each.kind == "status"] == ["G22", "G23"]


async def test_an_append_that_ended_unsure_is_looked_up_before_anything_is_decided_again(router: Router) -> None:
    router.log.away = True
    with pytest.raises(Transient):
        await router.plan.run(causes(checked("G22")))
    assert router.marks.in_doubt


async def test_a_code_nobody_knows_is_asked_for_once_more(router: Router) -> None:
    lagging = Router(Refreshing(directory(agency("G01"), agency("G22")), agency("G77"), connection("s", "G77")))
    await lagging.plan.run(causes(checked("G22", "G77")))
    assert lagging.view.refreshed == 1
    assert [(each.recipient, each.system_id) for each in lagging.of(DeliveryPlanned)] == [("G22", ""), ("G77", "s")]
    await router.plan.run(causes(checked("G22")))
    assert router.view.refreshed == 0


async def test_the_hubs_message_is_in_the_store_before_its_item_is_planned(router: Router) -> None:
    router.log.away = True
    with pytest.raises(Transient):
        await router.plan.run(causes(checked("G22", stop=True)))
    router.log.away = False
    kept = dict(router.packages.kept)
    await router.plan.run(causes(checked("G22", stop=True)))
    assert router.packages.kept == kept
    (told,) = router.of(DeliveryPlanned)
    assert told.package.digest in kept
    assert len(router.of(DocumentRefused)) == 1


async def test_arrivals_wake_their_agency_and_no_other(router: Router) -> None:
    with router.bell.listening([AgencyCode("G22")]) as woken, router.bell.listening([AgencyCode("G24")]) as asleep:
        await router.plan.run(causes(checked("G22", "G23")))
        assert woken.is_set()
        assert not asleep.is_set()


async def item(router: Router) -> DeliveryId:
    await router.plan.run(causes(checked("G22")))
    return DeliveryId(router.of(DeliveryPlanned)[0].event_id)


async def test_an_item_is_taken_once(router: Router) -> None:
    name = await item(router)
    for _ in range(3):
        await router.take.run([Take(delivery_id=name, by=SystemId("G22"), at=NOW)])
    assert len(router.of(DeliveryTaken)) == 1


@pytest.mark.parametrize("name", ["", "missing"])
async def test_who_does_not_serve_the_agency_finds_nothing(router: Router, name: str) -> None:
    there = await item(router)
    wanted = DeliveryId(name) if name else there
    taken = await router.take.run([Take(delivery_id=wanted, by=SystemId("G23"), at=NOW)])
    command = Settle(delivery_id=wanted, state=InboxState.DONE, description="", by=SystemId("G23"), at=NOW)
    settled = await router.settle.run([command])
    assert [error.reason for _, error in (*taken.parked, *settled.parked)] == ["NOT_FOUND", "NOT_FOUND"]
    assert router.of(DeliveryTaken) == router.of(DeliverySettled) == []


async def test_what_was_appended_but_not_projected_is_projected_before_the_next_decision(router: Router) -> None:
    name = await item(router)
    command = Settle(delivery_id=name, state=InboxState.DONE, description="", by=SystemId("G22"), at=NOW)
    router.inbox.away = True
    with pytest.raises(Transient):
        await router.settle.run([command])
    router.inbox.away = False
    await router.settle.run([command])
    assert len(router.of(DeliverySettled)) == 1
