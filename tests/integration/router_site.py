"""What the router's tests on the real stack share: agencies of their own, events, clients, the log to read back."""

import asyncio
import contextlib
import json
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
from aiokafka import TopicPartition

from hub.model import ids
from hub.model.events import AgencyChanged, DeliveryPlanned, Event, EventParked, SignatureChecked, StatusReported
from hub.model.ids import AgencyCode, DocumentId, SystemId
from hub.model.record import Recorded
from hub.model.statuses import BusinessType, Outcome, SignaturePolicy
from hub.model.values import DocumentHeader, Package, SignatureFinding, Verdict
from hub.runtime import blobs
from hub.runtime.clock import system_clock
from hub.runtime.log import Log, read_to_end
from hub.runtime.registry import Registry
from hub.runtime.settings import HubSettings
from hub.wire.topics import topic_of
from hubctl.local.ports import Port
from services.router.handlers import GIVES
from sim.place import Place
from tests.conftest import hubctl

SECRET = "a shared secret of the tests, long"
HUB = AgencyCode("000.00.00.HUB")
PACKAGE = "<edXML>Công văn thử</edXML>".encode()


def settings_of(environment: dict[str, str]) -> HubSettings:
    return HubSettings(**{name.removeprefix("HUB_").lower(): value for name, value in environment.items()})  # type: ignore[arg-type]


def checked(
    sender: AgencyCode, recipients: Sequence[AgencyCode], package: Package, *, stop: bool = False, priority: int = 0
) -> SignatureChecked:
    """A judged document; its ids are new every time."""
    document_id = DocumentId(f"{sender},{uuid.uuid4()}")
    verdict = Verdict(outcome=Outcome.INVALID if stop else Outcome.VALID, reason="DIGEST_MISMATCH" if stop else "OK")
    hub_id = ids.hub_id(sender, document_id, 0, package.digest)
    return SignatureChecked(
        event_id=ids.event_id(hub_id, "checked"),
        occurred_at=system_clock(),
        cause_id=hub_id,
        header=DocumentHeader(
            hub_id=hub_id, document_id=document_id, business_type=BusinessType.NEW, sender=sender,
            sender_name="Nơi gửi", recipients=tuple(recipients), number="125", notation="SM-VP",
            subject="Về việc thử nghiệm", type_name="Công văn",
            promulgation_date="2026-11-20", priority=priority, paper=False, attachments=(),
            package=package,
        ),
        system_id=SystemId(sender),
        verdict=verdict,
        findings=(
            SignatureFinding(part="envelope", name="", verdict=verdict, signer="", issuer="", serial="",
                             signing_time="", covered=""),
        ),
        policy=SignaturePolicy.REQUIRED,
        stop=stop,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One stack with a client for whoever is asked for."""

    place: Place
    settings: HubSettings
    log: Log
    blobs: blobs.Blobs
    client: httpx.AsyncClient
    mark: str
    """Makes this test's agencies its own: the stack is shared."""

    def code(self, number: int) -> AgencyCode:
        return AgencyCode(f"T{number:02d}.{self.mark}")

    async def admin(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.place.admin_token}"}
        return await self.client.request(method, f"{self.place.admin}/admin/v1{path}", json=body, headers=headers)

    async def register(self, *numbers: int, connected: bool = True, parent: int | None = None) -> None:
        """Agencies T01…, each with a connection under its own code."""
        above = self.code(parent) if parent is not None else ""
        entries = [
            {"code": self.code(number), "name": f"Cơ quan thử {number}", "kind": "unit", "parent": above}
            for number in numbers
        ]
        assert (await self.admin("PUT", "/agencies", entries)).status_code == 200
        for number in numbers if connected else ():
            body = {"agencies": [self.code(number)], "secret": SECRET}
            answer = await self.admin("PUT", f"/connections/{self.code(number)}", body)
            assert answer.status_code == 200, answer.text

    async def call(self, method: str, path: str, number: int, **more: Any) -> httpx.Response:
        """A request by agency number's connection."""
        until = datetime.now(UTC) + timedelta(minutes=10)
        token = jwt.encode({"sub": self.code(number), "exp": until}, SECRET, "HS256")
        base = f"http://{self.place.stack.address(Port.ROUTER)}/api/v1"
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.request(method, f"{base}{path}", headers=headers, **more)

    async def inbox(self, number: int, **params: Any) -> list[dict[str, Any]]:
        answer = await self.call("GET", "/inbox", number, params=params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def package(self, content: bytes) -> Package:
        package = Package(digest=ids.digest(content), size=len(content))
        await self.blobs.put(package.digest, content)
        return package

    async def append(self, *events: Event) -> list[Recorded[Event]]:
        return await self.log.append([(event, ()) for event in events])

    async def events(self, event: type[Event]) -> list[Recorded[Event]]:
        """One topic from its beginning to its end."""
        starts = dict.fromkeys(await self.places([event]), 0)
        async with aclosing(read_to_end(self.log, self.settings.brokers, starts)) as batches:
            return [record async for records in batches for record in records]

    async def recorded(self, event: type[Event], *hub_ids: str) -> list[Recorded[Event]]:
        """Everything the log holds of these documents in one topic."""
        return [record for record in await self.events(event) if getattr(record.event, "hub_id", "") in hub_ids]

    async def places(self, events: Sequence[type[Event]]) -> list[TopicPartition]:
        """Every partition of these events' topics."""
        topics = [topic_of(event) for event in events]
        return [TopicPartition(each.name, number) for each in topics for number in await self.log.partitions(each)]

    async def agency(self, code: AgencyCode) -> AgencyChanged:
        """The newest event of an agency."""
        changes = (record.event for record in await self.events(AgencyChanged))
        return [each for each in changes if isinstance(each, AgencyChanged) and each.code == code][-1]

    async def planned(self, *hub_ids: str) -> list[DeliveryPlanned]:
        """Items the log plans for these documents, repeats among them."""
        records = await self.recorded(DeliveryPlanned, *hub_ids)
        return [record.event for record in records if isinstance(record.event, DeliveryPlanned)]

    async def until(self, number: int, count: int, seconds: float = 40.0) -> list[dict[str, Any]]:
        """The inbox once it lists so many items."""
        end = time.monotonic() + seconds
        items: list[dict[str, Any]] = []
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):  # the router may be on its way back
                answer = await self.call("GET", "/inbox", number, params={"limit": 1000})
                items = answer.json()["items"] if answer.status_code == 200 else []
                if len(items) >= count:
                    return items
            await asyncio.sleep(0.1)
        raise AssertionError(f"{len(items)} of {count} items after {seconds} s")


@asynccontextmanager
async def site(place: Place, environment: dict[str, str], folder: Path) -> AsyncIterator[Site]:
    """A site with its own log, closed afterwards."""
    settings = settings_of(environment).model_copy(update={"data_dir": folder})
    registry = Registry(settings.registry_url, folder / "ids.json")
    await registry.prepare((SignatureChecked, StatusReported, EventParked, *GIVES))
    log = Log(settings.brokers, registry, settings.append_limit_seconds)
    mark = uuid.uuid4().hex[:10].upper()
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=200)) as client:
        yield Site(place, settings, log, blobs.connect(settings), client, mark)
    await log.close()
    await registry.close()


def kill(component: str) -> None:
    """SIGKILL to one component; the supervisor starts it again."""
    reports = json.loads(hubctl("local", "status", "--json", check=False).stdout)
    os.kill(next(report["pid"] for report in reports if report["name"] == component), signal.SIGKILL)
