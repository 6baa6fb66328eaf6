"""Dates as clients in service write them; a time of day that their library adds does not count."""

from datetime import date

import pytest

from hub.wire.edxml_dates import read_date


@pytest.mark.parametrize("text", [
    "2026/11/20", "20/11/2026", "2026-11-20", "20/11/2026 10:00:00", "2026/11/20 00:00:00", "2026/11/20 9:05",
    "2026-11-20T00:00:00", "2026-11-20T23:59:59Z", "2026-11-20T00:00:00+07:00", "2026-11-20T00:00:00.0000000+0700",
    "2026-11-20T17:00:00-05:00",
])  # fmt: skip
def test_the_day_as_written_counts(text: str) -> None:
    assert read_date(text) == date(2026, 11, 20)


@pytest.mark.parametrize("text", [
    "", "2026/11/20 ", "2026/11/20T", "2026/11/20 10", "2026/11/20 10:00:00 SA", "2014/02/30 10:00:00",
    "2026-11-20T00:00:00." + "0" * 60_000, "2026-11-20 10:00:00+7", "20:00 2026/11/20",
])  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert read_date(text) is None
