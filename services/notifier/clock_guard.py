"""A wall clock that jumps ahead must not make every document overdue at once (reliability F23).

Two clocks are read: the wall clock, which events carry but anybody may set, and the monotonic one, which nobody can
set but which means nothing outside this machine. While they run side by side the wall clock is believed. Once the
wall clock is ahead of what the monotonic one allows, time goes on by the monotonic clock for exactly one limit (the
time a recipient has). Only then is the wall clock believed again, and by then that is harmless: whatever was planned
before the jump has really waited a limit, and whatever was planned after it carries times of the new clock.

A clock set back is believed at once: alerts come late by that much, none comes too early. What this cannot see is a
clock that was already wrong when the process started.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=10)
"""What slewing may add between two readings."""

NEVER_BELIEVED = timedelta.max
"""Limit for measuring how long this process itself has waited: there a jump is never right, however long it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at both clocks, and what was believed."""

    believed: datetime
    monotonic: float
    ahead_since: float | None = None
    """Monotonic seconds at which the wall clock was first seen ahead; None while both agree."""


def look(previous: Reading | None, wall: datetime, monotonic: float, hold: timedelta) -> Reading:
    """The moment to believe now. `hold` is the limit after which a clock that stays ahead is believed."""
    if previous is None:
        return Reading(believed=wall, monotonic=monotonic)
    expected = previous.believed + timedelta(seconds=monotonic - previous.monotonic)
    if wall <= expected + TOLERANCE:
        return Reading(believed=wall, monotonic=monotonic)
    ahead_since = previous.ahead_since if previous.ahead_since is not None else monotonic
    if monotonic - ahead_since >= hold.total_seconds():
        return Reading(believed=wall, monotonic=monotonic)
    return Reading(believed=expected, monotonic=monotonic, ahead_since=ahead_since)
