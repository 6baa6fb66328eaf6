import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from hub.model.errors import Transient
from hub.model.ids import EventId
from hub.model.statuses import Channel
from services.notifier import app_lanes
from services.notifier.app_lanes import Lane, patiently
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


async def test_patience_tries_until_it_is_done() -> None:
    tries = 0

    async def deed() -> None:
        nonlocal tries
        tries += 1
        if tries < 2:
            raise Transient("kafka", "away")

    await patiently(deed)
    assert tries == 2
