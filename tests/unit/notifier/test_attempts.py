from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.statuses import AlertOutcome
from services.notifier.alerts import NOBODY
from services.notifier.attempts import (
    FOREIGN,
    INTERRUPTED,
    NEEDLESS,
    Answer,
    Attempt,
    Case,
    Conclude,
    Handover,
    Holder,
    Send,
    State,
    Wait,
    after,
    next_move,
    pause_after,
)
from tests.fakes.notifier import NOW, PATIENCE, planned, raised

US = Holder(instance="host-a", life="2")
US_BEFORE = Holder(instance="host-a", life="1")
THEM = Holder(instance="host-b", life="7")

FRESH = Case(raised=raised(planned()), sender="000.00.00.G22", needless=False, ours=True, attempt=None)
LEFT = Attempt(tries=1, state=State.LEAVING, holder=US, first_at=NOW, at=NOW, next_at=None, detail="")
WAITING = Attempt(
    tries=3,
    state=State.WAITING,
    holder=THEM,
    first_at=NOW,
    at=NOW,
    next_at=NOW + timedelta(seconds=20),
    detail="451 later",
)


def move(case: Case, *, seconds: float = 0.0) -> Send | Wait | Conclude:
    return next_move(case, US, NOW + timedelta(seconds=seconds), PATIENCE)


def test_what_never_left_is_sent() -> None:
    assert move(FRESH) == Send(tries=1, first_at=NOW)


def test_what_was_raised_before_this_database_is_unknown() -> None:
    assert move(replace(FRESH, ours=False)) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=FOREIGN)


def test_what_has_nobody_to_go_to_failed() -> None:
    case = replace(FRESH, raised=replace(FRESH.raised, addresses=(), contacts=()))
    assert move(case) == Conclude(outcome=AlertOutcome.FAILED, detail=NOBODY)


def test_what_is_no_longer_true_is_not_sent() -> None:
    assert move(replace(FRESH, needless=True)) == Conclude(outcome=AlertOutcome.FAILED, detail=NEEDLESS)
    assert move(replace(FRESH, needless=True, attempt=WAITING), seconds=30) == Conclude(
        outcome=AlertOutcome.FAILED, detail=NEEDLESS
    )


def test_our_own_try_that_went_no_further_than_its_row_is_made() -> None:
    assert move(replace(FRESH, attempt=replace(LEFT, tries=2)), seconds=5) == Send(tries=2, first_at=NOW)


@pytest.mark.parametrize("needless", [True, False])
def test_a_try_that_our_former_life_died_in_is_unknown_at_once(needless: bool) -> None:  # noqa: FBT001 - parametrised
    case = replace(FRESH, attempt=replace(LEFT, holder=US_BEFORE), needless=needless)
    assert move(case) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)


def test_another_process_has_its_time_before_its_try_is_unknown() -> None:
    case = replace(FRESH, attempt=replace(LEFT, holder=THEM))
    assert move(case, seconds=30) == Wait(pause=timedelta(seconds=100))
    assert move(case, seconds=130) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)


def test_a_clock_set_back_does_not_keep_a_dead_try_young() -> None:
    case = replace(FRESH, attempt=replace(LEFT, holder=THEM))
    assert move(case, seconds=-86400) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)


def test_a_try_that_was_not_taken_is_made_again_in_its_time() -> None:
    case = replace(FRESH, attempt=WAITING)
    assert move(case) == Wait(pause=timedelta(seconds=20))
    assert move(case, seconds=20) == Send(tries=4, first_at=NOW)
    assert move(case, seconds=-86400) == Send(tries=4, first_at=NOW)


def test_at_the_end_it_failed_with_the_last_answer() -> None:
    assert move(replace(FRESH, attempt=WAITING), seconds=7200) == Conclude(
        outcome=AlertOutcome.FAILED, detail="451 later"
    )


@pytest.mark.parametrize(
    ("handover", "outcome"),
    [
        (Handover.TAKEN, AlertOutcome.SENT),
        (Handover.REFUSED, AlertOutcome.FAILED),
        (Handover.IN_DOUBT, AlertOutcome.UNKNOWN),
    ],
)
def test_definite_answers_conclude_and_doubt_is_unknown(handover: Handover, outcome: AlertOutcome) -> None:
    answer = Answer(handover=handover, detail="said")
    assert after(answer, Send(tries=1, first_at=NOW), NOW, PATIENCE) == Conclude(outcome=outcome, detail="said")


def test_only_what_was_definitely_not_taken_is_tried_again_and_not_for_ever() -> None:
    answer = Answer(handover=Handover.NOT_TAKEN, detail="451")
    assert after(answer, Send(tries=2, first_at=NOW), NOW, PATIENCE) == Wait(pause=timedelta(seconds=10))
    assert after(answer, Send(tries=9, first_at=NOW), NOW + PATIENCE.give_up, PATIENCE) == Conclude(
        outcome=AlertOutcome.FAILED, detail="451"
    )


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause_after(tries, PATIENCE).total_seconds() for tries in (1, 2, 3, 7, 8, 5000)] == [
        5,
        10,
        20,
        300,
        300,
        300,
    ]
