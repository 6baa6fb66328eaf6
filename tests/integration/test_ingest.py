"""Intake on the real stack: a process of its own beside the others, its own database, real Kafka, MongoDB, registry."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient

from hub.model.events import (
    AgencyChanged,
    ConnectionChanged,
    DocumentReceived,
    DocumentRefused,
    Event,
    StatusReported,
)
from hub.model.ids import HubId, SystemId, digest
from hub.model.reasons import Code
from hub.model.values import Package
from hub.runtime import seal
from hub.runtime.log import Log, read_to_end
from hub.runtime.registry import Registry
from hub.wire import sdk_headers
from hub.wire.edxml import ReadDocument
from hub.wire.edxml_reader import EdxmlReader
from hub.wire.topics import topic_of
from services.ingest import adapters, header, replay
from services.ingest.intake import Submission
from sim.hub_client import bearer
from tests.conftest import ROOT
from tests.fakes.events import agency, connection
from tests.fakes.packages import File, Letter, StatusLetter
from tests.unit.ingest import behaviour
from tests.unit.ingest.making import directory, document

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

NONCE = uuid.uuid4().hex[:8].upper()
SENDER, FIRST, SECOND = f"X{NONCE}.01", f"X{NONCE}.02", f"X{NONCE}.03"
SENDER_BEFORE = f"X{NONCE}.00"
SECRETS = {f"sys-{NONCE}-sender": "khoá gửi " * 4, f"sys-{NONCE}-receiver": "khoá nhận " * 4}
SENDING, RECEIVING = SECRETS
GIVES: tuple[type[Event], ...] = (DocumentReceived, DocumentRefused, StatusReported)
TODAY = datetime.now(UTC).strftime("%Y/%m/%d")


@dataclass
class Ingest:
    """One process of intake."""

    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    starts: dict[TopicPartition, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['HUB_HTTP_PORT']}/api/v1"

    @property
    def health(self) -> str:
        return f"http://127.0.0.1:{self.environment['HUB_INTERNAL_PORT']}/health/ready"

    @property
    def spooled(self) -> list[Path]:
        return list((Path(self.environment["HUB_DATA_DIR"]) / "spool").glob("*"))

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "services.ingest"], cwd=ROOT, env=self.environment)
        until = time.monotonic() + 40
        while time.monotonic() < until:
            try:
                if httpx.get(self.health, timeout=3).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("intake does not become ready")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(how)
        return process.wait(20)

    def blob(self, name: str) -> Path:
        """Where a package lies in the stack's blob store: the other services read what this process takes in."""
        folder = Path(self.environment["HUB_BLOB_URL"].removeprefix("file://"))
        return folder / name[:2] / name[2:4] / name


@pytest.fixture(scope="module")
def ingest(environment: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    folder = tmp_path_factory.mktemp("ingest")
    ports = free_ports(2)
    made = Ingest({
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        **environment["ingest"],
        "HUB_MONGO_DATABASE": f"test_ingest_{NONCE}",
        "HUB_DATA_DIR": str(folder / "data"),
        "HUB_HTTP_PORT": str(ports[0]),
        "HUB_INTERNAL_PORT": str(ports[1]),
        "HUB_PACKAGE_LIMIT_BYTES": "3000000",
        "HUB_SPOOL_MEMORY_BYTES": "65536",
    })  # fmt: skip
    asyncio.run(register(made))
    made.start()
    yield made
    made.end()
    asyncio.run(drop(made))


def free_ports(count: int) -> list[int]:
    doors = [socket.socket() for _ in range(count)]
    for door in doors:
        door.bind(("127.0.0.1", 0))
    ports = [int(door.getsockname()[1]) for door in doors]
    for door in doors:
        door.close()
    return ports


async def with_log(ingest: Ingest, deed: Callable[[Log], Awaitable[Any]]) -> Any:
    environment = ingest.environment
    registry = Registry(environment["HUB_REGISTRY_URL"], Path(environment["HUB_DATA_DIR"]) / "test-ids.json")
    log = Log(environment["HUB_BROKERS"], registry, 10.0)
    try:
        await registry.prepare((*GIVES, AgencyChanged, ConnectionChanged))
        return await deed(log)
    finally:
        await log.close()
        await registry.close()


async def register(ingest: Ingest) -> None:
    """Three agencies and two connections, unique to this run."""
    sealing = seal.from_file(Path(ingest.environment["HUB_SEAL_KEY_FILE"]))
    served = {SENDING: (SENDER,), RECEIVING: (FIRST, SECOND)}
    changes: list[AgencyChanged | ConnectionChanged] = [agency(SENDER, SENDER_BEFORE), agency(FIRST), agency(SECOND)]
    for system, codes in served.items():
        sealed = sealing.close(SystemId(system), SECRETS[system])
        changes.append(replace(connection(system, *codes), sealed_secret=sealed))

    async def append(log: Log) -> None:
        await log.append([(change, ()) for change in changes])
        for event in GIVES:
            topic = topic_of(event)
            for partition in await log.partitions(topic):
                ingest.starts[TopicPartition(topic.name, partition)] = 0
        await skip_to_the_end(ingest)

    await with_log(ingest, append)


async def skip_to_the_end(ingest: Ingest) -> None:
    from aiokafka import AIOKafkaConsumer  # noqa: PLC0415 - only here

    consumer: AIOKafkaConsumer = AIOKafkaConsumer(bootstrap_servers=ingest.environment["HUB_BROKERS"])
    await consumer.start()
    try:
        ingest.starts.update(await consumer.end_offsets(list(ingest.starts)))
    finally:
        await consumer.stop()


async def drop(ingest: Ingest) -> None:
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(ingest.environment["HUB_MONGO_URL"])
    await client.drop_database(ingest.environment["HUB_MONGO_DATABASE"])
    client.close()


@pytest.fixture
async def database(ingest: Ingest) -> AsyncIterator[Any]:
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(ingest.environment["HUB_MONGO_URL"], tz_aware=True)
    yield client[ingest.environment["HUB_MONGO_DATABASE"]]
    client.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=100)) as made:
        yield made


async def events(ingest: Ingest) -> list[Event]:
    """What this run's systems led to, in the log."""

    async def read(log: Log) -> list[Event]:
        found: list[Event] = []
        async for batch in read_to_end(log, ingest.environment["HUB_BROKERS"], ingest.starts):
            found += [record.event for record in batch if getattr(record.event, "system_id", "") in SECRETS]
        return found

    result: list[Event] = await with_log(ingest, read)
    return result


async def accepted(ingest: Ingest, hub_id: str) -> int:
    """How many times the log holds this package as accepted."""
    return sum(isinstance(event, DocumentReceived) and event.header.hub_id == hub_id for event in await events(ingest))


def letter(**changes: object) -> Letter:
    """A document nobody sent before."""
    name = uuid.uuid4().hex[:8]
    return Letter(
        sender=SENDER, recipients=(FIRST, SECOND), document_id=f"{SENDER},{TODAY},{name}/VP", number=name,
        notation="VP", date=TODAY,
    ).but(**changes)  # fmt: skip


def token(system: str = SENDING) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer(system, SECRETS[system], time.time() + 600)}"}


async def send(
    client: httpx.AsyncClient, ingest: Ingest, data: bytes, system: str = SENDING, path: str = "documents"
) -> httpx.Response:
    return await client.post(f"{ingest.url}/{path}", content=data, headers=token(system))


def codes(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [reason["code"] for reason in answer.json()["reasons"]]


async def test_accepted(client: httpx.AsyncClient, ingest: Ingest) -> None:
    data = letter(files=(File(content=os.urandom(200_000)),)).bytes()
    answer = await send(client, ingest, data)
    receipt = answer.json()
    assert answer.status_code == 202, answer.text
    assert receipt["digest"] == digest(data)
    assert (receipt["size"], receipt["duplicate"], receipt["sender"]) == (len(data), False, SENDER)
    assert receipt["recipients"] == [FIRST, SECOND]
    assert receipt["received_at"].endswith("Z")
    assert ingest.blob(receipt["digest"]).read_bytes() == data
    assert await accepted(ingest, receipt["hub_id"]) == 1
    assert ingest.spooled == []


async def test_the_same_bytes_again(client: httpx.AsyncClient, ingest: Ingest) -> None:
    data = letter().bytes()
    first = await send(client, ingest, data)
    again = await send(client, ingest, data)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == {**first.json(), "duplicate": True}
    assert await accepted(ingest, first.json()["hub_id"]) == 1


async def test_other_bytes_under_the_same_id(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter()
    first = await send(client, ingest, one.bytes())
    other = await send(client, ingest, one.but(subject="khác", recipients=(SECOND,)).bytes())
    assert other.status_code == 409
    assert codes(other) == [Code.DOCUMENT_CONFLICT]
    assert other.json()["hub_id"] == first.json()["hub_id"]


async def test_one_file_per_recipient_under_one_id(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter()
    answers = [await send(client, ingest, one.but(recipients=(code,)).bytes()) for code in (FIRST, SECOND)]
    assert [answer.status_code for answer in answers] == [202, 202]


async def test_a_former_code_of_the_sender_is_the_same_sender(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter()
    assert (await send(client, ingest, one.but(sender=SENDER_BEFORE).bytes())).status_code == 202
    assert codes(await send(client, ingest, one.bytes())) == [Code.DOCUMENT_CONFLICT]


async def test_refused_with_all_reasons(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter(subject="", recipients=(FIRST, "X0.0", FIRST), date="2014/02/30", files=(File(encoded="*"),))
    answer = await send(client, ingest, one.bytes())
    assert answer.status_code == 422
    assert codes(answer) == [
        Code.BASE64, Code.MISSING_FIELD, Code.UNKNOWN_RECIPIENT, Code.DUPLICATE_RECIPIENT, Code.BAD_DATE,
    ]  # fmt: skip
    assert all(reason["vi"] and reason["en"] and reason["fix_vi"] for reason in answer.json()["reasons"])
    (event,) = [each for each in await events(ingest) if isinstance(each, DocumentRefused)
                and each.document_id == one.document_id]  # fmt: skip
    assert (event.stage, event.sender, len(event.refusals)) == ("intake", SENDER, 5)
    assert ingest.spooled == []


async def test_an_agency_of_another_connection(client: httpx.AsyncClient, ingest: Ingest) -> None:
    data = letter().bytes()
    assert (await send(client, ingest, data)).status_code == 202
    answer = await send(client, ingest, data, RECEIVING)
    assert (answer.status_code, codes(answer)) == (403, [Code.SENDER_MISMATCH])


@pytest.mark.parametrize(("data", "status", "code"), [
    (b"", 400, Code.EMPTY_BODY),
    (b"hello", 400, Code.NOT_WELL_FORMED),
    (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 400, Code.DTD_FORBIDDEN),
    (b"<edXML/>", 422, Code.NOT_EDXML),
])  # fmt: skip
async def test_unreadable(client: httpx.AsyncClient, ingest: Ingest, data: bytes, status: int, code: Code) -> None:
    answer = await send(client, ingest, data)
    assert (answer.status_code, codes(answer)) == (status, [code])


async def test_not_authenticated(client: httpx.AsyncClient, ingest: Ingest) -> None:
    answer = await client.post(f"{ingest.url}/documents", content=letter().bytes())
    assert (answer.status_code, codes(answer)) == (401, [Code.NOT_AUTHENTICATED])


async def test_content_encoding(client: httpx.AsyncClient, ingest: Ingest) -> None:
    answer = await client.post(f"{ingest.url}/documents", content=b"x", headers={**token(), "Content-Encoding": "gzip"})
    assert (answer.status_code, codes(answer)) == (415, [Code.UNSUPPORTED_ENCODING])


async def test_too_large_with_and_without_a_length(client: httpx.AsyncClient, ingest: Ingest) -> None:
    async def endless(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 50_000):
            yield b"x" * 50_000

    whole = letter(files=(File(content=os.urandom(3_000_000)),)).bytes()
    for content in (whole, endless(9_000_000)):
        answer = await client.post(f"{ingest.url}/documents", content=content, headers=token())
        assert (answer.status_code, codes(answer)) == (413, [Code.TOO_LARGE])
    assert ingest.spooled == []


async def test_a_client_that_goes_away(ingest: Ingest) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.environment["HUB_HTTP_PORT"]))
    head = f"POST /api/v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: {token()['Authorization']}\r\n"
    writer.write(f"{head}Content-Length: 1000000\r\n\r\n".encode() + letter().bytes()[:1000] + b" " * 300_000)
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.close()
    await asyncio.sleep(0.5)
    assert ingest.spooled == []
    assert reader is not None


async def test_the_sdks_signed_call(client: httpx.AsyncClient, ingest: Ingest) -> None:
    data = letter().bytes()
    parameters = {"systemid": SENDING, "from": SENDER, "messagetype": "edoc", "hash-file": digest(data)}
    headers = sdk_headers.sign(parameters, SECRETS[SENDING])
    answer = await client.post(f"{ingest.url}/documents", content=data + b"\r\n", headers=headers)
    assert (answer.status_code, answer.json()["digest"]) == (202, digest(data))
    answer = await client.post(f"{ingest.url}/documents", content=data + b"\r\n\r\n", headers=headers)
    assert (answer.status_code, codes(answer)) == (422, [Code.HASH_MISMATCH])


async def test_looking_stores_nothing(client: httpx.AsyncClient, ingest: Ingest) -> None:
    data = letter().bytes()
    answer = await send(client, ingest, data, path="documents/check")
    assert (answer.status_code, answer.json()) == (200, {"findings": []})
    answer = await send(client, ingest, letter(recipients=("X0.0",)).bytes(), path="documents/check")
    assert [finding["code"] for finding in answer.json()["findings"]] == [Code.UNKNOWN_RECIPIENT]
    answer = await send(client, ingest, b"x", path="documents/check")
    assert [finding["code"] for finding in answer.json()["findings"]] == [Code.NOT_WELL_FORMED]
    assert (await send(client, ingest, data)).status_code == 202


async def test_recall_of_a_document_and_of_none(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter()
    recall = one.but(business_type="1")
    assert codes(await send(client, ingest, recall.bytes())) == [Code.UNKNOWN_DOCUMENT]
    assert (await send(client, ingest, one.bytes())).status_code == 202
    assert (await send(client, ingest, recall.bytes())).status_code == 202


async def test_statuses(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter(recipients=(FIRST,))
    document = (await send(client, ingest, one.bytes())).json()
    told = StatusLetter(
        reporter=FIRST, addressee=SENDER, document_id=one.document_id, code=f"{one.number}/VP", date=TODAY
    )
    answers = [await send(client, ingest, told.bytes(), RECEIVING, "statuses") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    expected = {"hub_id": document["hub_id"], "status": "03", "digest": digest(told.bytes())}
    assert [answer.json() for answer in answers] == [{**expected, "duplicate": each} for each in (False, True)]
    (event,) = [each for each in await events(ingest) if isinstance(each, StatusReported)
                and each.hub_id == document["hub_id"]]  # fmt: skip
    assert (event.reporter, event.recipient, event.addressee) == (FIRST, FIRST, SENDER)
    assert ingest.blob(event.package.digest).read_bytes() == told.bytes()
    stranger = await send(client, ingest, told.but(reporter=SECOND).bytes(), RECEIVING, "statuses")
    assert (stranger.status_code, codes(stranger)) == (403, [Code.NOT_A_RECIPIENT])
    unknown = await send(client, ingest, told.but(document_id="x", code="1/x").bytes(), RECEIVING, "statuses")
    assert (unknown.status_code, codes(unknown)) == (422, [Code.UNKNOWN_DOCUMENT])
    by_code = await send(client, ingest, told.but(document_id="", status="06").bytes(), RECEIVING, "statuses")
    assert by_code.json()["hub_id"] == document["hub_id"]
    recall = told.but(reporter=SENDER, addressee=f"{one.number}/VP", code=FIRST, status="13", document_id=f"{FIRST},x")
    assert (await send(client, ingest, recall.bytes(), SENDING, "statuses")).json()["hub_id"] == document["hub_id"]
    assert codes(await send(client, ingest, one.bytes(), SENDING, "statuses")) == [Code.DOCUMENT_NOT_STATUS]
    assert codes(await send(client, ingest, told.bytes(), RECEIVING)) == [Code.STATUS_NOT_DOCUMENT]
    large = told.but(description="x" * 1_100_000)
    assert (await send(client, ingest, large.bytes(), RECEIVING, "statuses")).status_code == 413


async def test_a_hundred_at_once(client: httpx.AsyncClient, ingest: Ingest) -> None:
    data = letter(files=(File(content=os.urandom(30_000)),)).bytes()
    answers = await asyncio.gather(*(send(client, ingest, data) for _ in range(100)))
    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [202]
    receipts = [{**answer.json(), "duplicate": None} for answer in answers]
    assert all(receipt == receipts[0] for receipt in receipts)
    assert await accepted(ingest, receipts[0]["hub_id"]) == 1


async def test_different_packages_of_one_id_at_once(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter()
    packages = [one.but(subject=str(number)).bytes() for number in range(20)]
    while True:
        answers = await asyncio.gather(*(send(client, ingest, data) for data in packages))
        if 503 not in {answer.status_code for answer in answers}:
            break
    assert sum(answer.status_code in (200, 202) for answer in answers) == 1
    assert sum(answer.status_code == 409 for answer in answers) == 19
    same_id = [event for event in await events(ingest) if isinstance(event, DocumentReceived)
               and event.header.document_id == one.document_id]  # fmt: skip
    assert len(same_id) == 1


async def test_claims_of_requests_that_died(client: httpx.AsyncClient, ingest: Ingest, database: Any) -> None:
    claims = adapters.MongoClaims(database)
    one, other = letter(), HubId("00000000-0000-5000-8000-00000000dead")
    young, old = datetime.now(UTC), datetime.now(UTC) - timedelta(seconds=61)
    slots = await slots_of(one)
    await claims.take(slots, other, young)
    answer = await send(client, ingest, one.bytes())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    await database["claims"].update_many({"hub_id": other}, {"$set": {"claimed_at": old}})
    assert (await send(client, ingest, one.bytes())).status_code == 202


async def slots_of(one: Letter) -> Sequence[Any]:
    from services.ingest.duplicates import slots  # noqa: PLC0415 - beside its one use

    known = directory(agency(SENDER, SENDER_BEFORE), agency(FIRST), agency(SECOND))
    return slots(document(one), digest(one.bytes()), known)


async def test_an_event_beyond_the_mark_counts_after_a_start(client: httpx.AsyncClient, ingest: Ingest) -> None:
    """The process died between append and project: what the log has is not decided again."""
    one = letter()
    event = header.received(submission(one), read(one.bytes()))
    assert ingest.end(signal.SIGKILL) != 0
    await append_with_its_blob(ingest, one, event)
    (Path(ingest.environment["HUB_DATA_DIR"]) / "spool" / "999999999-x.package").write_bytes(b"orphan")
    ingest.start()
    assert ingest.spooled == []
    answer = await send(client, ingest, one.bytes())
    assert (answer.status_code, answer.json()["hub_id"]) == (200, event.header.hub_id)
    assert codes(await send(client, ingest, one.but(subject="khác").bytes())) == [Code.DOCUMENT_CONFLICT]
    assert await accepted(ingest, event.header.hub_id) == 1


async def append_with_its_blob(ingest: Ingest, one: Letter, event: DocumentReceived) -> None:
    """What a process does before it dies between append and project."""
    place = ingest.blob(event.header.package.digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(one.bytes())
    await with_log(ingest, lambda log: log.append([(event, ())]))


async def test_an_event_of_another_process_counts_while_running(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter(recipients=(FIRST,))
    event = header.received(submission(one), read(one.bytes()))
    await append_with_its_blob(ingest, one, event)
    told = StatusLetter(reporter=FIRST, addressee=SENDER, document_id=one.document_id, code="", date="")
    answer = await send(client, ingest, told.bytes(), RECEIVING, "statuses")
    assert (answer.status_code, answer.json()["hub_id"]) == (202, event.header.hub_id)


async def test_replay_gives_the_same_rows(ingest: Ingest, database: Any) -> None:
    fresh = database.client[f"{database.name}_replayed"]
    try:
        classes, project = await replay.projector(fresh)
        places = {place: 0 for place in ingest.starts if place.topic in {topic_of(each).name for each in classes}}

        async def play(log: Log) -> None:
            async for batch in read_to_end(log, ingest.environment["HUB_BROKERS"], places):
                await project(batch)

        await with_log(ingest, play)
        for collection in replay.PROJECTED:
            rows = [await each[collection].find().sort("_id").to_list(None) for each in (database, fresh)]
            assert rows[0] == rows[1]
            assert rows[0]
    finally:
        await database.client.drop_database(fresh.name)


async def test_a_clean_stop(client: httpx.AsyncClient, ingest: Ingest) -> None:
    one = letter(files=(File(content=os.urandom(100_000)),)).bytes()
    sending = asyncio.create_task(send(client, ingest, one))
    await asyncio.sleep(0.005)
    code = await asyncio.to_thread(ingest.end)
    ingest.start()
    assert code == 0
    answer = (await asyncio.gather(sending, return_exceptions=True))[0]
    assert isinstance(answer, httpx.HTTPError) or (isinstance(answer, httpx.Response) and answer.status_code == 202)


@pytest.mark.parametrize("check", behaviour.RECEIPTS)
async def test_receipts_in_mongodb(check: Callable[[Any], Awaitable[None]], database: Any) -> None:
    await in_a_database_of_its_own(database, adapters.MongoReceipts, check)


@pytest.mark.parametrize("check", behaviour.CLAIMS)
async def test_claims_in_mongodb(check: Callable[[Any], Awaitable[None]], database: Any) -> None:
    await in_a_database_of_its_own(database, adapters.MongoClaims, check)


async def in_a_database_of_its_own(
    database: Any, port: Callable[[Any], Any], check: Callable[[Any], Awaitable[None]]
) -> None:
    own = database.client.get_database(f"{database.name}_port")
    try:
        await adapters.make_indexes(own)
        await check(port(own))
    finally:
        await database.client.drop_database(own.name)


def read(data: bytes) -> ReadDocument:
    reader = EdxmlReader()
    reader.feed(data)
    message = reader.close()
    assert isinstance(message, ReadDocument)
    return message


def submission(one: Letter) -> Submission:
    data = one.bytes()
    now = datetime.now(UTC)
    return Submission(
        moment=now.replace(microsecond=now.microsecond // 1000 * 1000), system_id=SystemId(SENDING),
        package=Package(digest=digest(data), size=len(data)), content=data, read=read(data),
    )  # fmt: skip
