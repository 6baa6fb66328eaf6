"""Processes of a supervisor that was killed: they end by themselves; this makes sure of it before the next start."""

import json
import os
import signal
import time
from pathlib import Path

from hubctl.local import child

_PATIENCE = 10.0
_PAUSE = 0.05


def children_file(run: Path) -> Path:
    """Where a supervisor notes its children: name -> process id and start time in clock ticks."""
    return run / "children.json"


def end(run: Path) -> None:
    """End what is left of a dead supervisor's children; they would hold the ports and data folders."""
    file = children_file(run)
    if not file.exists():
        return
    groups = {pid for pid, ticks in json.loads(file.read_text(encoding="utf-8")).values() if _is_ours(pid, ticks)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in groups:
            child.signal_group(pid, signal.SIGCONT)
            child.signal_group(pid, number)
        deadline = time.monotonic() + _PATIENCE
        while groups and time.monotonic() < deadline:
            time.sleep(_PAUSE)
            groups = {pid for pid in groups if _exists(pid)}
    file.unlink()


def _is_ours(pid: int, ticks: int) -> bool:
    # A number is not given to a new process while a group of that number lives: a missing leader is still ours.
    return child.started_ticks(pid) in (None, ticks)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
