"""Life of a process: set up, run its parts side by side, stop cleanly on SIGTERM, die loudly when one part breaks."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import uvloop

from hub.runtime import logs, tracing
from hub.runtime.health import Health, set_probe
from hub.runtime.serving import internal_app, serve
from hub.runtime.settings import HubSettings

EXIT_BROKEN = 70  # EX_SOFTWARE of sysexits.h: the supervisor starts us afresh

Part = Callable[[asyncio.Event], Awaitable[None]]
"""Something that runs until the event is set, and ends then with its work finished."""


class Process:
    """One service's process. Its composer names parts and probes; `run` keeps them alive together."""

    def __init__(self, service: str, settings: HubSettings) -> None:
        self.service = service
        self.health = Health()
        self.stop = asyncio.Event()
        self._settings = settings
        self._internal = internal_app(self.health)
        self._parts: list[tuple[str, Part]] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def runs(self, name: str, part: Part) -> None:
        """Run this part for the process's whole life."""
        self._parts.append((name, part))

    def mounts(self, path: str, app: Any) -> None:
        """Serve this ASGI app below `path` on the internal port, which no agency can reach."""
        self._internal.mount(path, app)

    def closes(self, closer: Callable[[], Awaitable[None]]) -> None:
        """Call this after all parts have ended; last named, first called."""
        self._closers.append(closer)

    async def live(self, compose: Callable[["Process"], Awaitable[None]]) -> None:
        """Compose, then run until SIGTERM or SIGINT; raises what broke a part.

        The internal port answers from the start: a service that waits for the registry says so in its readiness.
        """
        composed = asyncio.Event()
        self.health.needs("start", set_probe(composed, "the service is still being put together"))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._guarded("internal", self._serve_internal), name="internal")
                if await self._composed(compose):
                    composed.set()
                    for name, part in self._parts:
                        group.create_task(self._guarded(name, part), name=name)
        finally:
            for closer in reversed(self._closers):
                await closer()

    async def _serve_internal(self, stop: asyncio.Event) -> None:
        await serve(self._internal, self._settings.internal_host, self._settings.internal_port, stop)

    async def _composed(self, compose: Callable[["Process"], Awaitable[None]]) -> bool:
        """False when the process was told to stop before its parts were there."""
        stopping = asyncio.create_task(self.stop.wait())
        composing = asyncio.ensure_future(compose(self))
        try:
            await asyncio.wait((stopping, composing), return_when=asyncio.FIRST_COMPLETED)
            if composing.done():
                await composing
            return composing.done()
        finally:
            stopping.cancel()
            composing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((composing,))

    async def _guarded(self, name: str, part: Part) -> None:
        try:
            await part(self.stop)
        finally:
            self.stop.set()  # a part that ends, ends the others too
            logs.logger().info("part ended", part=name)


def run(service: str, settings: HubSettings, compose: Callable[[Process], Awaitable[None]]) -> NoReturn:
    """The whole life of a service's process; never returns. Exit 0 after SIGTERM, 70 broken, 78 misconfigured."""
    logs.configure(service, settings.log_level)
    tracing.configure(service, settings)

    async def main() -> None:
        logs.logger().info("started", pid=os.getpid(), port=settings.http_port or settings.internal_port)
        await Process(service, settings).live(compose)

    code = 0
    try:
        uvloop.run(main())
    except SystemExit as end:  # misconfigured, and said so
        code = end.code if isinstance(end.code, int) else EXIT_BROKEN
    except BaseException:  # noqa: BLE001 - the last line of defence: say why, then let the supervisor act
        logs.logger().exception("broken")
        code = EXIT_BROKEN
    logs.logger().info("stopped", status=code)
    tracing.flush()
    os._exit(code)  # libraries leave threads behind; nothing of ours is unfinished here
