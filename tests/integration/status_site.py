"""The status service as a process on the real stack: a group, a database, ports and agencies of its own."""

import asyncio
import base64
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
from aiokafka import AIOKafkaProducer, TopicPartition

from hub.model.events import ConnectionChanged, Event, StatusChanged
from hub.model.ids import AgencyCode, SystemId, event_id
from hub.model.record import Recorded
from hub.runtime.clock import system_clock
from hub.runtime.log import Log, read_to_end
from hub.runtime.seal import Seal, from_file
from hub.wire.topics import topic_of
from tests.conftest import ROOT
from tests.fakes.events import agency
from tests.fakes.lives import Document

SECRET = "a shared secret of the tests, long enough"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass(slots=True)
class Status:
    """One process after the other, always of the same group and folder."""

    environment: Mapping[str, str]
    folder: Path
    log: Log
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:6])
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def password(self) -> str:
        return Path(self.environment["HUB_OPERATOR_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()

    def start(self, **changes: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.status"], env={**os.environ, **self.environment, **changes}, cwd=ROOT,
            stdout=(self.folder / "out.log").open("ab"), stderr=subprocess.STDOUT,
        )  # fmt: skip

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        if self.process is None:
            return 0
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.process = None
        return code

    @property
    def resident_mb(self) -> float:
        assert self.process
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert found
        return int(found[1]) / 1024

    def said(self) -> str:
        return (self.folder / "out.log").read_text(encoding="utf-8")

    # agencies and documents

    def code(self, number: int) -> AgencyCode:
        return AgencyCode(f"998.{number:02d}.{self.mark}")

    def document(self, number: int, recipients: int = 3) -> Document:
        codes = [self.code((number + step) % 8) for step in range(recipients + 1)]
        return Document(number, codes[0], codes[1:], start=system_clock() - timedelta(minutes=5))

    async def register(self) -> None:
        seal = from_file(Path(self.environment["HUB_SEAL_KEY_FILE"]))
        events: list[Event] = []
        for code in map(self.code, range(9)):
            events += [agency(code), self._connection(code, seal)]
        await self.append(events)

    def _connection(self, code: AgencyCode, seal: Seal) -> ConnectionChanged:
        system = SystemId(f"sys-{code}")
        return ConnectionChanged(
            event_id=event_id(system, "connection"), occurred_at=system_clock(), cause_id="test", system_id=system,
            agencies=(code,), sealed_secret=seal.close(system, SECRET), active=True,
        )  # fmt: skip

    # the log

    async def append(self, events: Sequence[Event], step: int = 400) -> list[Recorded[Event]]:
        records: list[Recorded[Event]] = []
        for start in range(0, len(events), step):
            records += await self.log.append([(event, ()) for event in events[start : start + step]])
        return records

    async def garble(self, topic: str, partition: int, value: bytes) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.environment["HUB_BROKERS"])
        await producer.start()
        try:
            await producer.send_and_wait(topic, value, key=b"garbage", partition=partition)
        finally:
            await producer.stop()

    async def read(self, event: type[Event]) -> list[Recorded[Event]]:
        topic = topic_of(event)
        starts = {TopicPartition(topic.name, partition): 0 for partition in await self.log.partitions(topic)}
        records: list[Recorded[Event]] = []
        async with aclosing(read_to_end(self.log, self.environment["HUB_BROKERS"], starts)) as batches:
            async for batch in batches:
                records += batch
        return records

    async def announced(self, documents: Iterable[Document]) -> dict[tuple[str, str], list[StatusChanged]]:
        """Announcements by document and recipient, in log order, repeats of an event id dropped."""
        wanted = {document.hub_id for document in documents}
        found: dict[tuple[str, str], dict[str, StatusChanged]] = {}
        for record in await self.read(StatusChanged):
            event = record.event
            if isinstance(event, StatusChanged) and event.hub_id in wanted:
                found.setdefault((event.hub_id, event.recipient), {}).setdefault(event.event_id, event)
        return {line: list(changes.values()) for line, changes in found.items()}

    # the doors

    async def get(self, path: str, who: str = "operator", **query: str) -> httpx.Response:
        if who == "operator":
            pair = base64.b64encode(f"operator:{self.password}".encode()).decode()
            authorization = f"Basic {pair}"
        else:
            claims = {"sub": f"sys-{who}", "exp": system_clock() + timedelta(minutes=10)}
            authorization = f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"
        address = f"http://127.0.0.1:{self.environment['HUB_HTTP_PORT']}{path}"
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return await client.get(address, params=query or None, headers={"authorization": authorization})

    async def ready(self) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self.environment['HUB_INTERNAL_PORT']}/health/ready"
        async with httpx.AsyncClient(trust_env=False) as client:
            answer: dict[str, Any] = (await client.get(address)).json()
            return answer

    async def until_ready(self, seconds: float = 40) -> None:
        async def is_ready() -> bool:
            with suppress(httpx.HTTPError):
                return bool((await self.ready())["status"] == "ready")
            return False

        await until(is_ready, seconds)

    async def metric(self, name: str) -> float:
        """Sum over the labels of one metric."""
        address = f"http://127.0.0.1:{self.environment['HUB_INTERNAL_PORT']}/metrics"
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(address)).text
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{name}[{{ ]", line))


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> float:
    """Wait until it holds; gives the seconds it took, fails after `seconds`."""
    started = time.monotonic()
    while not await holds():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - started


def mixed(lives: Iterable[Sequence[Event]], dice: random.Random) -> list[Event]:
    """Many documents' events interleaved; each document's in its own order."""
    waiting = [list(life) for life in lives]
    events: list[Event] = []
    while waiting:
        life = dice.choice(waiting)
        events.append(life.pop(0))
        if not life:
            waiting.remove(life)
    return events


class CutLine:
    """A TCP line to a server that can be cut: connections break, new ones are refused, until it is mended."""

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self._target = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there_writer}
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._writers -= {writer, there_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(ConnectionError):
        writer.close()
