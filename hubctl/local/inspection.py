"""What both sinks share: what they received, on disk; how they misbehave on demand; the port to look and to switch.

`GET /messages` lists everything received, oldest first. `POST /fault {"kind": …}` makes the sink misbehave until the
next switch, `GET /fault` tells how it behaves now.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from aiohttp import web


class FaultKind(StrEnum):
    """How a sink answers."""

    NONE = "none"
    """As it should."""
    REFUSE = "refuse"
    """Never takes it: try something else."""
    GREYLIST = "greylist"
    """Refuses the first attempt of each message, takes the second."""
    HANG = "hang"
    """Takes the message from the wire and says nothing until the fault ends; not recorded."""
    DROP = "drop"
    """Records the message, then cuts the connection without an answer: the sender cannot know."""


class Fault:
    """The switch of one sink."""

    def __init__(self) -> None:
        self.kind = FaultKind.NONE
        self._seen: set[str] = set()
        self._not_hanging = asyncio.Event()
        self._not_hanging.set()

    def set(self, kind: FaultKind) -> None:
        """Behave like this from now on; greylisting starts afresh."""
        self.kind = kind
        self._seen.clear()
        if kind is FaultKind.HANG:
            self._not_hanging.clear()
        else:
            self._not_hanging.set()

    def first_attempt(self, key: str) -> bool:
        """True the first time a key is met."""
        first = key not in self._seen
        self._seen.add(key)
        return first

    async def hang(self) -> None:
        """Return when the fault is no longer `hang`."""
        await self._not_hanging.wait()


class Journal:
    """Received messages as JSON lines, each on the disk before the sender hears that it was taken."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file

    def add(self, message: Mapping[str, object]) -> None:
        """Append one message and fsync."""
        line = json.dumps({"at": now(), **message}, ensure_ascii=False) + "\n"
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(line)
            lines.flush()
            os.fsync(lines.fileno())

    def all(self) -> list[dict[str, object]]:
        """Every message ever received, oldest first."""
        if not self._file.exists():
            return []
        return [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]


def now() -> str:
    """The moment, RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def door(journal: Journal, fault: Fault) -> web.Application:
    """The HTTP app of the inspection port."""

    async def messages(_request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(journal.all))

    async def get_fault(_request: web.Request) -> web.Response:
        return web.json_response({"kind": fault.kind})

    async def set_fault(request: web.Request) -> web.Response:
        try:
            fault.set(FaultKind((await request.json())["kind"]))
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": f"kind must be one of {', '.join(FaultKind)}"}, status=400)
        return await get_fault(request)

    app = web.Application()
    app.add_routes([web.get("/messages", messages), web.get("/fault", get_fault), web.post("/fault", set_fault)])
    return app


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Start serving; the caller cleans the runner up."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
