"""The pool of verification workers: long-lived processes, each with one document at a time.

A worker that uses up its document's processor time is killed by the kernel, and the document is TIMEOUT: the same on a
busy machine and an idle one. One that takes too long by the wall clock waited for something, or the machine was busy:
its document gets one more try alone, with three times as long. One that dies is replaced, and its document gets one
more try with the fresh one, because somebody else may have killed the first. What happens to one never touches the
others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hub.model.errors import Invalid, Transient
from hub.runtime import telemetry
from hub.runtime.logs import logger
from services.signature.adapters_trust import TrustFiles
from services.signature.facts import DocumentFacts
from services.signature.frames import Answer, Failure, Task, Trust
from services.signature.reasons import Reason
from services.signature.worker_process import Worker, WorkerDied, WorkerLimits

_TRIES = 2
_PAUSE_AFTER_BAD_START = 1.0
_PATIENCE_ALONE = 3.0
_MOST_WAITING_ALONE = 3
"""More documents than this without an answer in time: not they are at fault, but the machine."""

Starter = Callable[[WorkerLimits, int], Awaitable[Worker]]


class Workers:
    """So many workers, kept alive. `start` before use, `close` at the end."""

    def __init__(self, count: int, limits: WorkerLimits, trust: TrustFiles, starter: Starter = Worker.start) -> None:
        self._count = count
        self._limits = limits
        self._trust = trust
        self._starter = starter
        self._alive: set[Worker] = set()
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        self._chores: set[asyncio.Task[None]] = set()
        self._closing = False
        self._exclusive = asyncio.Lock()
        self._waiting_alone = 0

    async def start(self) -> None:
        """Start all workers, and let them load the anchors if these are there. Raises WorkerDied."""
        # the first wear out earlier, so that they are never replaced all at once
        shares = [self._limits.documents * (place + 1) // self._count for place in range(self._count)]
        for worker in await asyncio.gather(*(self._starter(self._limits, max(1, share)) for share in shares)):
            self._alive.add(worker)
            self._idle.put_nowait(worker)

    async def close(self) -> None:
        """End all workers."""
        self._closing = True
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in self._alive))
        self._alive.clear()

    async def ping(self) -> None:
        """Transient when no worker lives."""
        if not self._alive:
            raise Transient("workers", "no verification worker lives")

    def trust(self) -> Trust:
        """Anchors and CRLs to judge by now. Transient while they cannot be read."""
        return self._trust.current()

    async def examine(self, task: Task, trust: Trust) -> DocumentFacts | Reason:
        """Facts about a package, or the reason why there are none.

        Transient when package or anchors are away, Invalid when the package is no longer what was accepted.
        """
        for _ in range(_TRIES):
            worker = await self._idle.get()
            try:
                answer = await self._ask(worker, task, trust)
            except TimeoutError:
                self._replace(worker, "timeout")
                return await self._alone(task, trust)
            except WorkerDied as death:
                another = self._replace(worker, death.cause)
                if death.cause == "timeout":
                    return Reason.TIMEOUT
                await asyncio.shield(another)  # the second try is the fresh one's: the others are left in peace
                continue
            except Transient:
                self._idle.put_nowait(worker)
                raise
            except BaseException:
                self._replace(worker, "abandoned")  # in the middle of a conversation: of no more use
                raise
            self._release(worker, answer)
            return _result(answer)
        return Reason.VERIFIER_CRASHED

    async def _alone(self, task: Task, trust: Trust) -> DocumentFacts | Reason:
        """One more try while no other document is looked at."""
        if self._waiting_alone >= _MOST_WAITING_ALONE:
            raise Transient("workers", "this machine has no time for verification")
        self._waiting_alone += 1
        held: list[Worker] = []
        try:
            async with self._exclusive:
                while len(held) < self._count:
                    held.append(await self._idle.get())
                return await self._last_try(held, task, trust)
        finally:
            self._waiting_alone -= 1
            for worker in held:
                self._idle.put_nowait(worker)

    async def _last_try(self, held: list[Worker], task: Task, trust: Trust) -> DocumentFacts | Reason:
        worker = held.pop()
        try:
            answer = await self._ask(worker, task, trust, _PATIENCE_ALONE)
        except TimeoutError:
            self._replace(worker, "timeout")
            return Reason.TIMEOUT
        except WorkerDied as death:
            self._replace(worker, death.cause)
            return Reason.TIMEOUT if death.cause == "timeout" else Reason.VERIFIER_CRASHED
        except Transient:
            held.append(worker)
            raise
        except BaseException:
            self._replace(worker, "abandoned")
            raise
        self._release(worker, answer)
        return _result(answer)

    async def _ask(self, worker: Worker, task: Task, trust: Trust, patience: float = 1.0) -> Answer:
        loaded = await worker.learn(trust)
        if loaded.refusal:
            self._trust.refused(trust, loaded.refusal)
            raise Transient("trust", loaded.refusal)
        self._accepted(trust, loaded.faults)
        return await worker.examine(task, patience)

    def _accepted(self, trust: Trust, faults: tuple[str, ...]) -> None:
        self._trust.accepted(trust)
        for fault in faults:
            logger().error("a CRL cannot be read", error=fault)

    def _release(self, worker: Worker, answer: Answer) -> None:
        telemetry.VERIFY_SECONDS.observe(answer.seconds)
        if worker.worn or answer.failure is Failure.LIMITS:  # full memory: better a fresh one
            self._alive.discard(worker)
            self._chore(worker.close())
            self._chore(self._start_another())
        else:
            self._idle.put_nowait(worker)

    def _replace(self, worker: Worker, cause: str) -> "asyncio.Task[None]":
        telemetry.WORKERS_KILLED.labels(cause).inc()
        logger().error("verification worker killed", reason=cause, pid=worker.pid)
        self._alive.discard(worker)
        self._chore(worker.kill())
        return self._chore(self._start_another())

    async def _start_another(self) -> None:
        while not self._closing:
            try:
                worker = await self._starter(self._limits, self._limits.documents)
            except WorkerDied:
                logger().error("a verification worker does not start")
                await asyncio.sleep(_PAUSE_AFTER_BAD_START)
            else:
                self._alive.add(worker)
                self._idle.put_nowait(worker)
                return

    def _chore(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        chore = asyncio.create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)
        return chore


def _result(answer: Answer) -> DocumentFacts | Reason:
    match answer.failure:
        case Failure.MISSING:
            raise Transient("blobs", "a package is missing")
        case Failure.DAMAGED:  # it was whole when it was accepted: trying again mends nothing
            raise Invalid("PACKAGE_DAMAGED", "the blob's bytes are not those that were accepted")
        case Failure.NO_ANCHORS:
            raise Transient("trust", "a signature waits for trust anchors: their file is empty")
        case Failure.LIMITS:
            return Reason.LIMITS
        case Failure.CRASHED:
            logger().error("the verifier failed on a package", where=answer.detail)
            return Reason.VERIFIER_CRASHED
    return answer.facts if answer.facts is not None else Reason.VERIFIER_CRASHED
