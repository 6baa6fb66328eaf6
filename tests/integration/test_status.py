"""The status service on real Kafka, MongoDB and registry: nothing is lost, whatever dies."""

import asyncio
import json
import random
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from hub.model.errors import Transient
from hub.model.events import AgencyChanged, ConnectionChanged, Event, EventParked
from hub.model.ids import HubId
from hub.runtime.log import Log
from hub.runtime.mongo import TookTooLong
from hub.runtime.registry import Registry
from hub.wire.topics import topic_of
from hubctl.local.ports import Port
from services.status import adapters
from services.status.adapters import MongoLives
from services.status.adapters_alerts import MongoAlerts
from services.status.app import GIVES, TAKES
from services.status.handlers import Alerts
from services.status.life import Life, State
from services.status.lifecycle import grown
from services.status.replay import PROJECTED, projector
from tests.conftest import hubctl
from tests.fakes.lives import Document
from tests.integration.status_site import CutLine, Status, free_port, mixed, until
from tests.unit.status.alerts_behaviour import AlertsBehaviour
from tests.unit.status.lives_behaviour import DAY, Keeper, LivesBehaviour

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

PORT_BASE = 23300
RSS_LIMIT_MB = 200
ENDINGS = [("01", "03", "04", "05", "06"), ("01", "02"), ("01", "03"), ("03", "01", "06"), ("01", "13", "15")]


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Kafka, MongoDB and registry of these tests' own: invented documents would mislead the other services."""
    folder = tmp_path_factory.mktemp("stack")
    needed = "kafka,mongod,registry,topics"
    started = hubctl("local", "up", "--dir", str(folder), "--port-base", str(PORT_BASE), "--only", needed, check=False)
    assert started.returncode == 0, started.stderr
    yield folder
    hubctl("local", "down", "--dir", str(folder), check=False)


@pytest.fixture
def own_environment(small_stack: Path, tmp_path: Path) -> dict[str, str]:
    environment = json.loads(hubctl("local", "env", "status", "--json", "--dir", str(small_stack)).stdout)
    name = uuid.uuid4().hex[:10]
    return {
        **environment,
        "HUB_GROUP": f"status-{name}",
        "HUB_MONGO_DATABASE": f"hub_status_{name}",
        "HUB_DATA_DIR": str(tmp_path / "data"),
        "HUB_HTTP_PORT": str(free_port()),
        "HUB_INTERNAL_PORT": str(free_port()),
    }


@pytest_asyncio.fixture
async def database(own_environment: dict[str, str]) -> "AsyncIterator[AsyncIOMotorDatabase[Any]]":
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(own_environment["HUB_MONGO_URL"], tz_aware=True)
    name = own_environment["HUB_MONGO_DATABASE"]
    yield client[name]
    await client.drop_database(name)
    await client.drop_database(f"{name}_fresh")
    client.close()


@pytest_asyncio.fixture
async def status(
    own_environment: dict[str, str], database: "AsyncIOMotorDatabase[Any]", tmp_path: Path
) -> AsyncIterator[Status]:
    assert database is not None
    registry = Registry(own_environment["HUB_REGISTRY_URL"], tmp_path / "ids.json")
    await registry.prepare([*TAKES, *GIVES, AgencyChanged, ConnectionChanged, EventParked])
    log = Log(own_environment["HUB_BROKERS"], registry, 20)
    service = Status(environment=own_environment, folder=tmp_path, log=log)
    await service.register()
    yield service
    service.kill()
    await log.close()
    await registry.close()


class TestInMongo(LivesBehaviour):
    """The promises that the keeper in memory makes are those of the real one."""

    @pytest_asyncio.fixture
    async def keeper(self, database: "AsyncIOMotorDatabase[Any]") -> Keeper:
        lives = MongoLives(database)
        await lives.prepare()
        return lives

    async def test_a_timeline_that_is_full_stays_as_it_was_and_all_others_are_written(
        self, database: "AsyncIOMotorDatabase[Any]"
    ) -> None:
        lives = MongoLives(database)
        full, empty, other = (Document(number, "000.00.00.G22", ["000.00.00.H29"]) for number in (1, 2, 3))
        full.header = replace(full.header, subject="x" * 15_000_000)
        empty.header = replace(empty.header, subject="x" * 17_000_000)
        nearly = grown(Life(hub_id=full.hub_id), [full.received()])
        await lives.save([(Life(hub_id=full.hub_id), nearly)])
        checked = full.checked()
        over = grown(nearly, [replace(checked, findings=(replace(checked.findings[0], signer="y" * 2_000_000),))])
        small = grown(Life(hub_id=other.hub_id), other.whole())
        too_large = grown(Life(hub_id=empty.hub_id), [empty.received()])
        await lives.save([(nearly, over), (Life(hub_id=other.hub_id), small), (Life(hub_id=empty.hub_id), too_large)])
        assert await lives.load([full.hub_id, other.hub_id, empty.hub_id]) == {full.hub_id: nearly, other.hub_id: small}
        await lives.save([(nearly, over), (small, grown(small, [other.reported("000.00.00.H29", "13")]))])
        assert (await MongoLives(database).load([other.hub_id]))[other.hub_id] != small

    async def test_a_row_from_before_there_were_versions_grows_like_any_other(
        self, database: "AsyncIOMotorDatabase[Any]"
    ) -> None:
        document = Document(1, "000.00.00.G22", ["000.00.00.H29"])
        received = grown(Life(hub_id=document.hub_id), [document.received()])
        await MongoLives(database).save([(Life(hub_id=document.hub_id), received)])
        await database[adapters.COLLECTION].update_one({"_id": document.hub_id}, {"$unset": {"version": ""}})
        lives = MongoLives(database)
        loaded = (await lives.load([document.hub_id]))[document.hub_id]
        await lives.save([(loaded, grown(loaded, [document.checked()]))])
        with pytest.raises(Transient):
            await lives.save([(loaded, grown(loaded, [document.planned("000.00.00.H29")]))])

    async def test_large_lives_are_read_again_once_another_process_has_changed_them(
        self, database: "AsyncIOMotorDatabase[Any]"
    ) -> None:
        one, other = MongoLives(database), MongoLives(database)
        codes = [f"998.00.{number:02d}" for number in range(30)]
        document = Document(1, "000.00.00.G22", codes)
        received = grown(Life(hub_id=document.hub_id), [document.received()])
        await one.save([(Life(hub_id=document.hub_id), received)])
        assert (await one.load([document.hub_id]))[document.hub_id] is received
        theirs = grown((await other.load([document.hub_id]))[document.hub_id], [document.checked()])
        await other.save([(received, theirs)])
        assert (await one.load([document.hub_id]))[document.hub_id] == theirs
        with pytest.raises(Transient):
            await one.save([(received, grown(received, [document.planned(codes[0])]))])
        await one.save([(received, theirs)])  # the same growth once more is no conflict: its answer may have been lost

    async def test_a_report_outlives_the_patience_of_the_connection(
        self, own_environment: dict[str, str], database: "AsyncIOMotorDatabase[Any]", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The client gives up after 4 s; a year's report may take a minute."""
        document = Document(1, "000.00.00.G22", ["000.00.00.H29"])
        await MongoLives(database).save(
            [(Life(hub_id=document.hub_id), grown(Life(hub_id=document.hub_id), document.whole()))]
        )
        sleepy = {"$function": {"body": "function() { sleep(1000); return true }", "args": [], "lang": "js"}}
        sent = adapters._sent
        monkeypatch.setattr(adapters, "_sent", lambda *of: ({"$match": {"$expr": sleepy}}, *sent(*of)))
        client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(own_environment["HUB_MONGO_URL"], socketTimeoutMS=400)
        lives = MongoLives(client[database.name])
        assert sum(tally.sent for tally in await lives.tally(DAY)) == 1
        monkeypatch.setattr(adapters, "_REPORT_SECONDS", 0.3)
        with pytest.raises(TookTooLong):
            await lives.tally(DAY)
        client.close()


class TestAlertsInMongo(AlertsBehaviour):
    """The same for alerts."""

    @pytest_asyncio.fixture
    async def alerts(self, database: "AsyncIOMotorDatabase[Any]") -> Alerts:
        alerts = MongoAlerts(database)
        await alerts.prepare()
        return alerts


def lives_of(documents: Iterable[Document], dice: random.Random) -> dict[HubId, list[Event]]:
    return {document.hub_id: [*alerts_of(document), *document.whole(dice.choice(ENDINGS))] for document in documents}


def alerts_of(document: Document) -> list[Event]:
    """The events of an alert to the first recipient; they lie in the partition of its code, not the document's."""
    first = document.header.recipients[0]
    return [document.alert_raised(first), document.alert_sent(first)]


async def recorded_all(
    database: "AsyncIOMotorDatabase[Any]", expected: Mapping[HubId, Sequence[Event]], seconds: float = 120
) -> dict[HubId, Life]:
    """The rows, once they hold every fact of these events and every announcement that follows."""
    lives = MongoLives(database)
    wanted = {hub_id: grown(Life(hub_id=hub_id), events) for hub_id, events in expected.items()}
    rows: dict[HubId, Life] = {}

    async def complete() -> bool:
        rows.update(await lives.load(wanted))
        return all(hub_id in rows and not missing(life, rows[hub_id]) for hub_id, life in wanted.items())

    await until(complete, seconds)
    return rows


def missing(wanted: Life, found: Life) -> bool:
    """True when a row lacks a fact or an announcement."""
    return found.checked != wanted.checked or any(
        line.reports != found.lines[code].reports
        or line.settled != found.lines[code].settled
        or line.taken != found.lines[code].taken
        or found.lines[code].announced is not found.state(found.lines[code])
        or found.lines[code].announced_recall is not found.lines[code].recall
        for code, line in wanted.lines.items()
    )


async def test_a_document_is_shown_to_its_parties_and_announced(
    status: Status, database: "AsyncIOMotorDatabase[Any]"
) -> None:
    document = status.document(1, 2)
    sender, (first, second) = document.header.sender, document.header.recipients
    status.start()
    await status.until_ready()
    events = document.whole(("01", "03", "06"))
    await status.append([*events, *alerts_of(document)])
    await recorded_all(database, {document.hub_id: events})
    path = f"/api/v1/documents/{document.hub_id}"
    timeline = (await status.get(path, sender)).json()
    assert [(line["recipient"], line["state"]) for line in timeline["recipients"]] == [(first, "06"), (second, "06")]
    assert [line["recipient"] for line in (await status.get(path, first)).json()["recipients"]] == [first]
    assert (await status.get(path, status.code(8))).status_code == 404
    assert (await status.get(path)).json()["recipients"][0]["name"].startswith("Cơ quan")
    assert (await status.get(f"{path}/evidence", sender)).json()["verdict"]["outcome"] == "VALID"
    assert document.hub_id in [
        item["hub_id"] for item in (await status.get("/api/v1/documents", sender)).json()["items"]
    ]
    page = await status.get(f"/console/documents/{document.hub_id}")
    assert "Hoàn thành" in page.text
    assert "đến sai thứ tự" not in page.text

    async def alert_is_shown() -> bool:
        return "Đã nhắc qua thư điện tử" in (await status.get(f"/console/documents/{document.hub_id}")).text

    await until(alert_is_shown)
    assert document.hub_id in (await status.get("/console/", q="1/ubnd")).text

    announced = await status.announced([document])
    for recipient in (first, second):
        moves = announced[document.hub_id, recipient]  # topics have no order among each other: steps may be skipped
        assert (moves[0].previous, moves[-1].current) == ("", "06")
        assert all(one.current == other.previous for one, other in pairwise(moves))
    assert status.kill(signal.SIGTERM) == 0


async def test_poison_is_parked_and_the_next_events_go_on(
    status: Status, database: "AsyncIOMotorDatabase[Any]"
) -> None:
    """F24"""
    document = status.document(1)
    events = document.whole(("01",))
    status.start()
    await status.until_ready()
    topic = topic_of(type(events[-1])).name
    partition = (await status.append(events[:3]))[0].partition
    for value in (b"", b"\x00garbage", b"\x00\x00\x00\x00\x63no such schema"):
        await status.garble(topic, partition, value)
    await status.append(events[3:])
    await recorded_all(database, {document.hub_id: events})

    async def parked() -> bool:
        """Records are parked once the rest of their batch is handled."""
        found = [record.event for record in await status.read(EventParked)]
        mine = [event for event in found if isinstance(event, EventParked) and event.key == b"garbage"]
        return b"\x00garbage" in {event.value for event in mine if event.service == "status"}

    await until(parked)
    assert await status.metric("hub_events_parked_total") >= 3


async def test_a_database_that_is_away_is_waited_for_in_place(
    status: Status, database: "AsyncIOMotorDatabase[Any]"
) -> None:
    line = CutLine(PORT_BASE + Port.MONGOD)
    await line.mend()
    status.start(HUB_MONGO_URL=f"mongodb://127.0.0.1:{line.port}/?directConnection=true")
    await status.until_ready()
    document = status.document(1)
    events = document.whole(("01", "03"))
    await status.append(events[:4])
    await line.cut()
    await status.append(events[4:])
    await asyncio.sleep(4)
    assert status.process
    assert status.process.poll() is None
    assert "mongo" in (await status.ready())["away"]
    asked = time.monotonic()
    answer = await status.get(f"/api/v1/documents/{document.hub_id}")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert time.monotonic() - asked < 5
    await line.mend()
    await recorded_all(database, {document.hub_id: events})
    assert "tried again" in status.said()
    stopped = asyncio.to_thread(status.kill, signal.SIGTERM)  # the line to the database must go on meanwhile
    assert await stopped == 0
    await line.cut()


async def test_a_restart_goes_on_at_once_after_a_kill_and_repeats_little_after_a_stop(
    status: Status, database: "AsyncIOMotorDatabase[Any]"
) -> None:
    documents = [status.document(number) for number in range(20)]
    expected = {document.hub_id: document.whole(("01", "03")) for document in documents}
    first, rest = documents[:10], documents[10:]
    status.start()
    await status.until_ready()
    await status.append([event for document in first for event in expected[document.hub_id]])
    await recorded_all(database, {document.hub_id: expected[document.hub_id] for document in first})

    status.kill()
    killed = time.monotonic()
    status.start()
    await status.append(expected[rest[0].hub_id])
    await recorded_all(database, {rest[0].hub_id: expected[rest[0].hub_id]})
    assert time.monotonic() - killed < 8

    stopped = time.monotonic()
    assert status.kill(signal.SIGTERM) == 0
    assert time.monotonic() - stopped < 8
    status.start()
    await status.until_ready()
    await status.append(expected[rest[1].hub_id])
    await recorded_all(database, {rest[1].hub_id: expected[rest[1].hub_id]})
    assert await status.metric("hub_events_handled_total") <= len(expected[rest[1].hub_id]) + 50


async def test_nothing_is_lost_and_no_announcement_missing_when_it_is_killed_in_the_middle_of_batches(
    status: Status, database: "AsyncIOMotorDatabase[Any]"
) -> None:
    """F04: 6 kills while 250 documents (about 5 000 events) are taken in; and memory stays small."""
    dice = random.Random(20261120)  # noqa: S311 - a repeatable shuffle
    documents = [status.document(number) for number in range(250)]
    expected = lives_of(documents, dice)
    appending = asyncio.create_task(status.append(mixed(expected.values(), dice), step=100))
    kills = 0
    status.start()
    await status.until_ready()
    while kills < 6:
        await asyncio.sleep(dice.uniform(0.3, 1.2))
        status.kill()
        kills += 1
        status.start()
        await status.until_ready()
    await appending
    rows = await recorded_all(database, expected)

    for hub_id, events in expected.items():
        bare = grown(Life(hub_id=hub_id), events)
        assert {code: bare.state(line) for code, line in bare.lines.items()} == {
            code: rows[hub_id].state(line) for code, line in rows[hub_id].lines.items()
        }
    announced = await status.announced(documents)
    for document in documents:
        row = rows[document.hub_id]
        for code, line in row.lines.items():
            moves = [
                change for change in announced[document.hub_id, code] if change.current in State.__members__.values()
            ]
            assert moves[-1].current == row.state(line)
            ranks = [State(change.current).rank for change in moves]
            assert ranks == sorted(set(ranks))
    await same_as_replayed(status, database)
    assert status.resident_mb < RSS_LIMIT_MB
    assert '"broken"' not in status.said()
    assert status.resident_mb < RSS_LIMIT_MB
    assert '"broken"' not in status.said()


async def same_as_replayed(status: Status, database: "AsyncIOMotorDatabase[Any]") -> None:
    """`hubctl replay` and `fsck` in small: project alone over the log, topic by topic, into fresh collections."""
    await until(lambda: drained(status), 60)
    fresh = database.client[f"{database.name}_fresh"]
    events, project = await projector(fresh)
    for event in events:
        records = await status.read(event)
        for start in range(0, len(records), 500):
            await project(records[start : start + 500])
    for name in PROJECTED:
        rebuilt = {row["_id"]: row async for row in fresh[name].find()}
        live = {row["_id"]: row async for row in database[name].find()}
        assert rebuilt == live


async def drained(status: Status) -> bool:
    return await status.metric("hub_consumer_lag") == 0
