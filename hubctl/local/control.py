"""The supervisor's control socket: one JSON line asks, one JSON line answers."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local.keeper import Report, State

_SOCKET = "supervisor.sock"


class Verb(StrEnum):
    """What can be asked."""

    STATUS = "status"
    """Reports; components that were ready are asked again whether they still are."""
    WATCH = "watch"
    """Reports of what is known without asking: cheap enough to be repeated."""
    START = "start"
    STOP = "stop"
    SHUTDOWN = "shutdown"


Answer = Callable[[Verb, tuple[str, ...]], Awaitable[Sequence[Report]]]
"""Does what is asked for these components (none named: for all of the stack) and reports on them."""


@contextmanager
def _short_path(run: Path) -> Iterator[str]:
    # Socket paths end at 107 bytes, folders of test runs do not: go through the open folder.
    folder = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{_SOCKET}"
    finally:
        os.close(folder)


async def serve(run: Path, answer: Answer) -> asyncio.Server:
    """Listen in the folder `run`; an old socket there is replaced."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply: dict[str, object]
        try:
            asked = json.loads(await reader.readline())
            reports = await answer(Verb(asked["verb"]), tuple(asked["components"]))
            reply = {"reports": [asdict(report) for report in reports]}
        except (CommandError, ValueError, KeyError, TypeError) as error:
            reply = {"error": str(error)}
        with contextlib.suppress(ConnectionError):  # who asked may have left
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    (run / _SOCKET).unlink(missing_ok=True)
    with _short_path(run) as path:
        return await asyncio.start_unix_server(talk, path)


def ask(run: Path, verb: Verb, components: Sequence[str] = (), patience: float = 60.0) -> tuple[Report, ...]:
    """Ask the supervisor; CommandError when it does not run or refuses."""
    try:
        with _short_path(run) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience)
            connection.connect(path)
            connection.sendall(json.dumps({"verb": verb, "components": list(components)}).encode() + b"\n")
            line = connection.makefile("rb").readline()
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise CommandError("the local stack is not running: start it with `hubctl local up`") from error
    except OSError as error:
        raise CommandError(f"the supervisor does not answer ({error}): see its log, logs/supervisor.log") from error
    if not line:
        raise CommandError("the supervisor ended while it was asked: see its log, logs/supervisor.log")
    reply = json.loads(line)
    if "error" in reply:
        raise CommandError(reply["error"])
    return tuple(_report(fields) for fields in reply["reports"])


def is_running(run: Path) -> bool:
    """True when a supervisor listens in this folder."""
    try:
        with _short_path(run) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
    except OSError:
        return False
    return True


def _report(fields: Mapping[str, object]) -> Report:
    known = {**fields, "state": State(str(fields["state"])), "ports": tuple(_ints(fields["ports"]))}
    return Report(**known)  # type: ignore[arg-type] # written by `asdict` of the same class


def _ints(value: object) -> Iterator[int]:
    if isinstance(value, list):
        yield from (int(item) for item in value)
