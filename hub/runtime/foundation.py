"""What all five services stand on, put together once: log, database, marks, directory, and the probes for them."""

import asyncio
import hashlib
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from hub.model.events import Event, EventParked
from hub.model.record import Recorded
from hub.runtime import mongo
from hub.runtime.clock import Clock, system_clock
from hub.runtime.consumer import MOST_RECORDS, ConsumerLoop
from hub.runtime.directory import DIRECTORY_EVENTS, DirectoryView
from hub.runtime.four_steps import FourSteps, Handler
from hub.runtime.health import set_probe
from hub.runtime.log import Log
from hub.runtime.marks import Marks
from hub.runtime.mongo import MongoMarks
from hub.runtime.own_events import OwnEvents, Projector
from hub.runtime.parking import Parking
from hub.runtime.patience import patiently
from hub.runtime.process import Process
from hub.runtime.registry import Registry
from hub.runtime.settings import HubSettings


class Foundation:
    """The common parts of one service's process; the composition root adds handlers and doors."""

    def __init__(self, process: Process, settings: HubSettings, gives: Iterable[type[Event]]) -> None:
        self.process = process
        self.settings = settings
        self.gives = tuple(gives)
        self.clock: Clock = system_clock
        self.registry = Registry(settings.registry_url, settings.data_dir / "schema-ids.json")
        self.log = Log(settings.brokers, self.registry, settings.append_limit_seconds)
        self.database: AsyncIOMotorDatabase[Any] = mongo.connect(settings, process.service)
        self.marks = Marks(MongoMarks(self.database))
        self.view = DirectoryView(self.log, settings.brokers)
        self.parking = Parking(process.service, self.log, self.clock)

    async def prepare(self, takes: Iterable[type[Event]] = ()) -> None:
        """Learn the schema ids (waiting for the registry if need be) and start following the directory."""
        health, known = self.process.health, asyncio.Event()
        health.needs("registry", set_probe(known, "the ids of schemas are not known yet"))
        wanted = (*self.gives, *takes, *DIRECTORY_EVENTS, EventParked)
        await patiently(lambda: self.registry.prepare(wanted))
        known.set()
        health.needs("kafka", self.log.ping)
        health.needs("mongo", lambda: mongo.ping(self.database))
        health.needs("directory", set_probe(self.view.ready, "the directory is still being read"))
        self.process.runs("directory", self.view.run)
        self.process.closes(self.registry.close)
        self.process.closes(self.log.close)

    def steps(self, name: str, handler: Handler[Any, Any]) -> FourSteps[Any, Any]:
        """The four steps around a handler."""
        return FourSteps(name, handler, self.log, self.marks, self.gives)

    def own_events(self, project: Projector) -> OwnEvents:
        """Catching up with the events this service appended, at assignment and for as long as it lives."""
        own = OwnEvents(self.log, self.settings.brokers, self.marks, self.gives, project)
        self.process.runs("own events", own.keep_up)
        return own

    def consumer(
        self, own: OwnEvents, handlers: "Mapping[type[Event], FourSteps[Recorded[Any], Any]]",
        most_records: int = MOST_RECORDS,
    ) -> ConsumerLoop:  # fmt: skip
        """The consumer loop of this service's group, which bears the service's name; also a part of the process."""
        loop = ConsumerLoop(
            group=self.process.service, brokers=self.settings.brokers, log=self.log, marks=self.marks, own=own,
            parking=self.parking, handlers=handlers, clock=self.clock, instance=instance_name(self.settings),
            most_records=most_records,
        )  # fmt: skip
        self.process.runs("consumer", loop.run)
        return loop


def instance_name(settings: HubSettings) -> str:
    """Name that a process keeps over its restarts and shares with no other: a data folder has one process."""
    folder = hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:8]
    return settings.instance or f"{socket.gethostname()}-{folder}"
