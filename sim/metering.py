"""CPU and memory of the stack's processes, and the hub's own step times, read before and after a load."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from sim.place import Place

_STEP = re.compile(r'hub_step_seconds_(sum|count)\{handler="([^"]+)",step="([^"]+)"\} (\S+)')
_MB = 1 << 20
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Readings of one moment, or the difference of two."""

    cpu_seconds: Mapping[str, float]
    """By component, children included."""
    rss_mb: Mapping[str, float]
    """By component, summed over its processes, pages that they share counted for each; of the later moment."""
    pss_mb: Mapping[str, float]
    """The same, shared pages divided among those that share them: what the machine really gives."""
    steps: Mapping[str, tuple[float, float]]
    """`handler.step` -> seconds, count."""

    def since(self, earlier: "Usage") -> "Usage":
        """What was used between two readings."""
        return Usage(
            cpu_seconds={name: value - earlier.cpu_seconds.get(name, 0.0) for name, value in self.cpu_seconds.items()},
            rss_mb=self.rss_mb,
            pss_mb=self.pss_mb,
            steps={
                name: (seconds - earlier.steps.get(name, (0.0, 0.0))[0], count - earlier.steps.get(name, (0.0, 0.0))[1])
                for name, (seconds, count) in self.steps.items()
            },
        )


class Meter:
    """Reads a running local stack."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def read(self) -> Usage:
        """CPU and memory by component, step times by handler."""
        cpu: dict[str, float] = {}
        resident: dict[str, float] = {}
        proportional: dict[str, float] = {}
        for name, pid in self._pids().items():
            processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            cpu[name] = sum(sum(process.cpu_times()[:2]) for process in processes)
            memory = [process.memory_full_info() for process in processes]
            resident[name] = sum(one.rss for one in memory) / _MB
            proportional[name] = sum(one.pss for one in memory) / _MB
        return Usage(cpu_seconds=cpu, rss_mb=resident, pss_mb=proportional, steps=self._steps())

    def _pids(self) -> dict[str, int]:
        command = [sys.executable, "-m", "hubctl", "local", "status", "--json", "--dir", str(self._place.folder)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        return {row["name"]: row["pid"] for row in json.loads(answer.stdout) if row["pid"]}

    def _steps(self) -> dict[str, tuple[float, float]]:
        steps: dict[str, dict[str, float]] = {}
        for address in self._place.metrics().values():
            with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own address
                text = answer.read().decode()
            for what, handler, step, value in _STEP.findall(text):
                steps.setdefault(f"{handler}.{step}", {})[what] = float(value)
        return {name: (values["sum"], values["count"]) for name, values in steps.items()}
