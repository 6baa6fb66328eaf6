"""How the two Java programs of the local stack are started, and how they learn to start fast.

A class archive (JVM class data sharing) holds the classes of one program ready parsed. With it and the quick compiler
alone Kafka starts in half the time and the registry in a third, with a third of the processor time. Archives are made
once, by a short run of both programs in a folder of its own; a JVM that does not like an archive ignores it.
"""

import asyncio
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local.component import Component, NotReadyError, Probe
from hubctl.local.ports import Port, is_free
from hubctl.local.state import CACHE, Settings, Stack, StateDir

_TRAINING_BASES = range(26000, 32000, 100)
_PATIENCE = 120.0
_PAUSE = 0.2


def archive(program: str) -> Path:
    """Where the class archive of a program lies; another Java has another archive."""
    java = Path(shutil.which("java") or "java").resolve()
    version = int(java.stat().st_mtime) if java.exists() else 0
    return CACHE / "archives" / f"{program}-{version}.jsa"


def java(program: str, heap_mb: int) -> tuple[str, ...]:
    """The JVM's own part of a command line."""
    made = archive(program)
    shared = (f"-XX:SharedArchiveFile={made}",) if made.exists() else ()
    return ("java", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable", *shared)


def training(program: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """The same command, which writes its class archive when it ends."""
    plain = (part for part in command[1:] if not part.startswith("-XX:SharedArchiveFile"))
    return (command[0], f"-XX:ArchiveClassesAtExit={archive(program).with_suffix('.new')}", *plain)


def make_archives(programs: Sequence[Component]) -> None:
    """Run these programs once, each upon those before it, stop them again, keep their archives."""
    ports = [port for program in programs for port in program.ports]
    archive("any").parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hub-training-") as folder:
        stack = Stack(StateDir(Path(folder)), Settings(port_base=_free_base(ports)))
        stack.state.create()
        _run_nested(stack, programs)
    for program in programs:
        draft = archive(program.name).with_suffix(".new")
        if draft.exists():
            draft.replace(archive(program.name))


def _run_nested(stack: Stack, programs: Sequence[Component]) -> None:
    if not programs:
        _exercise(f"http://{stack.address(Port.REGISTRY)}/apis/ccompat/v7")
        return
    program, *rest = programs
    launch = program.prepare(stack)
    with _running(training(program.name, launch.command), stack.state.logs / f"{program.name}.log"):
        asyncio.run(_wait(launch.probe, program.name))
        _run_nested(stack, rest)


def _exercise(registry: str) -> None:
    import httpx  # noqa: PLC0415 - as in probes.py

    with httpx.Client(base_url=registry, timeout=10.0, trust_env=False) as client:
        client.put("/config/training", json={"compatibility": "FULL_TRANSITIVE"})
        for _ in range(2):
            client.post("/subjects/training/versions", json={"schema": '"string"'})
        client.post("/subjects/training", json={"schema": '"string"'})


@contextmanager
def _running(command: tuple[str, ...], log: Path) -> Iterator[None]:
    with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield
            process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE)
        finally:
            process.kill()


async def _wait(probe: Probe, program: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return await probe()
        except NotReadyError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"{program} does not start here: {error}") from error
            await asyncio.sleep(_PAUSE)


def _free_base(ports: Sequence[Port]) -> int:
    for base in _TRAINING_BASES:
        if all(is_free(base + port) for port in ports):
            return base
    raise CommandError(f"no free ports from {_TRAINING_BASES.start} to {_TRAINING_BASES.stop}")
