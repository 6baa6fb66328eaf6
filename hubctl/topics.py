"""`hubctl topics apply|list`: the migration that makes topics and registers schemas. Nothing else ever does.

Reads the one table, `hub/wire/topics.py`. Running it again changes nothing; what differs from the table is an error,
because a topic's partitions decide where a document's events lie and cannot be changed under it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from rich.console import Console
from rich.table import Table

from hub.model.errors import Broken, Transient
from hub.runtime.registry import Registry
from hub.runtime.settings import HubSettings, load
from hub.wire.topics import TOPICS, Topic
from hubctl.errors import CommandError

app = typer.Typer(no_args_is_help=True, help="Topics and schemas, from the table in hub/wire/topics.py.")

_PAUSE = 0.5
_MANY_BROKERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What must not differ between the table and the broker."""

    partitions: int
    config: Mapping[str, str]

    def differences(self, other: "Shape") -> tuple[str, ...]:
        """What `other`, the broker's, has differently; one phrase each."""
        found = []
        if self.partitions != other.partitions:
            found.append(f"{other.partitions} partitions instead of {self.partitions}")
        found.extend(
            f"{name}={other.config.get(name)} instead of {value}"
            for name, value in sorted(self.config.items())
            if other.config.get(name) != value
        )
        return tuple(found)


def shape_of(topic: Topic, settings: HubSettings) -> Shape:
    """The shape the table asks for; with three brokers an append needs two of them."""
    durable = {"min.insync.replicas": "2" if settings.replication >= _MANY_BROKERS else "1"}
    return Shape(partitions=topic.partitions(settings.partitions), config=topic.config() | durable)


@app.command()
def apply(
    patience: Annotated[float, typer.Option(help="Seconds to wait for Kafka and the registry.")] = 60.0,
) -> None:
    """Create missing topics, check existing ones, register schemas. Reads HUB_BROKERS, HUB_REGISTRY_URL and others."""
    settings = load(HubSettings)
    made = asyncio.run(_apply(settings, time.monotonic() + patience))
    print(f"topics: {made} created, {len(TOPICS) - made} as they should be; {len(TOPICS)} schemas registered")


@app.command("list")
def show() -> None:
    """Print the table of topics."""
    settings = load(HubSettings)
    table = Table(box=None, pad_edge=False)
    for column in ("topic", "event", "key", "partitions", "cleanup"):
        table.add_column(column, no_wrap=True)
    for topic in TOPICS:
        shape = shape_of(topic, settings)
        cleanup = shape.config["cleanup.policy"]
        table.add_row(topic.name, topic.event.__name__, topic.keyed, str(shape.partitions), cleanup, topic.schema_file)
    Console(highlight=False).print(table)


async def _apply(settings: HubSettings, deadline: float) -> int:
    async with _admin(settings.brokers, deadline) as admin:
        made = await _create(admin, settings)
        await _check(admin, settings)
    await _register(settings, deadline)
    return made


@asynccontextmanager
async def _admin(brokers: str, deadline: float) -> AsyncIterator[AIOKafkaAdminClient]:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
        try:
            await admin.start()
            break
        except KafkaError as error:
            await admin.close()
            if time.monotonic() > deadline:
                raise CommandError(f"Kafka at {brokers} does not answer: {error}") from error
            await asyncio.sleep(_PAUSE)
    try:
        yield admin
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, settings: HubSettings) -> int:
    there = set(await admin.list_topics())
    lacking = [topic for topic in TOPICS if topic.name not in there]
    if not lacking:
        return 0
    wanted = [(topic.name, shape_of(topic, settings)) for topic in lacking]
    answer = await admin.create_topics(
        [
            NewTopic(name, shape.partitions, settings.replication, topic_configs=dict(shape.config))
            for name, shape in wanted
        ]
    )
    for name, code, message in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise CommandError(f"topic {name} cannot be created: {message or error.__name__}")
    return len(lacking)


async def _check(admin: AIOKafkaAdminClient, settings: HubSettings) -> None:
    names = [topic.name for topic in TOPICS]
    partitions = {entry["topic"]: len(entry["partitions"]) for entry in await admin.describe_topics(names)}
    configs = await _configs(admin, names)
    for topic in TOPICS:
        actual = Shape(partitions=partitions[topic.name], config=configs[topic.name])
        differences = shape_of(topic, settings).differences(actual)
        if differences:
            raise CommandError(
                f"topic {topic.name} differs from hub/wire/topics.py: {', '.join(differences)}; "
                "correct HUB_PARTITIONS, or migrate the topic by hand: it is never changed in place"
            )


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    answers: list[Any] = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    )
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }


async def _register(settings: HubSettings, deadline: float) -> None:
    registry = Registry(settings.registry_url, settings.data_dir / "schema-ids.json")
    try:
        await asyncio.gather(*(_register_one(registry, topic, deadline) for topic in TOPICS))
    finally:
        with contextlib.suppress(Transient):
            await registry.close()


async def _register_one(registry: Registry, topic: Topic, deadline: float) -> None:
    while True:
        try:
            await registry.register(topic)
        except Transient as error:
            if time.monotonic() > deadline:
                raise CommandError(f"the schema registry does not answer: {error}") from error
            await asyncio.sleep(_PAUSE)
        except Broken as error:
            raise CommandError(str(error)) from error
        else:
            return
