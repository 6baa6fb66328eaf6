"""A part goes away: 503 with Retry-After within 5 s, readiness says which, nothing accepted is lost, it recovers."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest

from hubctl.local.ports import Port
from sim.factory import Parcel
from sim.place import Place
from tests.conftest import hubctl
from tests.e2e.conftest import Systems, item_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

ANSWER_SECONDS = 5.0
RECOVERY_SECONDS = 60.0


@contextmanager
def stopped(component: str) -> Iterator[None]:
    hubctl("local", "stop", component)
    try:
        yield
    finally:
        hubctl("local", "start", component)


@contextmanager
def no_blobs(stack: Place) -> Iterator[None]:
    """The store's folder is replaced by a file: every access fails, also for root."""
    folder = stack.stack.state.blobs
    aside = folder.with_name("blobs-aside")
    folder.rename(aside)
    folder.write_text("not a folder", encoding="utf-8")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


def readiness(stack: Place) -> tuple[int, dict[str, Any]]:
    address = f"http://{stack.stack.address(Port.INGEST_INTERNAL)}/health/ready"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


async def post(systems: Systems, parcel: Parcel, seconds: float) -> aiohttp.ClientResponse:
    client = systems[parcel.document.sender]
    headers = client._headers()
    async with asyncio.timeout(seconds):
        return await systems.session.post(f"{client._base}/documents", data=parcel.package, headers=headers)


async def accepted_again(systems: Systems, parcel: Parcel) -> dict[str, Any]:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        answer = await post(systems, parcel, 30)
        if answer.status in (200, 202):
            body: dict[str, Any] = await answer.json()
            return body
        assert answer.status == 503
        await asyncio.sleep(0.5)
    pytest.fail("the hub did not recover")


async def check_503(stack: Place, systems: Systems, parcel: Parcel, part: str) -> None:
    started = time.monotonic()
    answer = await post(systems, parcel, 30)
    assert time.monotonic() - started < ANSWER_SECONDS
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    problem = await answer.json(content_type=None)
    assert problem["code"] == "UNAVAILABLE"
    status, body = await asyncio.to_thread(readiness, stack)
    assert status == 503
    assert part in body["away"]


@pytest.mark.parametrize("component", ["kafka", "mongod"])
async def test_without_it_intake_says_503_and_recovers(
    stack: Place, systems: Systems, unsent: list[Parcel], component: str
) -> None:
    before, during = unsent.pop(), unsent.pop()
    receipt = await accepted_again(systems, before)
    with stopped(component):
        await check_503(stack, systems, during, {"mongod": "mongo"}.get(component, component))
    late = await accepted_again(systems, during)
    for parcel, hub_id in ((before, receipt["hub_id"]), (during, late["hub_id"])):
        for code in parcel.document.codes:
            assert await item_of(systems[code], hub_id, RECOVERY_SECONDS)


async def test_without_the_blob_store_intake_says_503_and_recovers(
    stack: Place, systems: Systems, unsent: list[Parcel]
) -> None:
    parcel = unsent.pop()
    with no_blobs(stack):
        await check_503(stack, systems, parcel, "blobs")
    receipt = await accepted_again(systems, parcel)
    for code in parcel.document.codes:
        assert await item_of(systems[code], receipt["hub_id"], RECOVERY_SECONDS)


async def test_without_the_registry_the_hub_goes_on(stack: Place, systems: Systems, unsent: list[Parcel]) -> None:
    assert stack
    parcel = unsent.pop()
    with stopped("registry"):
        answer = await post(systems, parcel, 30)
        assert answer.status == 202
        receipt = await answer.json()
        for code in parcel.document.codes:
            assert await item_of(systems[code], receipt["hub_id"])
