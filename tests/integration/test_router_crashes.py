"""The router under kill -9, of itself and of what it stands on: nothing lost, nothing doubled, nobody helps."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from motor.motor_asyncio import AsyncIOMotorClient

from hub.model import ids
from hub.model.errors import Transient
from hub.model.events import DeliveryPlanned, SignatureChecked
from hub.model.ids import AgencyCode, SystemId
from hub.model.values import Identifier
from hub.runtime.clock import system_clock
from hub.runtime.log import read_to_end
from services.router import routing
from services.router.replay import PROJECTED, projector
from services.router.routing import NOTHING_PLANNED, Route, Routes
from sim.place import Place
from tests.conftest import ROOT, hubctl
from tests.integration.router_site import HUB, PACKAGE, Site, checked, kill, site

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest_asyncio.fixture
async def at(stack: Place, environment: dict[str, dict[str, str]], tmp_path: Path) -> AsyncIterator[Site]:
    async with site(stack, environment["router"], tmp_path) as opened:
        yield opened


async def test_what_a_crash_left_half_appended_is_completed_as_it_was_decided(at: Site) -> None:
    """Killed after k of n events, and the directory changes before the restart: the old decision stands (F03)."""
    await at.register(1, *range(2, 22))
    recipients = [at.code(number) for number in range(2, 22)]
    event = checked(at.code(1), recipients, await at.package(PACKAGE))
    by_code = {code: Route(agency=code, system_id=SystemId(code)) for code in (at.code(1), *recipients)}
    decided = routing.plan(event, Routes(by_code=by_code, hub=HUB, at=system_clock()), NOTHING_PLANNED)
    hubctl("local", "stop", "router")
    try:
        await at.append(event)
        await at.append(*decided[:7])
        old = await at.agency(at.code(2))
        new = Identifier(code=AgencyCode(f"{at.code(2)}.NEW"), scheme="legacy", valid_from="", valid_to="")
        await at.append(
            replace(
                old, event_id=ids.event_id("new", "code", new.code), code=new.code, identifiers=(new, *old.identifiers)
            )
        )
    finally:
        hubctl("local", "start", "router")
    await at.until(21, 1)
    planned = await at.planned(event.header.hub_id)
    assert [each.recipient for each in planned] == recipients
    assert planned[0] == decided[0]
    (item,) = await at.until(2, 1)  # whose connection still serves the agency, under whichever code
    assert item["id"] == decided[0].event_id


async def test_kill_9_under_load_plans_every_recipient_exactly_once(at: Site) -> None:
    await at.register(1, 2, 3, 4)
    package = await at.package(PACKAGE)
    events = [checked(at.code(1), [at.code(2), at.code(3), at.code(4)], package) for _ in range(60)]

    async def send() -> None:
        for event in events:
            await at.append(event)
            await asyncio.sleep(0.05)

    sending = asyncio.create_task(send())
    for _ in range(3):
        await asyncio.sleep(1.2)
        await asyncio.to_thread(kill, "router")
    await sending
    for number in (2, 3, 4):
        items = await at.until(number, 60)
        assert len({item["hub_id"] for item in items}) == len(items) == 60
    await assert_equals_the_log(at)


async def assert_equals_the_log(at: Site) -> None:
    """Replay into a fresh database and compare with the live one: the router's own fsck."""
    client: AsyncIOMotorClient = AsyncIOMotorClient(at.settings.mongo_url, tz_aware=True)  # type: ignore[type-arg]
    fresh, live = client[f"hub_router_{at.mark}"], client[at.settings.mongo_database]
    try:
        events, project = await projector(fresh)
        starts = dict.fromkeys(await at.places(events), 0)
        async with aclosing(read_to_end(at.log, at.settings.brokers, starts)) as batches:
            async for records in batches:
                await project(records)
        for collection in PROJECTED:
            rebuilt = {row["_id"]: row async for row in fresh[collection].find()}
            standing = {row["_id"]: row async for row in live[collection].find()}
            assert rebuilt == standing, collection
    finally:
        await client.drop_database(fresh.name)
        client.close()


@pytest.mark.parametrize("component", ["kafka", "mongod"])
async def test_a_part_that_is_killed_comes_back_without_help(at: Site, component: str) -> None:
    await at.register(1, 2)
    package = await at.package(PACKAGE)
    before = checked(at.code(1), [at.code(2)], package)
    await at.append(before)
    (first,) = await at.until(2, 1)
    await asyncio.to_thread(kill, component)
    during = await at.call("POST", f"/inbox/{first['id']}/done", 2)
    assert during.status_code in (200, 503)
    if during.status_code == 503:
        assert during.headers["retry-after"]
    after = checked(at.code(1), [at.code(2)], package)
    await appended_at_last(at, after)
    started = time.monotonic()
    while after.header.hub_id not in {item["hub_id"] for item in await at.until(2, 1)}:
        assert time.monotonic() - started < 30, "the router did not come back"
    print(f"{component} answered again -> item visible: {time.monotonic() - started:.2f} s")  # noqa: T201 - a figure to read with -s
    settled = await at.call("POST", f"/inbox/{first['id']}/done", 2)
    assert settled.status_code == 200
    assert len({event.event_id for event in await at.planned(after.header.hub_id)}) == 1
    assert len(await at.recorded(DeliveryPlanned, before.header.hub_id)) == 1


async def appended_at_last(at: Site, event: SignatureChecked) -> None:
    """Append as soon as there is a broker again."""
    async with asyncio.timeout(60):
        while True:
            try:
                await at.append(event)
            except Transient:
                await asyncio.sleep(0.2)
            else:
                return


@contextmanager
def another_router(environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A second router beside the stack's own: other ports, other data folder, same group and database."""
    own = {
        **os.environ, **environment, "HUB_DATA_DIR": str(folder), "HUB_HTTP_PORT": str(free_port()),
        "HUB_INTERNAL_PORT": str(free_port()),
    }  # fmt: skip
    with (folder / "router.log").open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "services.router"], env=own, stdout=out, stderr=out, cwd=ROOT)
    try:
        wait_ready(int(own["HUB_INTERNAL_PORT"]))
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_ready(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("the second router does not become ready")


async def test_two_routers_share_the_work_and_either_may_go(
    at: Site, environment: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    """Partitions move twice under load: a second process comes, and dies without a word."""
    await at.register(1, 2)
    package = await at.package(PACKAGE)
    events = [checked(at.code(1), [at.code(2)], package) for _ in range(150)]

    async def send() -> None:
        for event in events:
            await at.append(event)
            await asyncio.sleep(0.05)

    sending = asyncio.create_task(send())
    with another_router(environment["router"], tmp_path) as second:
        await asyncio.sleep(3)
        os.kill(second.pid, signal.SIGKILL)
        await sending
        items = await at.until(2, len(events), 60)
    assert len({item["hub_id"] for item in items}) == len(items) == len(events)
    planned = await at.planned(*(event.header.hub_id for event in events))
    assert len({each.event_id for each in planned}) == len(events)
    await assert_equals_the_log(at)
