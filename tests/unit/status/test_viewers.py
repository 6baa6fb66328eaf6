"""Guessing the operator's password is slow, bounded and seen."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest
from structlog.testing import capture_logs

from hub.runtime import telemetry
from services.status.app_viewers import MOST_FAILURES, WINDOW_SECONDS, Guesses
from tests.unit.status.site import Site

WRONG = "operator:wrong"
PATHS = ["/console/", "/api/v1/documents/x", "/api/v1/reports/b?from=2026-11-20&to=2026-11-21"]


class Seconds:
    """A clock to be set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def site(seconds: Seconds) -> Site:
    return Site(guesses=Guesses(seconds))


@pytest.fixture
def addresses() -> Iterator[str]:
    return (f"10.0.{number // 256}.{number % 256}" for number in count())


async def guess(site: Site, times: int, address: str = "10.1.1.1", path: str = "/console/") -> list[int]:
    return [(await site.get(path, WRONG, address=address)).status_code for _ in range(times)]


@pytest.mark.parametrize("path", PATHS)
async def test_after_too_many_wrong_passwords_even_the_right_one_waits_a_minute(
    site: Site, seconds: Seconds, path: str
) -> None:
    assert set(await guess(site, MOST_FAILURES, path=path)) == {401}
    blocked = await site.get(path, address="10.1.1.1")
    assert blocked.status_code == 429
    assert blocked.headers["retry-after"]
    seconds.now += WINDOW_SECONDS
    assert (await site.get(path, address="10.1.1.1")).status_code in (200, 404)


async def test_all_doors_count_together_and_other_addresses_go_on(site: Site) -> None:
    for path in PATHS:
        await guess(site, MOST_FAILURES // len(PATHS) + 1, path=path)
    assert (await site.get("/console/", address="10.1.1.1")).status_code == 429
    assert (await site.get("/console/", address="10.1.1.2")).status_code == 200
    assert (await site.get("/console/", "", address="10.1.1.1")).status_code == 401  # a browser may still ask who it is
    assert "Chờ một phút" in (await site.get("/console/", address="10.1.1.1")).text


async def test_guesses_sent_side_by_side_are_counted_before_they_are_answered(seconds: Seconds) -> None:
    site = Site(delay=0.05, guesses=Guesses(seconds))
    answers = await asyncio.gather(*(guess(site, 1) for _ in range(3 * MOST_FAILURES)))
    assert [status for (status,) in answers].count(401) == MOST_FAILURES


async def test_every_failure_is_logged_with_its_address_and_counted_and_no_password_is(site: Site) -> None:
    metric = telemetry.REFUSALS.labels("NOT_AUTHENTICATED")
    before = metric._value.get()
    with capture_logs() as logs:
        await guess(site, 2)
        await guess(site, 1, path=PATHS[1])
    assert [(entry["where"], entry["count"]) for entry in logs if "wrong password" in entry["event"]] == [
        ("10.1.1.1", number) for number in (1, 2, 3)
    ]
    assert 'wrong"' not in str(logs)
    assert metric._value.get() - before == 3


def test_the_map_of_addresses_is_bounded(seconds: Seconds, addresses: Iterator[str]) -> None:
    guesses = Guesses(seconds)
    first = next(addresses)
    guesses.add(first)
    for _ in range(10_000):
        guesses.add(next(addresses))
    assert len(guesses._counts) == 10_000
    assert guesses.count(first) == 0
