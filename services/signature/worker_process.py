"""A worker as the service sees it: a process that is asked over its stdin and answers over its stdout."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from hub.runtime.logs import logger
from services.signature.frames import (
    LENGTH_BYTES,
    MOST_BYTES,
    Answer,
    Loaded,
    Task,
    Trust,
    framed,
    task_request,
    trust_request,
)

T = TypeVar("T")

_START_SECONDS = 30.0
_CLOSE_SECONDS = 2.0
COMMAND = (sys.executable, "-I", "-B", "-m", "services.signature.worker")

ENVIRONMENT = {  # none of our secrets
    "LANG": "C.UTF-8",
    "HOME": "/",  # or else Python asks the name service, over a socket
    "XML_CATALOG_FILES": "",  # libxml2 looks for catalogues on its own
    "MALLOC_MMAP_THRESHOLD_": "262144",  # large buffers go back to the system as soon as they are free
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}

OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGXCPU)
"""How a worker ends that used up its document's processor time."""

_LOADED = TypeAdapter(Loaded)
_ANSWER = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """What a worker may use, and after how many documents it is replaced by a fresh one."""

    memory_bytes: int
    seconds: float
    documents: int


class WorkerDied(Exception):  # noqa: N818 - says what happened to it
    """The worker is gone, or says things that it cannot say. `cause` is a word of the metric."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Worker:
    """One process; one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process, limits: WorkerLimits, documents: int) -> None:
        self._process = process
        self._limits = limits
        self._documents_left = documents
        self._version = ""

    @classmethod
    async def start(cls, limits: WorkerLimits, documents: int, command: Sequence[str] = COMMAND) -> "Worker":
        """A worker that has loaded its libraries and is good for so many documents. Raises WorkerDied."""
        process = await asyncio.create_subprocess_exec(
            *command,
            str(limits.memory_bytes),
            str(limits.seconds),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
        )
        worker = cls(process, limits, documents)
        try:
            async with asyncio.timeout(_START_SECONDS):
                weakness = _valid(_LOADED, await worker._receive()).weakness
        except (TimeoutError, WorkerDied) as error:
            await worker.kill()
            raise WorkerDied("start") from error
        except BaseException:
            process.kill()
            raise
        if weakness:
            logger().warning("a verification worker is not confined by the kernel", reason=weakness)
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def worn(self) -> bool:
        """It has seen enough documents."""
        return self._documents_left <= 0

    async def learn(self, trust: Trust) -> Loaded:
        """Give it anchors and CRLs unless it has these. Raises WorkerDied; it must be killed then."""
        if self._version == trust.version:
            return Loaded()
        try:
            async with asyncio.timeout(_START_SECONDS):
                loaded = _valid(_LOADED, await self._ask(trust_request(trust)))
        except TimeoutError as error:
            raise WorkerDied("start") from error  # not the document's fault
        if not loaded.refusal:
            self._version = trust.version
        return loaded

    async def examine(self, task: Task, patience: float = 1.0) -> Answer:
        """Facts about a package. Raises WorkerDied, TimeoutError; it must be killed after either.

        `patience`: how many times its processor time a document may take by the wall clock.
        """
        self._documents_left -= 1
        async with asyncio.timeout(self._limits.seconds * patience):
            return _valid(_ANSWER, await self._ask(task_request(task)))

    async def kill(self) -> None:
        """End it now, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        """Let it end by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _CLOSE_SECONDS)
        except TimeoutError:
            await self.kill()

    async def _ask(self, content: bytes) -> bytes:
        stdin = self._process.stdin
        if stdin is None:
            raise WorkerDied("crash")
        try:
            stdin.write(framed(content))
            await stdin.drain()
        except (OSError, RuntimeError) as error:  # uvloop says RuntimeError of a pipe that is closed
            raise WorkerDied(await self._cause()) from error
        return await self._receive()

    async def _receive(self) -> bytes:
        stdout = self._process.stdout
        if stdout is None:
            raise WorkerDied("crash")
        try:
            length = int.from_bytes(await stdout.readexactly(LENGTH_BYTES), "big")
            if length > MOST_BYTES:
                raise WorkerDied("crash")
            return await stdout.readexactly(length)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise WorkerDied(await self._cause()) from error

    async def _cause(self) -> str:
        return "timeout" if await self._process.wait() in OUT_OF_TIME else "crash"


def _valid(kind: "TypeAdapter[T]", content: bytes) -> T:
    """What a worker says is checked: it has read hostile files."""
    try:
        return kind.validate_json(content)
    except ValidationError as error:
        raise WorkerDied("crash") from error
