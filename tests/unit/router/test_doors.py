"""The HTTP doors on doubles: answers, headers, refusals, waiting."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from fastapi import FastAPI

from hub.model.events import ConnectionChanged, DeliveryPlanned, DeliveryTaken
from hub.model.ids import AgencyCode, SystemId
from hub.runtime import telemetry
from hub.runtime.callers import Callers
from hub.runtime.clock import system_clock
from hub.runtime.http import Watched
from hub.runtime.seal import Seal
from services.router.adapters_directory import SealedSecrets
from services.router.app import Opening, agencies_app, operators_app
from services.router.app_directory import AdminGuard, DirectoryDoors
from services.router.app_inbox import InboxDoors
from services.router.directory_rules import AgencyEntry
from services.router.handlers_directory import ChangeDirectory, ConnectionEntry
from tests.fakes.events import agency, connection
from tests.fakes.router import CONTENT, HUB, Refreshing, checked, directory
from tests.unit.router.test_handlers import Router, causes

SECRET = "a shared secret, long enough for HS256"
TOKEN = "operators only, please"


class Entries:
    """`handlers_directory.DirectoryList` over a directory."""

    def __init__(self, view: Refreshing) -> None:
        self._view = view

    async def search(self, words: str, limit: int) -> list[AgencyEntry]:
        found = [_entry(each) for each in self._view.directory.agencies() if words in each.name]
        return found[:limit]

    async def agency(self, code: AgencyCode) -> AgencyEntry | None:
        found = self._view.directory.resolve(code)
        return _entry(found) if found else None

    async def connections(self) -> list[ConnectionEntry]:
        return [
            ConnectionEntry(system_id=each.system_id, agencies=each.agencies, active=each.active)
            for each in self._view.directory.connections()
        ]


def _entry(event: Any) -> AgencyEntry:
    names = ("code", "name", "kind", "parent", "state", "signature_policy", "identifiers", "contacts")
    return AgencyEntry(**{name: getattr(event, name) for name in names})


class House:
    """Both apps over the use cases of `Router`."""

    def __init__(self) -> None:
        seal = Seal(bytes(32))
        codes = ("G01", "G22", "G23")
        present = directory(*(agency(code) for code in codes))
        for code in codes:
            sealed = seal.close(SystemId(code), SECRET)
            present.learn(ConnectionChanged(**_fields(connection(code, code)), sealed_secret=sealed))
        self.router = router = Router(Refreshing(present))
        self.open, self.view = asyncio.Event(), router.view
        known = router.view.known
        doors = InboxDoors(
            known=known, inbox=router.inbox, packages=router.packages, arrivals=router.bell, clock=system_clock,
            take=router.take, settle=router.settle,
        )  # fmt: skip
        change = router.steps(ChangeDirectory(known, SealedSecrets(seal), router.projection, HUB))
        entries = DirectoryDoors(known=known, entries=Entries(router.view), clock=system_clock, change=change)
        opening = Opening(directory=self.open)
        callers = Callers(router.view, seal, system_clock)  # type: ignore[arg-type]  # only its directory is asked
        self.public = agencies_app(opening, callers, doors, entries)
        self.admin = operators_app(opening, AdminGuard(TOKEN), entries)
        self.open.set()

    async def call(self, method: str, path: str, by: str = "G22", **more: Any) -> httpx.Response:
        until = system_clock() + timedelta(hours=1)
        token = jwt.encode({"sub": by, "exp": until}, SECRET, "HS256")
        return await _call(self.public, method, f"/api/v1{path}", token, **more)

    async def operate(self, method: str, path: str, token: str = TOKEN, **more: Any) -> httpx.Response:
        return await _call(self.admin, method, f"/v1{path}", token, **more)

    async def item(self, *recipients: str, number: str = "125") -> str:
        await self.router.plan.run(causes(checked(*(recipients or ("G22",)), number=number)))
        return str(self.router.of(DeliveryPlanned)[-1].event_id)


async def _call(app: FastAPI, method: str, path: str, token: str, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as client:
        return await client.request(method, path, headers=headers, **more)


def _fields(event: ConnectionChanged) -> dict[str, Any]:
    names = ("event_id", "occurred_at", "cause_id", "system_id", "agencies", "active")
    return {name: getattr(event, name) for name in names}


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    yield House()


async def test_an_item_is_shown_as_agreed(house: House) -> None:
    name = await house.item()
    (item,) = (await house.call("GET", "/inbox")).json()["items"]
    assert (item["id"], item["from"], item["to"], item["business_type"]) == (name, "G01", "G22", 0)
    assert item["verdict"] == {"outcome": "VALID", "reason": "OK"}
    assert item["planned_at"] == "2026-11-20T02:15:02.000Z"
    assert set(item) == {
        "id", "kind", "hub_id", "document_id", "code", "subject", "business_type", "priority", "from", "to", "digest",
        "size", "verdict", "status_code", "state", "planned_at", "taken_at",
    }  # fmt: skip
    assert (await house.call("GET", f"/inbox/{name}")).json() == item


async def test_closed_doors_say_when_to_come_again(house: House) -> None:
    house.open.clear()
    answer = await house.call("GET", "/inbox")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["reasons"][0]["field"] == "directory"


@pytest.mark.parametrize(
    "query", ["kind=letter", "limit=0", "limit=1001", "wait=31", "wait=-1", "wait=nan", "after=" + "x" * 65]
)
async def test_questions_out_of_bounds_are_refused(house: House, query: str) -> None:
    answer = await house.call("GET", f"/inbox?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


async def test_pages_end(house: House) -> None:
    for number in range(3):
        await house.item(number=str(number))
    first = (await house.call("GET", "/inbox?limit=2")).json()
    second = (await house.call("GET", f"/inbox?limit=2&after={first['next']}")).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert (await house.call("GET", "/inbox?after=nobodys")).status_code == 404


async def test_who_waits_is_answered_when_something_comes(house: House) -> None:
    waiting = asyncio.create_task(house.call("GET", "/inbox?wait=20"))
    await asyncio.sleep(0.05)
    await house.item()
    async with asyncio.timeout(1):
        assert len((await waiting).json()["items"]) == 1


async def test_who_leaves_an_item_lying_waits_for_another_page(house: House) -> None:
    await house.item(number="1")
    page = await house.call("GET", "/inbox?wait=20")
    known = {"If-None-Match": page.headers["ETag"]}
    same = await house.call("GET", "/inbox?wait=0.05", headers=known)
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", page.headers["ETag"])
    waiting = asyncio.create_task(house.call("GET", "/inbox?wait=20", headers=known))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    name = await house.item(number="2")
    async with asyncio.timeout(1):
        assert name in {item["id"] for item in (await waiting).json()["items"]}
    assert (await house.call("GET", "/inbox?wait=20", headers={"If-None-Match": "*"})).status_code == 200


async def test_nobody_waits_longer_than_asked_nor_beyond_the_end(house: House) -> None:
    assert (await house.call("GET", "/inbox?wait=0.05")).json() == {"items": [], "next": None}
    waiting, stop = asyncio.create_task(house.call("GET", "/inbox?wait=20")), asyncio.Event()
    await asyncio.sleep(0.05)
    stop.set()
    await house.router.bell.run(stop)
    async with asyncio.timeout(1):
        assert (await waiting).json()["items"] == []


async def test_a_download_is_told_before_the_bytes_leave(house: House) -> None:
    name = await house.item()
    house.router.log.away = True
    assert (await house.call("GET", f"/inbox/{name}/package")).status_code == 503
    house.router.log.away = False
    answer = await house.call("GET", f"/inbox/{name}/package")
    assert (answer.content, answer.headers["content-length"]) == (CONTENT, str(len(CONTENT)))
    assert len(house.router.of(DeliveryTaken)) == 1


async def test_a_package_that_is_away_was_not_had(house: House) -> None:
    name = await house.item()
    house.router.packages.kept.clear()
    assert (await house.call("GET", f"/inbox/{name}/package")).status_code == 503
    assert house.router.of(DeliveryTaken) == []


@pytest.mark.parametrize("state", ["processing", "done", "fail"])
async def test_acknowledging_with_and_without_a_remark(house: House, state: str) -> None:
    name = await house.item()
    assert (await house.call("POST", f"/inbox/{name}/{state}")).json()["state"] == state
    again = await house.call("POST", f"/inbox/{name}/{state}", json={"description": "đã nhận"})
    assert (again.status_code, again.json()["state"]) == (200, state)
    assert (await house.call("POST", f"/inbox/{name}/{state}", json=["x"])).status_code == 400
    assert (await house.call("POST", f"/inbox/{name}/{state}", by="G23")).status_code == 404


async def test_agencies_see_each_other_without_contacts(house: House) -> None:
    (found,) = (await house.call("GET", "/agencies?q=G22")).json()["agencies"]
    assert (found["code"], found["connected"]) == ("G22", True)
    assert "contacts" not in found


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/api/v1/inbox", "/api/v1/inbox"),
        ("GET", "/api/v1/inbox/x/package", "/api/v1/inbox/{item_id}/package"),
        ("POST", "/api/v1/inbox/x/done", "/api/v1/inbox/{item_id}/done"),
        ("GET", "/nowhere", "other"),
    ],
)
async def test_requests_are_counted_by_route(house: House, method: str, path: str, route: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=Watched(house.public)), base_url="http://hub") as it:
        status = (await it.request(method, path)).status_code
    counted = telemetry.HTTP_REQUESTS.labels(route, f"{status // 100}xx")
    assert counted._value.get() > 0


async def test_operators_need_their_token(house: House) -> None:
    for token in ("", "wrong", TOKEN[:-1]):
        assert (await house.operate("GET", "/connections", token)).status_code == 401


async def test_a_connection_put_is_known_at_once_and_its_secret_never_shown(house: House) -> None:
    entry = {"code": "H53", "name": "Tây Ninh", "kind": "province"}
    assert (await house.operate("PUT", "/agencies/H53", json=entry)).json()["changed"] == ["H53"]
    put = await house.operate("PUT", "/connections/tn", json={"agencies": ["H53"], "secret": "0123456789abcdef"})
    assert put.json()["positions"] == [{"topic": "connection.changed.v1", "partition": 0, "offset": 0}]
    found = house.view.directory.resolve(AgencyCode("H53"))
    assert found is not None
    assert house.view.directory.server_of(found) == "tn"
    shown = (await house.operate("GET", "/connections/tn")).text
    assert "0123456789abcdef" not in shown
    assert "secret" not in shown
    again = await house.operate("PUT", "/connections/tn", json={"agencies": ["H53"], "secret": "0123456789abcdef"})
    assert again.json() == {"changed": [], "positions": []}


async def test_what_may_not_stand_is_refused_with_every_reason(house: House) -> None:
    body = [{"code": "H 53", "name": "", "kind": "province"}]
    answer = await house.operate("PUT", "/agencies", json=body)
    assert answer.status_code == 422
    assert [reason["field"] for reason in answer.json()["reasons"]] == ["0.code", "0.name"]
    for path, json in (
        ("/agencies/H53", {"code": "H54", "name": "x", "kind": "x"}),
        ("/agencies", [{"code": "H53", "name": "x", "kind": "x", "admin": True}]),
        ("/connections/tn", {"agencies": ["G22"], "secret": "0123456789abcdef"}),
    ):
        assert (await house.operate("PUT", path, json=json)).status_code in (400, 409, 422)
    assert (await house.operate("GET", "/agencies/H53")).status_code == 404
    assert (await house.operate("GET", "/connections/tn")).status_code == 404
