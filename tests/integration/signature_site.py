"""What the signature service's tests on the real stack share: signed packages, the log to write and read, its rows."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
from aiokafka import TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from hub.model import ids
from hub.model.events import DocumentReceived, Event, SignatureChecked
from hub.model.ids import AgencyCode, SystemId, event_id
from hub.model.record import Recorded
from hub.model.values import Package
from hub.runtime import blobs
from hub.runtime.clock import system_clock
from hub.runtime.log import Log, read_to_end
from hub.runtime.registry import Registry
from hub.runtime.settings import HubSettings
from hub.wire.edxml import ReadDocument
from hub.wire.edxml_reader import EdxmlReader
from hub.wire.topics import topic_of
from services.ingest.header import received
from services.ingest.intake import Submission
from services.signature.adapters import VERDICTS
from services.signature.handlers import STEP
from sim.agencies import Agency
from sim.agencies import AgencyCode as SimCode
from sim.authority import Authority, Standing, open_authority
from sim.place import Place
from tests.fakes.packages import File, Letter
from tests.unit.signature import pdfs
from tests.unit.signature.authority import Identity
from tests.unit.signature.signing import signed

NUMBERS = (1, 2)
ATTACHED = File(content_id="cid:1", name="125-SM-VP.signed.pdf")


@dataclass(frozen=True, slots=True)
class Site:
    """One stack, with two agencies that are this test run's own."""

    place: Place
    settings: HubSettings
    log: Log
    blobs: blobs.Blobs
    client: httpx.AsyncClient
    database: "AsyncIOMotorDatabase[Any]"
    authority: Authority
    mark: str

    def code(self, number: int) -> AgencyCode:
        return AgencyCode(f"S{number:02d}.{self.mark}")

    def identity(self, number: int, standing: Standing = Standing.GOOD) -> Identity:
        found = self.authority.identity(SimCode(self.code(number)), standing)
        return Identity(key=found.key, certificate=found.certificate, issuers=(found.issuer,))

    async def register(self, number: int, policy: str) -> None:
        entry = {"code": self.code(number), "name": "Cơ quan thử", "kind": "unit", "signature_policy": policy}
        headers = {"Authorization": f"Bearer {self.place.admin_token}"}
        answer = await self.client.put(f"{self.place.admin}/admin/v1/agencies", json=[entry], headers=headers)
        assert answer.status_code == 200, answer.text

    def letter(self, pdf: bytes, number: int = 1) -> Letter:
        """A letter nobody sent before."""
        document_id = f"{self.code(number)},2026/11/20,{uuid.uuid4()}"
        file = File(content_id=ATTACHED.content_id, name=ATTACHED.name, content=pdf)
        return Letter(sender=self.code(number), recipients=(self.code(2),), document_id=document_id, files=(file,))

    async def package(self, number: int = 1, standing: Standing = Standing.GOOD, signer: int = 1) -> bytes:
        """A package of one agency, envelope and PDF signed by `signer` with this certificate."""
        identity = self.identity(signer, standing)
        pdf = await asyncio.to_thread(pdfs.signed_pdf, identity)  # pyHanko signs in a loop of its own
        return signed(self.letter(pdf, number).bytes(), identity)

    async def accepted(self, package: bytes, *, kept: bool = True) -> DocumentReceived:
        """The event that intake makes of a package; `kept`: the package is in the store as well."""
        reader = EdxmlReader()
        reader.feed(package)
        read = reader.close()
        assert isinstance(read, ReadDocument)
        assert not read.findings
        about = Package(digest=ids.digest(package), size=len(package))
        if kept:
            await self.blobs.put(about.digest, package)
        return received(
            Submission(moment=system_clock(), system_id=SystemId(self.mark), package=about, content=package, read=read),
            read,
        )

    async def append(self, *events: Event) -> None:
        await self.log.append([(event, ()) for event in events])

    async def verdict(self, document: DocumentReceived, seconds: float = 30.0) -> dict[str, Any]:
        """The service's row on a document, once it is there."""
        async with asyncio.timeout(seconds):
            while True:
                row = await self.row(document)
                if row is not None:
                    return row
                await asyncio.sleep(0.02)

    async def row(self, document: DocumentReceived) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self.database[VERDICTS].find_one({"_id": checked_id(document)})
        return found

    async def checked(self, documents: Sequence[DocumentReceived]) -> list[Recorded[Event]]:
        """Every verdict that the log holds on these documents."""
        topic = topic_of(SignatureChecked)
        starts = {TopicPartition(topic.name, number): 0 for number in await self.log.partitions(topic)}
        wanted = {document.event_id for document in documents}
        found: list[Recorded[Event]] = []
        async with aclosing(read_to_end(self.log, self.settings.brokers, starts)) as batches:
            async for records in batches:
                found += [record for record in records if record.event.cause_id in wanted]
        return found

    def service(self) -> psutil.Process:
        """The running signature service of this stack."""
        (found,) = self.services()
        return found

    def services(self) -> set[psutil.Process]:
        """The same; empty while it is down."""
        folder = str(self.settings.data_dir)
        found = set()
        for process in psutil.process_iter(["cmdline"]):
            with contextlib.suppress(psutil.Error):
                own = (process.info["cmdline"] or [])[-1:] == ["services.signature"]
                if own and process.environ().get("HUB_DATA_DIR") == folder:
                    found.add(process)
        return found

    async def metric(self, name: str) -> float:
        """Sum of a counter over its labels."""
        text = (await self.client.get(self.place.metrics()["signature"])).text
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def checked_id(document: DocumentReceived) -> str:
    return event_id(document.event_id, STEP)


@asynccontextmanager
async def site(place: Place, environment: dict[str, str], folder: Path) -> AsyncIterator[Site]:
    """Opens everything, enrols the two agencies with the stack's own authority, and closes everything."""
    values = {name.removeprefix("HUB_").lower(): value for name, value in environment.items()}
    settings = HubSettings(**values)  # type: ignore[arg-type]
    mark = uuid.uuid4().hex[:8]
    agencies = [
        Agency(code=SimCode(f"S{number:02d}.{mark}"), name="Cơ quan thử", kind="province") for number in NUMBERS
    ]
    before = time.monotonic()
    authority = await asyncio.to_thread(open_authority, place.folder, agencies, system_clock() - timedelta(seconds=1))
    registry = Registry(settings.registry_url, folder / "schema-ids.json")
    log = Log(settings.brokers, registry, settings.append_limit_seconds)
    await registry.prepare((DocumentReceived, SignatureChecked))
    mongo: AsyncIOMotorClient[Any] = AsyncIOMotorClient(settings.mongo_url, tz_aware=True)
    async with httpx.AsyncClient(timeout=20.0, trust_env=False) as client:
        await asyncio.sleep(max(0.0, 1.5 - (time.monotonic() - before)))  # new revocation lists are seen in a second
        yield Site(
            place, settings, log, blobs.connect(settings), client, mongo[settings.mongo_database], authority, mark
        )
    mongo.close()
    await log.close()
    await registry.close()
