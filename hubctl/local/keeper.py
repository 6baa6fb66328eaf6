"""Keeps one component running: start, wait until ready, restart with back-off when it dies, stop when asked."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hubctl.local import child
from hubctl.local.backoff import BackOff
from hubctl.local.component import Component, Kind, Launch, NotReadyError
from hubctl.local.probes import describe
from hubctl.local.state import Stack

_PROBE_PAUSE = 0.2
_EXIT_MISCONFIGURED = 78
_BACK_OFF = BackOff()


class State(StrEnum):
    """What a component is doing."""

    OFF = "off"
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"
    BACK_OFF = "back-off"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """State of one component, as `hubctl local status` shows it."""

    name: str
    state: State
    reason: str
    pid: int | None
    ports: tuple[int, ...]
    up_s: float | None
    unready_s: float | None
    restarts: int
    memory_mb: float | None


class Keeper:
    """The life of one component. All methods run in the supervisor's event loop."""

    def __init__(self, component: Component, stack: Callable[[], Stack], on_spawn: Callable[[str, int], None]) -> None:
        """`stack` is asked at each start, so that new settings hold from the next start on."""
        self.component = component
        self.ready = asyncio.Event()
        self._stack = stack
        self._on_spawn = on_spawn
        self._state = State.OFF
        self._reason = ""
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._launch: Launch | None = None
        self._spawned_at = 0.0
        self._unready_since: float | None = None
        self._deaths = 0
        self._restarts = 0

    @property
    def active(self) -> bool:
        """True while it is kept running."""
        return self._task is not None and not self._task.done()

    def start(self, needs: Sequence["Keeper"]) -> None:
        """Run it from now on; the first start waits for `needs`. Nothing when it runs already."""
        if not self.active:
            self._restarts = 0
            self._unready_since = None
            self._task = asyncio.create_task(self._keep(needs), name=self.component.name)

    async def stop(self) -> None:
        """SIGTERM, after the component's grace SIGKILL; returns when it is gone."""
        task, self._task = self._task, None
        if task is None:
            return
        self._enter(State.STOPPING)
        process = self._process
        if process is not None and process.returncode is None:
            child.signal_group(process.pid, signal.SIGCONT)
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(self.component.stop_within):
                    await process.wait()
            except TimeoutError:
                child.signal_group(process.pid, signal.SIGKILL)
                await process.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._enter(State.STOPPED)

    async def look_again(self) -> None:
        """Ask one that was ready whether it still is."""
        if self._state not in (State.READY, State.UNREADY) or self.component.kind is Kind.STEP or self._launch is None:
            return
        process = self._process
        try:
            await self._launch.probe()
        except NotReadyError as error:
            found = State.UNREADY, describe(str(error))
        else:
            found = State.READY, ""
        if self._process is process and self._state in (State.READY, State.UNREADY):
            self._state, self._reason = found

    def report(self, memory: Mapping[int, float]) -> Report:
        """What is known of it now; `memory` is looked up by process group."""
        pid = self._process.pid if self._process is not None and self._process.returncode is None else None
        return Report(
            name=self.component.name,
            state=self._state,
            reason=self._reason,
            pid=pid,
            ports=tuple(self._stack().port(port) for port in self.component.ports),
            up_s=time.monotonic() - self._spawned_at if pid is not None else None,
            unready_s=time.monotonic() - self._unready_since if self._unready_since is not None else None,
            restarts=self._restarts,
            memory_mb=memory.get(pid) if pid is not None else None,
        )

    async def _keep(self, needs: Sequence["Keeper"]) -> None:
        self._enter(State.WAITING, ", ".join(keeper.component.name for keeper in needs if not keeper.ready.is_set()))
        for keeper in needs:
            await keeper.ready.wait()
        while True:
            code = await self._run_once()
            if self.component.kind is Kind.STEP and code == 0:
                self._enter(State.READY)
                return
            if code == _EXIT_MISCONFIGURED:
                self._enter(State.FAILED, "misconfigured, see its log")
            if self._state is State.FAILED:
                return
            self._deaths = _BACK_OFF.deaths(self._deaths, time.monotonic() - self._spawned_at)
            delay = _BACK_OFF.delay(self._deaths)
            self._enter(State.BACK_OFF, f"ended with code {code}, again in {delay:.1f} s")
            await asyncio.sleep(delay)
            self._restarts += 1

    async def _run_once(self) -> int:
        self._enter(State.STARTING)
        self._spawned_at = time.monotonic()
        stack = self._stack()
        try:
            self._launch = await asyncio.to_thread(self.component.prepare, stack)
            log = stack.state.logs / f"{self.component.name}.log"
            self._process = await child.spawn(self._launch.command, self._launch.environment, log)
        except Exception as error:  # noqa: BLE001 - a component that cannot start must not end the others
            self._enter(State.FAILED, f"{type(error).__name__}: {error}")
            return 1
        self._on_spawn(self.component.name, self._process.pid)
        probing = asyncio.create_task(self._become_ready(self._launch))
        try:
            return await self._process.wait()
        finally:
            probing.cancel()
            self.ready.clear()
            child.signal_group(self._process.pid, signal.SIGKILL)  # what it started must not hold its port

    async def _become_ready(self, launch: Launch) -> None:
        while True:
            try:
                await launch.probe()
            except NotReadyError as error:
                self._reason = describe(str(error))
                await asyncio.sleep(_PROBE_PAUSE)
            else:
                self._enter(State.READY)
                return

    def _enter(self, state: State, reason: str = "") -> None:
        self._state = state
        self._reason = reason
        if state is State.READY:
            self.ready.set()
            self._unready_since = None
        elif state is State.STARTING and self._unready_since is None:
            self._unready_since = time.monotonic()
