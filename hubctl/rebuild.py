"""`hubctl replay` and `hubctl fsck`: every collection is a function of the log, so it can be rebuilt, and compared.

Replay reads the whole log with each service's own projector into a fresh database. Fsck does the same and compares it
row by row with the live one: after any crash, nothing may differ.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import mongo
from hub.runtime.log import Log, read_to_end
from hub.runtime.registry import Registry
from hub.runtime.settings import HubSettings, load
from hub.wire.topics import topic_of
from hubctl.errors import CommandError

SERVICES = ("ingest", "signature", "router", "status", "notifier")
_SHOWN = 20
_SETTLE_SECONDS = 2.0
_LOOKS = 3

Projector = Callable[[Sequence[Recorded[Event]]], Awaitable[None]]
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that the log does not explain."""

    service: str
    collection: str
    row: str
    what: str


class Rebuilder:
    """Rebuilds one service's collections from the log."""

    def __init__(self, settings: HubSettings, log: Log, client: Any) -> None:
        self._settings = settings
        self._log = log
        self._client = client

    def live(self, service: str) -> Any:
        """The database the service works on."""
        return self._client[f"hub_{service}"]

    async def rebuild(self, service: str, name: str, tell: Tell) -> tuple[Any, tuple[str, ...], dict[str, int]]:
        """A fresh database called `name`; gives it, the projected collections, and events read a topic."""
        module = importlib.import_module(f"services.{service}.replay")
        await self._client.drop_database(name)
        database = self._client[name]
        events, project = await module.projector(database)
        read = await self._play(events, project, lambda done, total: tell(service, done, total))
        return database, tuple(module.PROJECTED), read

    async def _play(
        self, events: Sequence[type[Event]], project: Projector, tell: Callable[[int, int], None]
    ) -> dict[str, int]:
        starts, total = await self._starts(events)
        read: dict[str, int] = {}
        async with aclosing(read_to_end(self._log, self._settings.brokers, starts)) as batches:
            async for records in batches:
                await project(records)
                read[records[0].topic] = read.get(records[0].topic, 0) + len(records)
                tell(sum(read.values()), total)
        tell(total, total)
        return read

    async def _starts(self, events: Sequence[type[Event]]) -> tuple[dict[TopicPartition, int], int]:
        places = [
            TopicPartition(topic.name, partition)
            for topic in map(topic_of, events)
            for partition in range(topic.partitions(self._settings.partitions))
        ]
        consumer: AIOKafkaConsumer = AIOKafkaConsumer(bootstrap_servers=self._settings.brokers)
        await consumer.start()
        try:
            starts = await consumer.beginning_offsets(places)
            ends = await consumer.end_offsets(places)
        finally:
            await consumer.stop()
        return starts, sum(ends[place] - starts[place] for place in places)

    async def check(self, service: str, tell: Tell, *, keep: bool) -> tuple[list[Difference], int]:
        """Differences of one service, and rows compared. A hub at work is looked at again before it is accused."""
        name = f"hub_{service}_fsck"
        try:
            for look in range(_LOOKS):
                if look:
                    await asyncio.sleep(_SETTLE_SECONDS)
                fresh, collections, _ = await self.rebuild(service, name, tell)
                found = await self.differences(service, fresh, collections)
                if not found:
                    break
            rows = sum([await fresh[collection].count_documents({}) for collection in collections])
        finally:
            if not keep:
                await self._client.drop_database(name)
        return found, rows

    async def differences(self, service: str, fresh: Any, collections: Sequence[str]) -> list[Difference]:
        """Rows that differ between the fresh and the live database."""
        found = []
        for collection in collections:
            rebuilt = {str(row["_id"]): row async for row in fresh[collection].find()}
            async for row in self.live(service)[collection].find():
                name = str(row["_id"])
                expected = rebuilt.pop(name, None)
                if expected is None:
                    found.append(_difference(service, collection, name, "in the database, not in the log"))
                elif expected != row:
                    found.append(_difference(service, collection, name, _fields(expected, row)))
            found.extend(_difference(service, collection, name, "in the log, not in the database") for name in rebuilt)
        return found


def _difference(service: str, collection: str, row: str, what: str) -> Difference:
    return Difference(service=service, collection=collection, row=row, what=what)


def _fields(expected: dict[str, Any], row: dict[str, Any]) -> str:
    names = sorted(name for name in {*expected, *row} if expected.get(name) != row.get(name))
    return f"differs in {', '.join(names)}"


@asynccontextmanager
async def _rebuilder(settings: HubSettings) -> AsyncIterator[Rebuilder]:
    registry = Registry(settings.registry_url, settings.data_dir / "hubctl-schema-ids.json")
    log = Log(settings.brokers, registry, settings.append_limit_seconds)
    client: Any = AsyncIOMotorClient(settings.mongo_url, tz_aware=True, **mongo.password(settings))
    try:
        yield Rebuilder(settings, log, client)
    finally:
        client.close()
        await log.close()
        await registry.close()


@contextmanager
def _bars() -> Iterator[Tell]:
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(service: str, done: int, total: int) -> None:
            if service not in tasks:
                tasks[service] = bars.add_task(service, total=total)
            bars.update(tasks[service], completed=done, total=total)

        yield tell


Services = Annotated[list[str] | None, typer.Argument(help="Services. [default: all five]")]


def replay(services: Services = None) -> None:
    """Rebuild every projection from the log into fresh databases hub_<service>_rebuilt; live ones are not touched."""
    settings = load(HubSettings)

    async def work(tell: Tell) -> list[tuple[str, str, int, int]]:
        rows = []
        async with _rebuilder(settings) as rebuilder:
            for service in _known(services):
                name = f"hub_{service}_rebuilt"
                database, collections, read = await rebuilder.rebuild(service, name, tell)
                count = sum([await database[collection].count_documents({}) for collection in collections])
                rows.append((service, name, sum(read.values()), count))
        return rows

    with _bars() as tell:
        rows = asyncio.run(work(tell))
    table = Table(box=None, pad_edge=False)
    for column in ("service", "database", "events read", "rows rebuilt"):
        table.add_column(column)
    for service, name, events, count in rows:
        table.add_row(service, name, str(events), str(count))
    Console(highlight=False).print(table)


def fsck(
    services: Services = None,
    keep: Annotated[bool, typer.Option(help="Keep the rebuilt databases for a look.")] = False,
) -> None:
    """Rebuild from the log and compare with the live collections; exit 1 and name the rows when anything differs."""
    settings = load(HubSettings)

    async def work(tell: Tell) -> tuple[int, list[Difference]]:
        found, rows = [], 0
        async with _rebuilder(settings) as rebuilder:
            for service in _known(services):
                differences, count = await rebuilder.check(service, tell, keep=keep)
                found.extend(differences)
                rows += count
        return rows, found

    with _bars() as tell:
        rows, found = asyncio.run(work(tell))
    for difference in found[:_SHOWN]:
        print(f"{difference.service}.{difference.collection} {difference.row}: {difference.what}")
    if len(found) > _SHOWN:
        print(f"… and {len(found) - _SHOWN} more")
    print(f"fsck: {rows} rows compared, {len(found)} differences")
    raise typer.Exit(1 if found else 0)


def _known(services: Sequence[str] | None) -> Sequence[str]:
    unknown = sorted(set(services or ()) - set(SERVICES))
    if unknown:
        raise CommandError(f"no service {', '.join(unknown)}: there are {', '.join(SERVICES)}")
    return services or SERVICES
