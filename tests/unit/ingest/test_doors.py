"""The HTTP doors over doubles: which door takes what, and turns of requests with one package."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request

from hub.model.errors import Transient
from hub.model.events import DocumentReceived
from hub.model.ids import SystemId
from hub.model.reasons import Code
from hub.model.values import Package
from hub.runtime.callers import Caller
from services.ingest import app
from services.ingest.app import Doors, build
from services.ingest.app_body import Sink
from tests.fakes.events import NOW
from tests.fakes.packages import Letter, StatusLetter
from tests.unit.ingest.test_body import Kept
from tests.unit.ingest.test_handlers import Room, room

__all__ = ["room"]  # the fixture


class House:
    """The public app over a room; the clock is moved by hand."""

    def __init__(self, room: Room) -> None:
        self.room, self.now = room, NOW
        opened = asyncio.Event()
        opened.set()
        self.app = build(
            Doors(
                callers=self.caller, opened=opened, clock=self.clock, spool=self, package_limit=1 << 20,
                status_limit=1 << 20, submit=room.submit, submitting=room.submitting, report=room.report,
                reporting=room.reporting,
            )
        )  # fmt: skip

    def clock(self) -> datetime:
        return self.now

    async def caller(self, request: Request) -> Caller:
        return Caller(system_id=SystemId(request.headers["by"]))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Sink]:
        yield Kept()

    async def post(self, path: str, content: bytes, by: str = "H99") -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.post(f"/api/v1/{path}", content=content, headers={"by": by})


@pytest.fixture
def house(room: Room) -> House:
    return House(room)


async def test_each_door_names_the_other(house: House) -> None:
    for path, content, code, other in (
        ("documents", StatusLetter().bytes(), Code.STATUS_NOT_DOCUMENT, "/api/v1/statuses"),
        ("statuses", Letter().bytes(), Code.DOCUMENT_NOT_STATUS, "/api/v1/documents"),
    ):
        answer = await house.post(path, content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert other in answer.json()["reasons"][0]["fix_vi"]
    found = (await house.post("documents/check", StatusLetter().bytes())).json()["findings"]
    assert [each["code"] for each in found] == [Code.STATUS_NOT_DOCUMENT]


async def test_a_document_and_its_status(house: House) -> None:
    assert [(await house.post("documents", Letter().bytes())).status_code for _ in range(2)] == [202, 200]
    assert [(await house.post("statuses", StatusLetter().bytes(), "G99")).status_code for _ in range(2)] == [202, 200]


class Slow:
    """A blob store that keeps everybody waiting until it is released; the first to come may then find it away."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> None:
        self.asked, self.released = asyncio.Event(), asyncio.Event()
        self._put, self._fails = house.room.packages.put, fails
        monkeypatch.setattr(house.room.packages, "put", self.put)

    async def put(self, package: Package, content: bytes | Path) -> None:
        fails, self._fails = self._fails, False
        self.asked.set()
        await self.released.wait()
        if fails:
            raise Transient("blobs", "switched off")
        await self._put(package, content)


async def test_the_hubs_time_begins_when_a_requests_turn_comes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Slow(house, monkeypatch, fails=True)
    first = asyncio.create_task(house.post("documents", Letter().bytes()))
    await store.asked.wait()
    second = asyncio.create_task(house.post("documents", Letter().bytes()))
    await asyncio.sleep(0.05)
    house.now = NOW + timedelta(seconds=3)
    store.released.set()
    assert [(await answer).status_code for answer in (first, second)] == [503, 202]
    (event,) = house.room.log.events()
    assert isinstance(event, DocumentReceived)
    assert event.occurred_at == house.now
    assert all(claim.claimed_at == house.now for claim in house.room.claims.claims.values())


async def test_nobody_waits_for_its_turn_without_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Slow(house, monkeypatch)
    monkeypatch.setattr(app, "PATIENCE_SECONDS", 0.05)
    first = asyncio.create_task(house.post("documents", Letter().bytes()))
    await store.asked.wait()
    waiting = await asyncio.gather(*(house.post("documents", Letter().bytes()) for _ in range(3)))
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in waiting] == [(503, "5")] * 3
    store.released.set()
    assert (await first).status_code == 202
    assert (await house.post("documents", Letter().bytes())).status_code == 200


async def test_turns_are_forgotten_when_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PATIENCE_SECONDS", 0.01)
    turns: Any = app.OneAtATime()
    async with turns.of("a"):
        with pytest.raises(Transient):
            async with turns.of("a"):
                raise AssertionError("two at a time")
        assert len(turns._locks) == 1
    assert turns._locks == {}
    async with turns.of("a"):
        pass
