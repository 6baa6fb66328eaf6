"""One operating system process of the stack: started so that it cannot outlive the supervisor."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from hubctl.local.state import REPOSITORY

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "JAVA_HOME", "USER")
_KEPT_PREFIXES = ("PYTHON", "COVERAGE", "FAKETIME")
_LOG_LIMIT = 32 * 1024 * 1024


def inherited_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a child sees of the caller's environment: enough to run, nothing that configures the hub by accident."""
    kept = {name: value for name, value in environment.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **kept}


def _die_with_parent() -> None:
    # SIGTERM, not SIGKILL: a child with workers of its own then ends them too.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _open_log(log: Path, command: tuple[str, ...]) -> BinaryIO:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    output = log.open("ab")
    output.write(f"--- {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} start: {' '.join(command)[:400]}\n".encode())
    output.flush()
    return output


async def spawn(command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> asyncio.subprocess.Process:
    """Start `command` in a process group of its own, its output appended to `log`."""
    with _open_log(log, command) as output:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**inherited_environment(os.environ), **environment},
            cwd=REPOSITORY,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal every process of the group that `pid` leads; nothing when it is gone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def memory_by_group() -> dict[int, float]:
    """Resident memory of every process group on this machine, in MB; shared pages count once a process."""
    page = os.sysconf("SC_PAGE_SIZE") / 1_000_000
    found: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # ended while we looked
        group = int(fields[2])
        found[group] = found.get(group, 0.0) + int(fields[21]) * page
    return found


def started_ticks(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot: with the pid it names a process for good. None when gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[19])
