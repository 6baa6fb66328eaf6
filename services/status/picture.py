"""A line drawn as a track of steps: which were made, which were passed over, what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.status import wording
from services.status.life import Recall, State
from services.status.reports import VIETNAM
from services.status.shown import Kind, Track
from services.status.wording import Label, label


class Look(StrEnum):
    """How a step looks."""

    DONE = "done"
    NOW = "now"
    PASSED = "passed"
    AHEAD = "ahead"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a track. `at` is None for steps nobody reported, or not yet; `new_day` says to show the date."""

    label: Label
    look: Look
    at: datetime | None
    new_day: bool


_SHORT = {
    State.SENT: label("Đã gửi", "Sent"),
    State.PLANNED: label("Vào hộp thư", "In inbox"),
    State.TAKEN: label("Tải về", "Downloaded"),
}
_TO_THE_RECIPIENT = (State.SENT, State.PLANNED, State.TAKEN)
_WAY = (
    *_TO_THE_RECIPIENT, State.ARRIVED, State.ACCEPTED, State.ASSIGNED, State.PROCESSING, State.FINISHED,
)  # fmt: skip
_LOOKS = {Look.PASSED: label("không báo", "not reported"), Look.AHEAD: label("chưa có", "not yet")}
_ANSWERS = (Recall.AGREED, Recall.DECLINED)
_ANSWER = label("Trả lời (15/16)", "Answer (15/16)")

Drawn = tuple[Label, Look, datetime | None]
"""A step before it is known whether its date must be shown."""


def steps(track: Track) -> tuple[Step, ...]:
    """The steps of a track in order; a refusal or a stop ends it."""
    return tuple(_steps(track, _reached(track)))


def untold(step: Step) -> Label:
    """What stands in place of a missing time."""
    return _LOOKS.get(step.look, label("", ""))


def _reached(track: Track) -> dict[State, datetime]:
    times = {State.SENT: track.times.sent, State.PLANNED: track.times.in_inbox, State.TAKEN: track.times.downloaded}
    reached = {state: at for state, at in times.items() if at is not None}
    for moment in track.moments:
        if moment.kind is Kind.STOPPED:
            reached[State.STOPPED] = moment.at
        if moment.kind is Kind.STATUS and moment.code in State.__members__.values():
            reached.setdefault(State(moment.code), moment.at)
    return reached


def _steps(track: Track, reached: dict[State, datetime]) -> Iterator[Step]:
    shown: datetime | None = None
    for text, look, at in (*_way(track, reached), *_end(track, reached)):
        yield Step(label=text, look=look, at=at, new_day=at is not None and not _same_day(at, shown))
        shown = at or shown


def _way(track: Track, reached: dict[State, datetime]) -> Iterator[Drawn]:
    """The processing line, up to where the document left it."""
    left = track.state in (State.REFUSED, State.STOPPED) or track.taken_back
    usual = _TO_THE_RECIPIENT if track.asks_consent else _WAY
    highest = max((state.rank for state in _WAY if state in reached), default=-1)
    for state in _WAY:
        if state in reached or (state in usual and not (left and state.rank > highest)):
            yield _SHORT.get(state, wording.STATES[state]), _look(state, track, reached, highest), reached.get(state)


def _end(track: Track, reached: dict[State, datetime]) -> Iterator[Drawn]:
    """What ended the way before its last step, or is to end it."""
    answers = [moment for moment in track.moments if track.recall in _ANSWERS and moment.code == track.recall.value]
    answered = answers[0] if answers else None
    if track.state in (State.REFUSED, State.STOPPED) and not (track.taken_back and track.state is State.REFUSED):
        yield wording.STATES[track.state], Look.BAD, reached.get(track.state)
    elif track.taken_back and answered:
        yield wording.TAKEN_BACK, Look.DONE, answered.at
    elif track.asks_consent and answered:
        yield answered.label, Look.DONE if track.recall is Recall.AGREED else Look.BAD, answered.at
    elif track.asks_consent:
        yield _ANSWER, Look.AHEAD, None


def _same_day(one: datetime, other: datetime | None) -> bool:
    return other is not None and one.astimezone(VIETNAM).date() == other.astimezone(VIETNAM).date()


def _look(state: State, track: Track, reached: dict[State, datetime], highest: int) -> Look:
    if state in reached:
        return Look.NOW if state is track.state and track.expected is not None else Look.DONE
    return Look.PASSED if state.rank < highest else Look.AHEAD
