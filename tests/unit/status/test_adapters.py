"""What MongoLives does around its queries. What the queries find is tested against MongoDB (tests/integration)."""

import asyncio
from datetime import date
from typing import Any

import pytest

from hub.runtime.mongo import TookTooLong
from services.status import adapters
from services.status.adapters import MongoLives
from services.status.reports import Period

DAY = Period(since=date(2026, 11, 20), until=date(2026, 11, 21))


class SlowRows:
    """A collection whose every aggregation takes a while and finds nothing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running = self.most_running = 0

    def aggregate(self, *_: Any, **__: Any) -> "SlowRows":
        return self

    async def to_list(self, _length: None) -> list[dict[str, Any]]:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        return []


def lives_over(rows: SlowRows) -> MongoLives:
    database: Any = {adapters.COLLECTION: rows}
    return MongoLives(database)


async def test_one_report_at_a_time_is_made() -> None:
    rows = SlowRows(0.01)
    lives = lives_over(rows)
    await asyncio.gather(*(lives.tally(DAY) for _ in range(5)))
    assert rows.most_running == 1


async def test_a_report_that_takes_too_long_is_told_apart_and_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "_REPORT_SECONDS", 0.05)
    rows = SlowRows(5)
    lives = lives_over(rows)
    answers = await asyncio.gather(lives.tally(DAY), lives.tally(DAY), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TookTooLong, TookTooLong]
    rows.seconds = 0
    assert not await lives.tally(DAY)
