from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.statuses import AlertOutcome, Channel
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
    Postpone,
    Progress,
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
TEXT = replace(FRESH, raised=raised(planned(), Channel.SMS))
DOUBT = Progress(in_doubt=True)
PARTLY = Progress(remaining=("duc@bnv.gov.vn",))
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


def test_what_has_nobody_to_go_to_says_so() -> None:
    case = replace(FRESH, raised=replace(FRESH.raised, addresses=(), contacts=()))
    assert move(case) == Conclude(outcome=AlertOutcome.NO_CONTACT, detail=NOBODY)


def test_what_is_no_longer_true_is_not_sent() -> None:
    assert move(replace(FRESH, needless=True)) == Conclude(outcome=AlertOutcome.NEEDLESS, detail=NEEDLESS)
    assert move(replace(FRESH, needless=True, attempt=WAITING), seconds=30) == Conclude(
        outcome=AlertOutcome.NEEDLESS, detail=NEEDLESS
    )


def test_our_own_try_that_went_no_further_than_its_row_is_made() -> None:
    ours = replace(LEFT, tries=2, progress=DOUBT)
    assert move(replace(FRESH, attempt=ours), seconds=5) == Send(tries=2, first_at=NOW, progress=DOUBT, row=ours)


@pytest.mark.parametrize("needless", [True, False])
def test_an_sms_that_our_former_life_died_in_is_unknown_at_once(needless: bool) -> None:  # noqa: FBT001 - parametrised
    case = replace(TEXT, attempt=replace(LEFT, holder=US_BEFORE), needless=needless)
    assert move(case) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)


def test_a_mail_that_our_former_life_died_in_is_sent_again_after_its_pause() -> None:
    case = replace(FRESH, attempt=replace(LEFT, holder=US_BEFORE))
    assert move(case) == Wait(pause=timedelta(seconds=5))
    again = move(case, seconds=5)
    assert isinstance(again, Send)
    assert (again.tries, again.first_at, again.progress) == (2, NOW, DOUBT)
    assert again.row is not None
    assert (again.row.tries, again.row.holder) == (1, US_BEFORE)


def test_a_mail_that_we_died_in_is_not_sent_again_once_it_is_needless_or_too_late() -> None:
    case = replace(FRESH, attempt=replace(LEFT, holder=US_BEFORE))
    assert move(replace(case, needless=True)) == Conclude(outcome=AlertOutcome.NEEDLESS, detail=NEEDLESS)
    assert move(case, seconds=7200) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)


def test_another_process_has_its_time_before_its_sms_is_unknown_and_its_mail_is_sent_again() -> None:
    text, mail = (replace(case, attempt=replace(LEFT, holder=THEM)) for case in (TEXT, FRESH))
    assert move(text, seconds=30) == move(mail, seconds=30) == Wait(pause=timedelta(seconds=100))
    assert move(text, seconds=130) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)
    assert isinstance(move(mail, seconds=130), Send)


def test_a_clock_set_back_does_not_keep_a_dead_try_young() -> None:
    text, mail = (replace(case, attempt=replace(LEFT, holder=THEM)) for case in (TEXT, FRESH))
    assert move(text, seconds=-86400) == Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)
    assert isinstance(move(mail, seconds=-86400), Send)


@pytest.mark.parametrize("case", [TEXT, FRESH])
def test_a_try_that_was_not_taken_is_made_again_in_its_time(case: Case) -> None:
    case, again = replace(case, attempt=WAITING), Send(tries=4, first_at=NOW, row=WAITING)
    assert move(case) == Wait(pause=timedelta(seconds=20))
    assert move(case, seconds=20) == move(case, seconds=-86400) == again


ENDS = [
    (Progress(), AlertOutcome.FAILED, "451 later"),
    (DOUBT, AlertOutcome.UNKNOWN, "451 later"),
    (PARTLY, AlertOutcome.SENT, "not to 1 mailboxes: 451 later"),
    (replace(PARTLY, in_doubt=True), AlertOutcome.SENT, "not to 1 mailboxes: 451 later"),
]


@pytest.mark.parametrize(("progress", "outcome", "detail"), ENDS)
def test_in_the_end_stands_the_best_that_is_known(progress: Progress, outcome: AlertOutcome, detail: str) -> None:
    case = replace(FRESH, attempt=replace(WAITING, progress=progress))
    assert move(case, seconds=7200) == Conclude(outcome=outcome, detail=detail)
    made = Send(tries=9, first_at=NOW, progress=progress)
    for handover, moment in ((Handover.NOT_TAKEN, NOW + PATIENCE.give_up), (Handover.REFUSED, NOW)):
        answer = Answer(handover=handover, detail="451 later")
        assert after(answer, made, Channel.EMAIL, moment, PATIENCE) == Conclude(outcome=outcome, detail=detail)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(
    ("handover", "outcome"), [(Handover.TAKEN, AlertOutcome.SENT), (Handover.REFUSED, AlertOutcome.FAILED)]
)
def test_definite_answers_conclude(channel: Channel, handover: Handover, outcome: AlertOutcome) -> None:
    answer = Answer(handover=handover, detail="said")
    conclusion = Conclude(outcome=outcome, detail="said")
    assert after(answer, Send(tries=1, first_at=NOW), channel, NOW, PATIENCE) == conclusion


def test_an_sms_in_doubt_is_unknown_and_a_mail_in_doubt_is_tried_again_until_it_is_unknown() -> None:
    answer, made = Answer(handover=Handover.IN_DOUBT, detail="no reply"), Send(tries=2, first_at=NOW)
    unknown = Conclude(outcome=AlertOutcome.UNKNOWN, detail="no reply")
    assert after(answer, made, Channel.SMS, NOW, PATIENCE) == unknown
    assert after(answer, made, Channel.EMAIL, NOW, PATIENCE) == Postpone(
        pause=timedelta(seconds=10), detail="no reply", progress=DOUBT
    )
    assert after(answer, made, Channel.EMAIL, NOW + PATIENCE.give_up, PATIENCE) == unknown


def test_a_doubt_is_not_forgotten_by_a_later_try_that_was_not_taken() -> None:
    answer, made = Answer(handover=Handover.NOT_TAKEN, detail="451"), Send(tries=2, first_at=NOW, progress=DOUBT)
    postponed = after(answer, made, Channel.EMAIL, NOW, PATIENCE)
    assert isinstance(postponed, Postpone)
    assert postponed.progress == DOUBT


def test_a_mail_that_some_mailboxes_wait_for_is_tried_again_for_those() -> None:
    answer = Answer(handover=Handover.TAKEN, detail="250", later=PARTLY.remaining)
    assert after(answer, Send(tries=1, first_at=NOW), Channel.EMAIL, NOW, PATIENCE) == Postpone(
        pause=timedelta(seconds=5), detail="250", progress=PARTLY
    )
    last = Answer(handover=Handover.TAKEN, detail="250 too")
    made = Send(tries=2, first_at=NOW, progress=PARTLY)
    assert after(last, made, Channel.EMAIL, NOW, PATIENCE) == Conclude(outcome=AlertOutcome.SENT, detail="250 too")


def test_what_was_definitely_not_taken_is_tried_again() -> None:
    answer = Answer(handover=Handover.NOT_TAKEN, detail="451")
    for channel in Channel:
        assert after(answer, Send(tries=2, first_at=NOW), channel, NOW, PATIENCE) == Postpone(
            pause=timedelta(seconds=10), detail="451", progress=Progress()
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
