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
_WAY = (
    State.SENT, State.PLANNED, State.TAKEN, State.ARRIVED, State.ACCEPTED, State.ASSIGNED, State.PROCESSING,
    State.FINISHED,
)  # fmt: skip
_LOOKS = {Look.PASSED: label("không báo", "not reported"), Look.AHEAD: label("chưa đến", "not yet")}


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
    for state, look in _looks(track, reached):
        at = reached.get(state)
        label = _SHORT.get(state, wording.STATES[state])
        yield Step(label=label, look=look, at=at, new_day=at is not None and not _same_day(at, shown))
        shown = at or shown


def _looks(track: Track, reached: dict[State, datetime]) -> Iterator[tuple[State, Look]]:
    ended = track.state in (State.REFUSED, State.STOPPED)
    highest = max((state.rank for state in _WAY if state in reached), default=-1)
    for state in _WAY:
        if not ended or state.rank <= highest:
            yield state, _look(state, track, reached, highest)
    if ended:
        yield track.state, Look.BAD


def _same_day(one: datetime, other: datetime | None) -> bool:
    return other is not None and one.astimezone(VIETNAM).date() == other.astimezone(VIETNAM).date()


def _look(state: State, track: Track, reached: dict[State, datetime], highest: int) -> Look:
    if state in reached:
        open_end = state is track.state and state is not State.FINISHED and track.recall is not Recall.AGREED
        return Look.NOW if open_end else Look.DONE
    return Look.PASSED if state.rank < highest else Look.AHEAD
