"""The notifier as processes on real Kafka, MongoDB, registry and sinks: at most one alert, whatever dies.

A mail that may have left leaves again under its Message-ID (ADR 0013), so mails are counted by that.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, Event
from hub.model.ids import AgencyCode, HubId
from hub.model.record import Recorded
from hub.model.statuses import AlertOutcome, Channel
from hub.model.values import Contact
from hub.runtime.clock import system_clock
from hub.runtime.log import Log, read_to_end
from hub.runtime.patience import patiently
from hub.runtime.registry import Registry
from hub.wire.topics import TOPICS, topic_of
from hubctl.local.ports import Port
from services.notifier.adapters import MongoBook, prepare_rows
from services.notifier.adapters_attempts import MongoAttempts, MongoCustody
from services.notifier.attempts import FOREIGN, Holder
from services.notifier.handlers import Attempts
from services.notifier.replay import PROJECTED, projector
from sim.place import Place
from tests.conftest import ROOT, hubctl
from tests.fakes.events import agency
from tests.fakes.notifier import TRACE, planned, settled, taken
from tests.unit.notifier.book_behaviour import BookBehaviour, Rows

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

LIMIT_SECONDS = 3.0
RSS_LIMIT_MB = 200
BOTH, MAIL_ONLY, NOBODY = AgencyCode("999.90.01.T01"), AgencyCode("999.90.01.T02"), AgencyCode("999.90.01.T03")
CONTACTS: Mapping[AgencyCode, tuple[Contact, ...]] = {
    BOTH: (
        Contact(name="Lê Thị Mai", position="Văn thư", unit="VP", mobile="0912 345 678", email="mai@t01.gov.vn"),
        Contact(name="Phạm Văn Nam", position="Trưởng phòng", unit="VP", mobile="", email="nam@t01.gov.vn"),
    ),
    MAIL_ONLY: (Contact(name="Vũ Hà", position="Văn thư", unit="VP", mobile="", email="ha@t02.gov.vn"),),
    NOBODY: (),
}


@dataclass(slots=True)
class Notifier:
    """Processes of the service under test: a group, a database and a data folder of its own."""

    environment: Mapping[str, str]
    folder: Path
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *module: str, **changes: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", *(module or ("services.notifier",))],
            env={**os.environ, **self.environment, **changes}, cwd=ROOT,
            stdout=(self.folder / "out.log").open("ab"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def stop(self) -> list[int]:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        codes = [process.wait(30) for process in self.processes]
        self.processes.clear()
        return codes

    def log(self) -> str:
        file = self.folder / "out.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""


class Sinks:
    """What left the hub, and how the far side behaves."""

    def __init__(self, place: Place) -> None:
        self._doors = {
            Channel.EMAIL: f"http://{place.stack.address(Port.SMTP_SINK_INSPECTION)}",
            Channel.SMS: f"http://{place.stack.address(Port.SMS_SINK_INSPECTION)}",
        }

    def fault(self, channel: Channel, kind: str) -> None:
        httpx.post(f"{self._doors[channel]}/fault", json={"kind": kind}).raise_for_status()

    def got(self, channel: Channel, hub_id: HubId) -> list[dict[str, Any]]:
        messages = httpx.get(f"{self._doors[channel]}/messages").json()
        if channel is Channel.EMAIL:
            return [message for message in messages if message["headers"].get("X-Hub-Document") == hub_id]
        return [message for message in messages if message["reference"].startswith(hub_id)]

    def counts(self, hub_id: HubId) -> tuple[int, int]:
        """Distinct mails, and every SMS."""
        mails = {mail["message_id"] for mail in self.got(Channel.EMAIL, hub_id)}
        return len(mails), len(self.got(Channel.SMS, hub_id))


class Events:
    """The log, to write what other services would and to read what the notifier wrote."""

    def __init__(self, brokers: str, registry: Registry) -> None:
        self._brokers = brokers
        self._registry = registry
        self._log = Log(brokers, registry, 10)

    async def open(self) -> None:
        await patiently(lambda: self._registry.prepare([topic.event for topic in TOPICS]))
        names = [replace(agency(code), contacts=contacts) for code, contacts in CONTACTS.items()]
        await self.happen(*names, agency("000.00.00.G22"))

    async def close(self) -> None:
        await self._log.close()
        await self._registry.close()

    async def happen(self, *events: Event) -> None:
        await self._log.append([(event, (("traceparent", TRACE.encode()),)) for event in events])

    async def all(self, *classes: type[Event]) -> list[Recorded[Event]]:
        starts: dict[TopicPartition, int] = {}
        for event in classes:
            topic = topic_of(event)
            starts |= {TopicPartition(topic.name, number): 0 for number in await self._log.partitions(topic)}
        found: list[Recorded[Event]] = []
        async with aclosing(read_to_end(self._log, self._brokers, starts)) as batches:
            async for records in batches:
                found.extend(records)
        return found

    async def alerts(self, hub_id: HubId) -> list[Recorded[Event]]:
        records = await self.all(AlertRaised, AlertSent)
        return [one for one in records if isinstance(one.event, AlertRaised | AlertSent) and one.event.hub_id == hub_id]

    async def outcomes(self, hub_id: HubId) -> dict[Channel, tuple[AlertOutcome, str]]:
        found: dict[Channel, tuple[AlertOutcome, str]] = {}
        for one in await self.alerts(hub_id):
            if isinstance(one.event, AlertSent):
                found.setdefault(one.event.channel, (one.event.outcome, one.event.detail))
        return found


def delivery(recipient: AgencyCode = BOTH, *, age: float = 0.0) -> DeliveryPlanned:
    name = str(uuid.uuid4())
    event = planned(name, system_clock() - timedelta(seconds=age), subject="Về việc kiểm thử cảnh báo")
    return replace(event, hub_id=HubId(name), recipient=recipient, agency=recipient)


async def until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def sinks(stack: Place) -> Sinks:
    return Sinks(stack)


@pytest.fixture(autouse=True)
def _sinks_behave(sinks: Sinks) -> Iterator[None]:
    yield
    for channel in Channel:
        sinks.fault(channel, "none")


@pytest.fixture(scope="module", autouse=True)
def _own_notifier_rests(stack: Place) -> Iterator[None]:
    """The stack's own notifier would raise the same alerts."""
    assert stack
    hubctl("local", "stop", "notifier", check=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{stack.stack.address(Port.NOTIFIER_INTERNAL)}/health/live")
    yield
    hubctl("local", "start", "notifier", check=False)


@pytest.fixture(scope="module")
def settings(environment: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    run = uuid.uuid4().hex[:8]
    return {
        **environment["notifier"],
        "HUB_MONGO_DATABASE": f"test_notifier_{run}",
        "HUB_GROUP": f"test-notifier-{run}",
        "HUB_DATA_DIR": str(tmp_path_factory.mktemp("notifier")),
        "HUB_INTERNAL_PORT": "0",
        "HUB_NOT_FETCHED_SECONDS": str(LIMIT_SECONDS),
        "HUB_SMTP_SECONDS": "3",
        "HUB_SMS_SECONDS": "3",
        "HUB_ALERT_RETRY_SECONDS": "0.5",
        "HUB_ALERT_RETRY_LONGEST_SECONDS": "1",
        "HUB_TRACE_FILE": "",
    }


@pytest.fixture
def notifier(settings: dict[str, str]) -> Iterator[Notifier]:
    """Stopped at the end of each test; what it knows stays for the next."""
    found = Notifier(settings, Path(settings["HUB_DATA_DIR"]))
    yield found
    found.stop()


@pytest.fixture
async def events(settings: dict[str, str], tmp_path: Path) -> AsyncIterator[Events]:
    found = Events(settings["HUB_BROKERS"], Registry(settings["HUB_REGISTRY_URL"], tmp_path / "ids.json"))
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def database(settings: dict[str, str]) -> AsyncIterator["AsyncIOMotorDatabase[Any]"]:
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(settings["HUB_MONGO_URL"], tz_aware=True)
    yield client[settings["HUB_MONGO_DATABASE"]]
    client.close()


async def test_a_document_not_fetched_alerts_once_by_mail_and_sms(
    notifier: Notifier, sinks: Sinks, events: Events
) -> None:
    process = notifier.start()
    waiting, fetched, failed = delivery(), delivery(), delivery()
    await events.happen(waiting, fetched, failed)
    await events.happen(taken(fetched), settled(failed))
    await until(lambda: sinks.counts(waiting.hub_id) == (1, 1))
    await asyncio.sleep(LIMIT_SECONDS)
    assert sinks.counts(waiting.hub_id) == (1, 1)
    assert sinks.counts(fetched.hub_id) == sinks.counts(failed.hub_id) == (0, 0)

    (mail,), (sms,) = sinks.got(Channel.EMAIL, waiting.hub_id), sinks.got(Channel.SMS, waiting.hub_id)
    assert mail["to"] == ["mai@t01.gov.vn", "nam@t01.gov.vn"]
    assert mail["headers"]["X-Hub-Recipient"] == BOTH
    assert sms["to"] == "0912345678"
    assert sms["reference"] == f"{waiting.hub_id}|{BOTH}|not_fetched"

    story = await events.alerts(waiting.hub_id)
    assert sorted(type(one.event).__name__ for one in story) == ["AlertRaised"] * 2 + ["AlertSent"] * 2
    assert {one.trace.split("-")[1] for one in story} == {TRACE.split("-")[1]}
    assert {end[0] for end in (await events.outcomes(waiting.hub_id)).values()} == {AlertOutcome.SENT}
    assert memory_mb(process.pid) < RSS_LIMIT_MB
    lines = [json.loads(line) for line in notifier.log().splitlines()]
    assert {line["trace_id"] for line in lines if line.get("hub_id") == waiting.hub_id} == {TRACE.split("-")[1]}
    assert "kiểm thử cảnh báo" not in notifier.log()
    assert notifier.stop() == [0]


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def test_nobody_to_warn_shows_in_the_log(notifier: Notifier, sinks: Sinks, events: Events) -> None:
    lonely = delivery(NOBODY, age=60)
    notifier.start()
    await events.happen(lonely)
    deadline = time.monotonic() + 40
    while len(await events.outcomes(lonely.hub_id)) < 2:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)
    assert {end[0] for end in (await events.outcomes(lonely.hub_id)).values()} == {AlertOutcome.NO_CONTACT}
    assert sinks.counts(lonely.hub_id) == (0, 0)


async def killed(notifier: Notifier, events: Events, waiting: DeliveryPlanned, point: str) -> None:
    """Let a notifier die at this point of this document's alert."""
    dying = notifier.start("tests.integration.notifier_dying", point, DYING_FOR=waiting.hub_id)
    await events.happen(waiting)
    assert await asyncio.to_thread(dying.wait, 60) == -signal.SIGKILL
    notifier.processes.clear()


@pytest.mark.parametrize(
    ("point", "mails"), [("raised", 1), ("before-attempt", 1), ("after-attempt", 1), ("after-message", 2), ("sent", 1)]
)
async def test_killed_between_any_two_steps_one_distinct_mail_leaves(
    notifier: Notifier, sinks: Sinks, events: Events, point: str, mails: int
) -> None:
    waiting = delivery(MAIL_ONLY, age=60)
    await killed(notifier, events, waiting, point)
    notifier.start()
    deadline = time.monotonic() + 60
    while Channel.EMAIL not in await events.outcomes(waiting.hub_id):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)
    await asyncio.sleep(1)
    assert sinks.counts(waiting.hub_id) == (1, 0)
    got = sinks.got(Channel.EMAIL, waiting.hub_id)
    assert len(got) == mails
    assert all(mail["headers"] == got[0]["headers"] for mail in got)
    assert (await events.outcomes(waiting.hub_id))[Channel.EMAIL][0] is AlertOutcome.SENT
    raised = [one for one in await events.alerts(waiting.hub_id) if isinstance(one.event, AlertRaised)]
    assert len({one.event.event_id for one in raised}) == len(raised) == 2


async def test_a_relay_that_is_away_gets_the_mail_once_it_is_back(
    notifier: Notifier, sinks: Sinks, events: Events
) -> None:
    waiting = delivery(age=60)
    await asyncio.to_thread(hubctl, "local", "stop", "smtp-sink")
    try:
        notifier.start()
        await events.happen(waiting)
        await until(lambda: len(sinks.got(Channel.SMS, waiting.hub_id)) == 1)
        await asyncio.sleep(2)
    finally:
        await asyncio.to_thread(hubctl, "local", "start", "smtp-sink")
    await until(lambda: sinks.counts(waiting.hub_id) == (1, 1))
    await asyncio.sleep(2)
    assert sinks.counts(waiting.hub_id) == (1, 1)


async def test_a_relay_that_greylists_gets_the_mail_at_the_second_try(
    notifier: Notifier, sinks: Sinks, events: Events
) -> None:
    sinks.fault(Channel.EMAIL, "greylist")
    sinks.fault(Channel.SMS, "greylist")
    waiting = delivery(age=60)
    notifier.start()
    await events.happen(waiting)
    await until(lambda: sinks.counts(waiting.hub_id) == (1, 1))


async def test_a_gateway_that_takes_and_hangs_up_gets_the_mail_again_and_the_sms_never(
    notifier: Notifier, sinks: Sinks, events: Events
) -> None:
    for channel in Channel:
        sinks.fault(channel, "drop")
    waiting = delivery(age=60)
    notifier.start()
    await events.happen(waiting)
    await until(lambda: len(sinks.got(Channel.EMAIL, waiting.hub_id)) > 1)
    for channel in Channel:
        sinks.fault(channel, "none")
    deadline = time.monotonic() + 40
    while len(await events.outcomes(waiting.hub_id)) < 2:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)
    await asyncio.sleep(3)
    assert sinks.counts(waiting.hub_id) == (1, 1)
    ends = await events.outcomes(waiting.hub_id)
    assert (ends[Channel.EMAIL][0], ends[Channel.SMS][0]) == (AlertOutcome.SENT, AlertOutcome.UNKNOWN)


async def test_a_relay_that_hangs_holds_up_neither_sms_nor_watches(
    notifier: Notifier, sinks: Sinks, events: Events
) -> None:
    sinks.fault(Channel.EMAIL, "hang")
    many = [delivery(age=60) for _ in range(12)]
    notifier.start()
    await events.happen(*many)
    await until(lambda: all(len(sinks.got(Channel.SMS, one.hub_id)) == 1 for one in many), 12)
    fetched = delivery()
    await events.happen(fetched)
    await events.happen(taken(fetched))
    later = delivery(age=60)
    await events.happen(later)
    await until(lambda: len(sinks.got(Channel.SMS, later.hub_id)) == 1, 12)
    assert sinks.counts(fetched.hub_id) == (0, 0)


async def test_a_refusal_is_a_failure(notifier: Notifier, sinks: Sinks, events: Events) -> None:
    for channel in Channel:
        sinks.fault(channel, "refuse")
    waiting = delivery(age=60)
    notifier.start()
    await events.happen(waiting)
    deadline = time.monotonic() + 40
    while len(await events.outcomes(waiting.hub_id)) < 2:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)
    assert sinks.counts(waiting.hub_id) == (0, 0)
    assert {end[0] for end in (await events.outcomes(waiting.hub_id)).values()} == {AlertOutcome.FAILED}


async def test_what_was_fetched_while_it_was_down_is_not_complained_about(
    notifier: Notifier, sinks: Sinks, events: Events
) -> None:
    assigned = notifier.log().count("partitions assigned")
    notifier.start()
    before = delivery()
    await events.happen(before)
    await until(lambda: notifier.log().count("partitions assigned") > assigned)
    assert notifier.stop() == [0]
    others = [delivery(age=600) for _ in range(300)]
    await events.happen(*others)
    await events.happen(taken(before), *(taken(other) for other in others[1:]))
    await asyncio.sleep(LIMIT_SECONDS)
    notifier.start()
    await until(lambda: sinks.counts(others[0].hub_id) == (1, 1))
    await asyncio.sleep(2)
    assert sinks.counts(before.hub_id) == (0, 0)
    assert sum(sum(sinks.counts(other.hub_id)) for other in others[1:30]) == 0


async def test_two_notifiers_alert_once(notifier: Notifier, sinks: Sinks, events: Events, tmp_path: Path) -> None:
    notifier.start()
    second = notifier.start(HUB_DATA_DIR=str(tmp_path / "second"))
    many = [delivery(age=60 if number % 2 else 0) for number in range(40)]
    await events.happen(*many[:20])
    await asyncio.sleep(2)
    await events.happen(*many[20:])
    await until(lambda: all(min(sinks.counts(one.hub_id)) >= 1 for one in many), 60)
    second.send_signal(signal.SIGKILL)
    second.wait()
    notifier.processes.remove(second)
    more = [delivery(age=60) for _ in range(10)]
    await events.happen(*more)
    await until(lambda: all(min(sinks.counts(one.hub_id)) >= 1 for one in more), 60)
    assert [sinks.counts(one.hub_id) for one in [*many, *more]] == [(1, 1)] * 50


async def test_a_fresh_database_sends_nothing_that_may_have_been_sent(
    notifier: Notifier, sinks: Sinks, events: Events, settings: dict[str, str]
) -> None:
    waiting = delivery(MAIL_ONLY, age=60)
    await killed(notifier, events, waiting, "after-message")
    notifier.start(
        HUB_MONGO_DATABASE=f"{settings['HUB_MONGO_DATABASE']}_fresh", HUB_GROUP=f"{settings['HUB_GROUP']}-fresh"
    )
    deadline = time.monotonic() + 60
    while Channel.EMAIL not in await events.outcomes(waiting.hub_id):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)
    assert (await events.outcomes(waiting.hub_id))[Channel.EMAIL] == (AlertOutcome.UNKNOWN, FOREIGN)
    new = delivery(MAIL_ONLY, age=60)
    await events.happen(new)
    await until(lambda: sinks.counts(new.hub_id) == (1, 0))
    assert sinks.counts(waiting.hub_id) == (1, 0)


async def test_the_rows_can_be_rebuilt_from_the_log(
    notifier: Notifier, sinks: Sinks, events: Events, database: "AsyncIOMotorDatabase[Any]"
) -> None:
    """Last in this file: it judges what all the kills above have left."""
    last = delivery()
    notifier.start()
    await events.happen(last)
    await until(lambda: sinks.counts(last.hub_id) == (1, 1))
    await asyncio.sleep(6)  # the second look at own events closes gaps of the kills above
    assert notifier.stop() == [0]
    fresh = database.client[f"{database.name}_replayed"]
    classes, project = await projector(fresh)
    for event in reversed(classes):
        await project(await events.all(event))
    for name in PROJECTED:
        live = {row["_id"]: row async for row in database[name].find()}
        rebuilt = {row["_id"]: row async for row in fresh[name].find()}
        assert rebuilt == live
        assert live
    assert not await fresh["attempts"].count_documents({})
    await database.client.drop_database(fresh.name)


class MongoRows(Rows):
    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._database = database
        self.book = MongoBook(database)

    def attempts(self, holder: Holder) -> Attempts:
        return MongoAttempts(self._database, holder)

    async def keep_custody(self, partition: int, offset: int) -> None:
        custody = MongoCustody(self._database)
        await custody.begin({partition: offset})
        assert await custody.missing(frozenset({partition, 77})) == {77}

    async def clear(self) -> None:
        for name in PROJECTED:
            await self._database[name].delete_many({})

    async def contents(self) -> object:
        return [{row["_id"]: row async for row in self._database[name].find()} for name in sorted(PROJECTED)]


class TestMongoBook(BookBehaviour):
    @pytest.fixture
    async def rows(self, database: "AsyncIOMotorDatabase[Any]") -> AsyncIterator[Rows]:
        own = database.client[f"{database.name}_{uuid.uuid4().hex[:8]}"]
        await prepare_rows(own)
        await prepare_rows(own)
        yield MongoRows(own)
        await database.client.drop_database(own.name)
