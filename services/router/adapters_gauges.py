"""Figures of the inbox for Prometheus."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

from hub.model.errors import Transient
from hub.model.statuses import InboxState
from hub.runtime import telemetry
from hub.runtime.logs import logger
from services.router.adapters import Figures, MongoInbox

_FIGURES_SECONDS = 15.0


class Gauges:
    """Publishes the inbox's figures; states that end are counters' business (`hub_events_appended_total`)."""

    def __init__(self, inbox: MongoInbox, clock: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Every few seconds until `stop`; a database that is away leaves the last figures."""
        while not stop.is_set():
            try:
                self._show(await self._inbox.figures())
            except Transient as error:
                logger().debug("inbox figures not to be had", part=error.part)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _FIGURES_SECONDS)

    def _show(self, figures: Figures) -> None:
        telemetry.INBOX_ITEMS.labels(InboxState.INITIAL).set(figures.initial)
        telemetry.INBOX_ITEMS.labels(InboxState.PROCESSING).set(figures.processing)
        age = (self._clock() - figures.oldest).total_seconds() if figures.oldest else 0.0
        telemetry.INBOX_OLDEST_SECONDS.set(max(0.0, age))
