"""The router on the real stack: items appear, are taken once and settled, and crashes neither lose nor double any."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.model import ids
from hub.model.events import (
    DeliverySettled,
    DeliveryTaken,
    DocumentRefused,
    StatusReported,
)
from hub.model.ids import SystemId
from hub.model.statuses import StatusCode
from hub.model.values import Staff
from hub.runtime.clock import system_clock
from sim.place import Place
from tests.integration.router_site import HUB, PACKAGE, Site, checked, site

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest_asyncio.fixture
async def at(stack: Place, environment: dict[str, dict[str, str]], tmp_path: Path) -> AsyncIterator[Site]:
    async with site(stack, environment["router"], tmp_path) as opened:
        yield opened


async def test_a_judged_document_reaches_every_recipient_and_wakes_who_waits(at: Site) -> None:
    await at.register(1, 2)
    await at.register(3, connected=False, parent=2)  # served by the agency above it
    await at.register(4, connected=False)  # by nobody yet
    waiting = asyncio.create_task(at.inbox(2, wait=20))
    await asyncio.sleep(0.5)
    event = checked(at.code(1), [at.code(2), at.code(3), at.code(4)], await at.package(PACKAGE))
    started = time.monotonic()
    await at.append(event)
    (item, *_) = await waiting
    assert time.monotonic() - started < 1.0
    assert item["to"] in (at.code(2), at.code(3))
    assert (item["kind"], item["code"], item["state"], item["taken_at"]) == ("document", "125/SM-VP", "initial", None)
    assert {each["to"] for each in await at.until(2, 2)} == {at.code(2), at.code(3)}
    assert [each.recipient for each in await at.planned(event.header.hub_id)] == list(event.header.recipients)
    answer = await at.admin("PUT", f"/connections/{at.code(4)}", {"agencies": [at.code(4)], "secret": "x" * 20})
    assert answer.status_code == 200
    assert at.code(4) not in {each["to"] for each in await at.until(2, 2)}


async def test_a_package_is_given_out_byte_for_byte_and_had_from_its_first_download_on(at: Site) -> None:
    await at.register(1, 2)
    event = checked(at.code(1), [at.code(2)], await at.package(PACKAGE))
    await at.append(event)
    (item,) = await at.until(2, 1)
    downloads = await asyncio.gather(*(at.call("GET", f"/inbox/{item['id']}/package", 2) for _ in range(10)))
    assert {(answer.status_code, answer.content) for answer in downloads} == {(200, PACKAGE)}
    headers = downloads[0].headers
    assert headers["content-length"] == str(len(PACKAGE))
    assert headers["etag"] == f'"{event.header.package.digest}"'
    assert headers["content-disposition"] == f'attachment; filename="{item["id"]}.edxml"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "application/xml"
    (taken,) = await at.recorded(DeliveryTaken, event.header.hub_id)
    assert isinstance(taken.event, DeliveryTaken)
    assert (taken.event.delivery_id, taken.event.recipient) == (item["id"], at.code(2))
    (seen,) = await at.inbox(2)
    assert seen["taken_at"] is not None


async def test_an_item_is_offered_until_it_is_settled(at: Site) -> None:
    await at.register(1, 2)
    event = checked(at.code(1), [at.code(2)], await at.package(PACKAGE))
    await at.append(event)
    (item,) = await at.until(2, 1)

    async def settle(state: str) -> tuple[int, str]:
        answer = await at.call("POST", f"/inbox/{item['id']}/{state}", 2)
        return answer.status_code, answer.json().get("state") or answer.json()["code"]

    assert await settle("processing") == (200, "processing")
    assert [each["state"] for each in await at.inbox(2)] == ["processing"]
    assert await settle("fail") == (200, "fail")
    assert await at.inbox(2) == []
    assert await settle("processing") == (200, "fail")  # late: changes nothing
    assert await settle("done") == (200, "done")
    assert await settle("done") == (200, "done")
    assert await settle("fail") == (409, "ALREADY_SETTLED")
    assert (await at.call("GET", f"/inbox/{item['id']}", 2)).json()["state"] == "done"
    settled = await at.recorded(DeliverySettled, event.header.hub_id)
    states = [record.event.state for record in settled if isinstance(record.event, DeliverySettled)]
    assert states == ["processing", "fail", "done"]


async def test_another_s_item_is_like_one_that_does_not_exist(at: Site) -> None:
    await at.register(1, 2, 3)
    await at.append(checked(at.code(1), [at.code(2)], await at.package(PACKAGE)))
    (item,) = await at.until(2, 1)
    for method, path in (("GET", ""), ("GET", "/package"), ("POST", "/done")):
        others = await at.call(method, f"/inbox/{item['id']}{path}", 3)
        missing = await at.call(method, f"/inbox/{ids.event_id('no', 'item')}{path}", 3)
        assert (others.status_code, others.content) == (404, missing.content)
    assert (await at.call("GET", "/inbox", 3, params={"after": item["id"]})).status_code == 404
    assert await at.inbox(3) == []


async def test_pages_go_on_where_the_last_one_ended_urgent_first(at: Site) -> None:
    await at.register(1, 2)
    package = await at.package(PACKAGE)
    events = [checked(at.code(1), [at.code(2)], package, priority=number % 3) for number in range(7)]
    for event in events:
        await at.append(event)
    await at.until(2, 7)
    seen, after = [], None
    while True:
        answer = (await at.call("GET", "/inbox", 2, params={"limit": 3} | ({"after": after} if after else {}))).json()
        seen.extend(answer["items"])
        await at.call("POST", f"/inbox/{seen[-1]['id']}/done", 2)  # the cursor's item may go meanwhile
        after = answer["next"]
        if after is None:
            break
    assert [item["priority"] for item in seen] == [2, 2, 1, 1, 0, 0, 0]
    assert len({item["id"] for item in seen}) == 7
    assert seen == sorted(seen, key=lambda item: (-item["priority"], item["planned_at"], item["id"]))


async def test_a_document_that_policy_stops_is_refused_and_only_its_sender_hears_of_it(at: Site) -> None:
    await at.register(1, 2)
    event = checked(at.code(1), [at.code(2)], await at.package(PACKAGE), stop=True)
    await at.append(event)
    (notice,) = await at.until(1, 1)
    assert (notice["kind"], notice["status_code"], notice["from"], notice["verdict"]) == ("status", "02", HUB, None)
    message = (await at.call("GET", f"/inbox/{notice['id']}/package", 1)).text
    assert f"<edXML:DocumentId>{event.header.document_id}</edXML:DocumentId>" in message
    assert "<edXML:StatusCode>02</edXML:StatusCode>" in message
    (refused,) = await at.recorded(DocumentRefused, event.header.hub_id)
    assert isinstance(refused.event, DocumentRefused)
    assert (refused.event.stage, refused.event.refusals[0].code) == ("policy", "SIGNATURE_INVALID")
    assert await at.inbox(2) == []


async def test_a_status_message_reaches_the_agency_it_is_meant_for(at: Site) -> None:
    await at.register(1, 2)
    event = checked(at.code(1), [at.code(2)], await at.package(PACKAGE))
    await at.append(event)
    await at.until(2, 1)
    message = b"<edXML>03</edXML>"
    await at.append(
        StatusReported(
            event_id=ids.event_id(event.event_id, "reported"), occurred_at=system_clock(), cause_id="test",
            hub_id=event.header.hub_id, document_id=event.header.document_id, code=event.header.code,
            reporter=at.code(2), addressee=at.code(1), recipient=at.code(2), status=StatusCode.ACCEPTED,
            description="", staff=Staff(department="", name="", email="", mobile=""), reported_at="",
            package=await at.package(message), system_id=SystemId(at.code(2)),
        )
    )  # fmt: skip
    (item,) = await at.until(1, 1)
    assert (item["status_code"], item["subject"], item["kind"]) == ("03", event.header.subject, "status")
    assert await at.inbox(1, kind="document") == []
    assert (await at.call("GET", f"/inbox/{item['id']}/package", 1)).content == message
