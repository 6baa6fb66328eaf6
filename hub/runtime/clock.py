"""The hub's clock: the one place that asks the system for the time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment: UTC, whole milliseconds. Handlers are given one, so that tests can set it."""


def system_clock() -> datetime:
    """The present moment, UTC, whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
