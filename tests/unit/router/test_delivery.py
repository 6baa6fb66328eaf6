"""States of an item only move up; who reports one again is answered with what stands."""

from dataclasses import replace

import pytest

from hub.model.errors import Invalid
from hub.model.ids import DeliveryId, SystemId
from hub.model.reasons import Code
from hub.model.statuses import InboxState
from services.router import delivery
from services.router.delivery import Settle, Take
from tests.fakes.events import NOW
from tests.fakes.router import item_of, planned

INITIAL, PROCESSING, DONE, FAIL = InboxState.INITIAL, InboxState.PROCESSING, InboxState.DONE, InboxState.FAIL
ITEM = item_of(planned("d"))


def settling(state: InboxState, remark: str = "") -> Settle:
    return Settle(delivery_id=ITEM.id, state=state, description=remark, by=SystemId("G22"), at=NOW)


@pytest.mark.parametrize(
    ("standing", "reported", "moves"),
    [
        (INITIAL, PROCESSING, True), (INITIAL, DONE, True), (INITIAL, FAIL, True),
        (PROCESSING, PROCESSING, False), (PROCESSING, DONE, True), (PROCESSING, FAIL, True),
        (FAIL, PROCESSING, False), (FAIL, FAIL, False), (FAIL, DONE, True),
        (DONE, PROCESSING, False), (DONE, DONE, False),
    ],
)  # fmt: skip
def test_states_only_move_up(standing: InboxState, reported: InboxState, moves: bool) -> None:  # noqa: FBT001 - a parameter of the table
    events = delivery.settle(replace(ITEM, state=standing), settling(reported))
    assert [event.state for event in events] == ([reported] if moves else [])


def test_fail_after_done_is_a_contradiction() -> None:
    with pytest.raises(Invalid) as refused:
        delivery.settle(replace(ITEM, state=DONE), settling(FAIL))
    assert refused.value.reason == Code.ALREADY_SETTLED


def test_the_same_report_is_the_same_event() -> None:
    (one,), (other,) = delivery.settle(ITEM, settling(DONE)), delivery.settle(ITEM, settling(DONE))
    assert one.event_id == other.event_id
    assert one.event_id != delivery.settle(ITEM, settling(FAIL))[0].event_id


def test_remarks_are_shortened() -> None:
    (event,) = delivery.settle(ITEM, settling(FAIL, "x" * 900))
    assert len(event.description) == delivery.LONGEST_REMARK


def test_only_the_first_download_is_told() -> None:
    command = Take(delivery_id=ITEM.id, by=SystemId("G22"), at=NOW)
    (event,) = delivery.take(ITEM, command)
    assert (event.delivery_id, event.recipient, event.system_id) == (ITEM.id, ITEM.recipient, "G22")
    assert delivery.take(replace(ITEM, taken_at=NOW), command) == ()


def test_urgent_items_come_first_and_equals_by_age() -> None:
    def line(priority: int, second: int, name: str) -> str:
        return delivery.place_in_line(priority, NOW.replace(second=second), DeliveryId(name))

    order = [line(4, 9, "a"), line(3, 0, "a"), line(0, 1, "a"), line(0, 1, "b"), line(0, 2, "a")]
    assert order == sorted(order)


@pytest.mark.parametrize("state", InboxState)
def test_items_are_listed_until_done_or_fail(state: InboxState) -> None:
    assert delivery.listed(state) is (state in (INITIAL, PROCESSING))
