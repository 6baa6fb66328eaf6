import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from hub.model.errors import Transient
from hub.model.ids import EventId
from hub.model.statuses import Channel
from services.notifier import app_lanes
from services.notifier.app_lanes import Lane
from services.notifier.handlers import OpenAlert
from tests.fakes.notifier import TRACE

Send = Callable[[EventId], Awaitable[timedelta | None]]


def alert(name: str, channel: Channel = Channel.EMAIL) -> OpenAlert:
    return OpenAlert(alert_id=EventId(name), channel=channel, trace=TRACE)


@asynccontextmanager
async def running(*sends: Send) -> AsyncIterator[list[Lane]]:
    stop = asyncio.Event()
    lanes = [Lane(channel, send) for channel, send in zip(Channel, sends, strict=False)]  # type: ignore[arg-type]
    tasks = [asyncio.create_task(lane.run(stop)) for lane in lanes]
    try:
        yield lanes
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not condition():  # noqa: ASYNC110 - looks at what happened, from outside
            await asyncio.sleep(0.005)


async def test_an_alert_is_in_its_lane_once_until_it_is_over() -> None:
    seen: list[str] = []
    gate = asyncio.Event()

    async def send(alert_id: EventId) -> None:
        seen.append(alert_id)
        await gate.wait()

    async with running(send) as (lane,):
        for _ in range(3):
            lane.add(alert("a"))
        await until(lambda: seen == ["a"])
        lane.add(alert("a"))
        gate.set()
        await asyncio.sleep(0.02)
        assert seen == ["a"]
        lane.add(alert("a"))
        await until(lambda: seen == ["a", "a"])


async def test_a_channel_that_hangs_does_not_hold_the_other_up() -> None:
    hangs = asyncio.Event()
    sent: list[str] = []

    async def hanging(_: EventId) -> None:
        await hangs.wait()

    async def prompt(alert_id: EventId) -> None:
        sent.append(alert_id)

    async with running(hanging, prompt) as (mail, sms):
        for number in range(20):
            mail.add(alert(f"m{number}"))
            sms.add(alert(f"s{number}", Channel.SMS))
        await until(lambda: len(sent) == 20)
        hangs.set()


async def test_alerts_that_wait_do_not_hold_up_those_that_are_due() -> None:
    seen: list[str] = []

    async def send(alert_id: EventId) -> timedelta | None:
        seen.append(alert_id)
        return timedelta(seconds=0.05) if seen.count(alert_id) < 3 and alert_id.startswith("late") else None

    async with running(send) as (lane,):
        for number in range(8):
            lane.add(alert(f"late{number}"))
        lane.add(alert("prompt"))
        await until(lambda: "prompt" in seen)
        await until(lambda: len(seen) == 25)


async def test_a_part_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_lanes, "_TRANSIENT_SECONDS", 0.01)
    tries = 0

    async def send(_: EventId) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Transient("mongo", "away")

    async with running(send) as (lane,):
        lane.add(alert("a"))
        await until(lambda: tries == 3)


async def test_what_is_under_way_at_the_stop_is_finished() -> None:
    finished = asyncio.Event()

    async def send(_: EventId) -> None:
        await asyncio.sleep(0.05)
        finished.set()

    async with running(send) as (lane,):
        lane.add(alert("a"))
        await asyncio.sleep(0.01)
    assert finished.is_set()


async def test_new_alerts_come_before_those_that_are_tried_again() -> None:
    seen: list[str] = []
    gate = asyncio.Event()

    async def send(alert_id: EventId) -> timedelta | None:
        seen.append(alert_id)
        if alert_id.startswith("first"):
            await gate.wait()
            return None
        return timedelta() if alert_id.startswith("again") and seen.count(alert_id) == 1 else None

    async with running(send) as (lane,):
        lane.add(alert("again0"))
        lane.add(alert("again1"))
        await until(lambda: len(seen) == 4)  # both are over now, having been tried again
        seen.clear()
        for number in range(4):
            lane.add(alert(f"first{number}"))
        await until(lambda: len(seen) == 4)  # every place is taken
        lane._schedule(alert("retry"), 0.0)
        await asyncio.sleep(0.02)
        lane.add(alert("new"))
        gate.set()
        await until(lambda: len(seen) == 6)
    assert seen[4:] == ["new", "retry"]


async def test_after_a_try_that_came_to_nothing_one_alert_at_a_time_asks_until_something_is_over() -> None:
    up, under_way, most = False, 0, 0
    over: list[str] = []

    async def send(alert_id: EventId) -> timedelta | None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        if not up:
            return timedelta()
        over.append(alert_id)
        return None

    async with running(send) as (lane,):
        for number in range(12):
            lane.add(alert(f"a{number}"))
        await until(lambda: most == 4)  # nobody knows yet that the gateway is away
        await asyncio.sleep(0.05)
        most = 0
        await asyncio.sleep(0.1)
        assert most == 1
        up = True
        await until(lambda: len(over) == 12)
        assert most == 4


async def test_tries_that_come_to_nothing_are_counted_as_retries() -> None:
    def retries() -> float:
        return REGISTRY.get_sample_value("hub_transient_retries_total", {"part": "email"}) or 0.0

    before, tries = retries(), 0

    async def send(_: EventId) -> timedelta | None:
        nonlocal tries
        tries += 1
        return timedelta() if tries < 3 else None

    async with running(send) as (lane,):
        lane.add(alert("a"))
        await until(lambda: tries == 3)
    assert retries() == before + 2
