"""What to do with a raised alert that has no outcome yet: send it, wait, or conclude it.

A mail may leave again, an SMS may not (ADR 0013): every try of a mail bears the same Message-ID, and receivers drop the
repeat; nobody drops a repeated SMS. The attempt row (one per alert, written before anything leaves) is what crashes and
second processes are judged by:

| attempt row                 | meaning                                         | mail             | SMS              |
|-----------------------------|-------------------------------------------------|------------------|------------------|
| none                        | nothing ever left                               | send             | send             |
| none, and not ours          | raised before this database kept attempts       | unknown          | unknown          |
| leaving, by this life       | our write's answer got lost, we went no further | send             | send             |
| leaving, by a life before   | that process died in it                         | send again       | unknown          |
| leaving, by another process | it is at it; after its limit: it died in it     | wait, send again | wait, unknown    |
| waiting                     | not taken; a mail also: in doubt, or not taken  | send again,      | send again,      |
|                             | for all of its mailboxes                        | for a while      | for a while      |

In the end stands the best that is known: `sent` when a mailbox took it, `unknown` when a try may have left, else
`failed`. Nothing leaves after that.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.model.events import AlertRaised
from hub.model.statuses import AlertOutcome, Channel
from services.notifier.alerts import NOBODY

FOREIGN = "raised before this database kept attempts; it may have been sent"
INTERRUPTED = "interrupted while leaving; it may have been sent"
NEEDLESS = "the document was fetched before the alert had certainly left"


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
    later: tuple[str, ...] = ()
    """Of a mail that was taken: mailboxes for which it was not, for now (greylisted)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process: `instance` is its lasting name, borne by one process at a time; `life` differs at each start."""

    instance: str
    life: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the tries so far have come to."""

    in_doubt: bool = False
    """One of them may have left."""
    remaining: tuple[str, ...] = ()
    """Mailboxes not reached while others were; empty: none was reached, or all."""


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
    progress: Progress = Progress()


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
    progress: Progress = Progress()
    """Of the tries before."""
    row: Attempt | None = None
    """The row that this try is made upon; None when there is none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Look again after this time."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone:
    """This try was not the last one: the next may be made after this time."""

    pause: timedelta
    detail: str
    progress: Progress


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
            return _left_alone(case, case.attempt, holder, moment, patience)
        case State.WAITING:
            return _again(case, case.attempt, moment, patience)


def _never_tried(case: Case, moment: datetime) -> Send | Conclude:
    if not case.ours:
        return Conclude(outcome=AlertOutcome.UNKNOWN, detail=FOREIGN)
    if not case.raised.addresses:
        return Conclude(outcome=AlertOutcome.NO_CONTACT, detail=NOBODY)
    if case.needless:
        return Conclude(outcome=AlertOutcome.NEEDLESS, detail=NEEDLESS)
    return Send(tries=1, first_at=moment)


def _left_alone(
    case: Case, attempt: Attempt, holder: Holder, moment: datetime, patience: Patience
) -> Send | Wait | Conclude:
    if attempt.holder == holder:
        return Send(tries=attempt.tries, first_at=attempt.first_at, progress=attempt.progress, row=attempt)
    age = abs(moment - attempt.at)  # a clock set back must not make a dead try look young for ever
    if attempt.holder.instance != holder.instance and age < patience.attempt_limit:
        return Wait(pause=patience.attempt_limit - age)
    if not _may_repeat(case.raised.channel):
        return Conclude(outcome=AlertOutcome.UNKNOWN, detail=INTERRUPTED)
    return _again(case, _interrupted(attempt, patience), moment, patience)


def _interrupted(attempt: Attempt, patience: Patience) -> Attempt:
    """A try cut off by a crash is one in doubt; it has its pause too, so that a crash loop is no flood of mails."""
    return replace(
        attempt,
        next_at=attempt.at + pause_after(attempt.tries, patience),
        detail=INTERRUPTED,
        progress=replace(attempt.progress, in_doubt=True),
    )


def _again(case: Case, attempt: Attempt, moment: datetime, patience: Patience) -> Send | Wait | Conclude:
    if case.needless:  # whether a try left or not, nobody has to be told any more
        return _end(replace(attempt.progress, in_doubt=False), AlertOutcome.NEEDLESS, NEEDLESS)
    if moment - attempt.first_at >= patience.give_up:
        return _end(attempt.progress, AlertOutcome.FAILED, attempt.detail)
    ahead = (attempt.next_at or moment) - moment
    if timedelta() < ahead <= patience.longest_pause:  # further ahead: the clock was set back
        return Wait(pause=ahead)
    return Send(tries=attempt.tries + 1, first_at=attempt.first_at, progress=attempt.progress, row=attempt)


def after(answer: Answer, made: Send, channel: Channel, moment: datetime, patience: Patience) -> Postpone | Conclude:
    """What a gateway's answer to a try means."""
    match answer.handover:
        case Handover.TAKEN if not answer.later:
            return Conclude(outcome=AlertOutcome.SENT, detail=answer.detail)
        case Handover.TAKEN:
            progress = replace(made.progress, remaining=answer.later)
        case Handover.REFUSED:
            return _end(made.progress, AlertOutcome.FAILED, answer.detail)
        case Handover.IN_DOUBT if not _may_repeat(channel):
            return Conclude(outcome=AlertOutcome.UNKNOWN, detail=answer.detail)
        case Handover.IN_DOUBT:
            progress = replace(made.progress, in_doubt=True)
        case Handover.NOT_TAKEN:
            progress = made.progress
    if moment - made.first_at >= patience.give_up:
        return _end(progress, AlertOutcome.FAILED, answer.detail)
    return Postpone(pause=pause_after(made.tries, patience), detail=answer.detail, progress=progress)


def _may_repeat(channel: Channel) -> bool:
    """Whether the receiver of a repeat sees that it is one."""
    match channel:
        case Channel.EMAIL:
            return True
        case Channel.SMS:
            return False


def _end(progress: Progress, otherwise: AlertOutcome, detail: str) -> Conclude:
    """No further try: the best that is known of the tries so far, `otherwise` when nothing ever left."""
    if progress.remaining:
        return Conclude(outcome=AlertOutcome.SENT, detail=f"not to {len(progress.remaining)} mailboxes: {detail}")
    if progress.in_doubt:
        return Conclude(outcome=AlertOutcome.UNKNOWN, detail=detail)
    return Conclude(outcome=otherwise, detail=detail)


def pause_after(tries: int, patience: Patience) -> timedelta:
    """Doubles with every try, up to the longest pause."""
    doubled: timedelta = patience.first_pause * 2 ** min(tries - 1, 20)
    return min(doubled, patience.longest_pause)
