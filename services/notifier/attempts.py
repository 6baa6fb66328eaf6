"""What to do with a raised alert that has no outcome yet: send it, wait, or conclude it. At most one ever leaves.

The attempt row (one per alert, written before anything leaves) is what crashes and second processes are judged by:

| attempt row                   | meaning                                               | move                         |
|-------------------------------|-------------------------------------------------------|------------------------------|
| none                          | nothing ever left                                     | send                         |
| none, and not ours            | raised before this database kept attempts: cannot say | unknown                      |
| leaving, by this life         | our write's answer got lost, and we went no further   | send                         |
| leaving, by a life before     | that process died in it                               | unknown                      |
| leaving, by another process   | it is at it, or died in it                            | wait its limit, then unknown |
| waiting                       | a gateway definitely did not take it                  | send again, then failed      |

A conclusion comes from definite knowledge only: what may have left is `unknown`, and `unknown` is never sent again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.model.events import AlertRaised
from hub.model.statuses import AlertOutcome
from services.notifier.alerts import NOBODY

FOREIGN = "raised before this database kept attempts; it may have been sent"
INTERRUPTED = "interrupted while leaving; it may have been sent"
NEEDLESS = "the document was fetched before the alert could leave"


class State(StrEnum):
    """Where an attempt is."""

    LEAVING = "leaving"
    WAITING = "waiting"


class Handover(StrEnum):
    """What a gateway did with a message."""

    TAKEN = "taken"
    REFUSED = "refused"
    NOT_TAKEN = "not_taken"
    """Definitely not handed over: may be tried again."""
    IN_DOUBT = "in_doubt"
    """No definite answer after the message began to leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A gateway's answer; `detail` is what it said, never our text."""

    handover: Handover
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process: `instance` is its lasting name, borne by one process at a time; `life` differs at each start."""

    instance: str
    life: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The attempt row of an alert."""

    tries: int
    state: State
    holder: Holder
    """Who made the last try."""
    first_at: datetime
    at: datetime
    """Start of the last try."""
    next_at: datetime | None
    detail: str
    """Last answer; empty before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A raised alert without an outcome, and what this database knows of it."""

    raised: AlertRaised
    sender: str
    """Code of the document's sender; empty when its watch is unknown."""
    needless: bool
    """The recipient has the document by now."""
    ours: bool
    """This database has kept attempts since before the alert was raised."""
    attempt: Attempt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long alerts are tried."""

    first_pause: timedelta
    longest_pause: timedelta
    give_up: timedelta
    attempt_limit: timedelta
    """Longer than any try can take: a try older than that is dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Make this try, counted from 1."""

    tries: int
    first_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Look again after this time."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude:
    """It is over."""

    outcome: AlertOutcome
    detail: str


def next_move(case: Case, holder: Holder, moment: datetime, patience: Patience) -> Send | Wait | Conclude:
    """The table above. `holder` is this process, and it has no try of this alert under way."""
    if case.attempt is None:
        return _never_tried(case, moment)
    match case.attempt.state:
        case State.LEAVING:
            return _left_alone(case.attempt, holder, moment, patience)
        case State.WAITING:
            return _again(case, case.attempt, moment, patience)


def _never_tried(case: Case, moment: datetime) -> Send | Conclude:
    if not case.ours:
        return Conclude(outcome=AlertOutcome.UNKNOWN, detail=FOREIGN)
    if not case.raised.addresses:
        return Conclude(outcome=AlertOutcome.FAILED, detail=NOBODY)
    if case.needless:
        return Conclude(outcome=AlertOutcome.FAILED, detail=NEEDLESS)
    return Send(tries=1, first_at=moment)


def _left_alone(attempt: Attempt, holder: Holder, moment: datetime, patience: Patience) -> Send | Wait | Conclude:
    if attempt.holder == holder:
        return Send(tries=attempt.tries, first_at=attempt.first_at)
    if attempt.holder.instance == holder.instance:
        return Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)
    age = abs(moment - attempt.at)  # a clock set back must not make a dead try look young for ever
    if age >= patience.attempt_limit:
        return Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)
    return Wait(pause=patience.attempt_limit - age)


def _again(case: Case, attempt: Attempt, moment: datetime, patience: Patience) -> Send | Wait | Conclude:
    if case.needless:
        return Conclude(outcome=AlertOutcome.FAILED, detail=NEEDLESS)
    if moment - attempt.first_at >= patience.give_up:
        return Conclude(outcome=AlertOutcome.FAILED, detail=attempt.detail)
    ahead = (attempt.next_at or moment) - moment
    if timedelta() < ahead <= patience.longest_pause:  # further ahead: the clock was set back
        return Wait(pause=ahead)
    return Send(tries=attempt.tries + 1, first_at=attempt.first_at)


def after(answer: Answer, made: Send, moment: datetime, patience: Patience) -> Wait | Conclude:
    """What a gateway's answer to a try means."""
    match answer.handover:
        case Handover.TAKEN:
            return Conclude(outcome=AlertOutcome.SENT, detail=answer.detail)
        case Handover.REFUSED:
            return Conclude(outcome=AlertOutcome.FAILED, detail=answer.detail)
        case Handover.IN_DOUBT:
            return Conclude(outcome=AlertOutcome.UNKNOWN, detail=answer.detail)
        case Handover.NOT_TAKEN:
            if moment - made.first_at >= patience.give_up:
                return Conclude(outcome=AlertOutcome.FAILED, detail=answer.detail)
            return Wait(pause=pause_after(made.tries, patience))


def pause_after(tries: int, patience: Patience) -> timedelta:
    """Doubles with every try, up to the longest pause."""
    doubled: timedelta = patience.first_pause * 2 ** min(tries - 1, 20)
    return min(doubled, patience.longest_pause)
