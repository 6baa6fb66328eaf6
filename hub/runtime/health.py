"""Health of a process: live as long as its loop turns, ready when every part it needs answers."""

import asyncio
from collections.abc import Awaitable, Callable

from hub.runtime import telemetry

_PROBE_SECONDS = 2.0

Probe = Callable[[], Awaitable[None]]


class Health:
    """Named probes; a part is there when its probe returns in time."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}

    def needs(self, part: str, probe: Probe) -> None:
        """Make readiness depend on `part`."""
        self._probes[part] = probe

    async def away(self) -> dict[str, str]:
        """Parts that do not answer, each with why."""
        parts = list(self._probes)
        answers = await asyncio.gather(*(self._ask(self._probes[part]) for part in parts))
        for part, answer in zip(parts, answers, strict=True):
            telemetry.READY.labels(part).set(0 if answer else 1)
        return {part: answer for part, answer in zip(parts, answers, strict=True) if answer}

    async def _ask(self, probe: Probe) -> str:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await probe()
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001 - whatever a probe raises means: not ready, and why
            return str(error) or type(error).__name__
        return ""


def set_probe(event: asyncio.Event, why_not: str) -> Probe:
    """A probe that holds once `event` is set."""

    async def probe() -> None:
        if not event.is_set():
            raise RuntimeError(why_not)

    return probe
