from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.app import GuardedClock
from services.notifier.clock_guard import NEVER_BELIEVED, TOLERANCE
from tests.fakes.notifier import LIMIT, NOW, SettableClock

HOUR = timedelta(hours=1)


class Clocks:
    """A wall clock that can jump, a monotonic one that cannot, and the guard over both."""

    def __init__(self) -> None:
        self.wall = SettableClock()
        self.monotonic = 1000.0
        self.guarded = GuardedClock(self.wall, lambda: self.monotonic, LIMIT)
        self.guarded()

    def run(self, time: timedelta) -> datetime:
        self.wall.now += time
        self.monotonic += time.total_seconds()
        return self.guarded()

    def jump(self, by: timedelta) -> datetime:
        self.wall.now += by
        return self.guarded()


def test_the_wall_clock_is_believed_while_both_agree() -> None:
    clocks = Clocks()
    assert clocks.run(timedelta(days=3)) == NOW + timedelta(days=3)
    assert clocks.jump(TOLERANCE / 2) == NOW + timedelta(days=3) + TOLERANCE / 2


def test_a_jump_ahead_is_not_believed_for_one_limit_and_then_is() -> None:
    clocks = Clocks()
    assert clocks.jump(HOUR) == NOW
    assert clocks.run(LIMIT / 2) == NOW + LIMIT / 2
    assert clocks.run(LIMIT / 2) == NOW + LIMIT + HOUR


def test_when_the_jump_is_believed_nothing_planned_before_or_after_it_is_early() -> None:
    clocks = Clocks()
    before = clocks.guarded()
    clocks.jump(HOUR)
    clocks.run(LIMIT / 3)
    after_jump = clocks.wall.now  # what a service on this machine writes into an event now
    believed = clocks.run(2 * LIMIT / 3)
    assert believed >= before + LIMIT  # it has waited a limit: rightly due
    assert believed < after_jump + LIMIT  # it has not: rightly not due


def test_a_clock_that_jumps_and_is_corrected_was_never_believed() -> None:
    clocks = Clocks()
    clocks.jump(HOUR)
    clocks.run(timedelta(minutes=5))
    assert clocks.jump(-HOUR) == NOW + timedelta(minutes=5)
    assert clocks.jump(HOUR) == NOW + timedelta(minutes=5)


def test_a_clock_that_never_believes_a_jump_goes_on_by_the_monotonic_one() -> None:
    wall, monotonic = SettableClock(), 0.0
    guarded = GuardedClock(wall, lambda: monotonic, NEVER_BELIEVED)
    guarded()
    wall.now += 24 * HOUR
    for hours in range(1, 100):
        wall.now += HOUR
        monotonic += HOUR.total_seconds()
        assert guarded() == NOW + hours * HOUR


def test_a_clock_set_back_is_believed_at_once() -> None:
    clocks = Clocks()
    assert clocks.jump(-HOUR) == NOW - HOUR
    assert clocks.run(LIMIT) == NOW - HOUR + LIMIT


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(-7200, 7200)), max_size=30))
def test_time_never_goes_faster_than_both_clocks_allow_within_a_limit(steps: list[tuple[int, int]]) -> None:
    clocks = Clocks()
    for seconds, jump in steps:
        before, monotonic = clocks.guarded(), clocks.monotonic
        clocks.jump(timedelta(seconds=jump))
        gone = clocks.run(timedelta(seconds=seconds)) - before
        held = clocks.monotonic - monotonic
        assert gone <= timedelta(seconds=held) + 2 * TOLERANCE or clocks.guarded() == clocks.wall.now
