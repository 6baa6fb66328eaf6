"""One lane per channel: alerts on their way to a gateway, a few at a time, each at its moment.

Lanes share nothing but the database, so a gateway that hangs delays neither the other channel nor the watches.
"""

import asyncio
import contextlib
import heapq
import time
from collections import deque
from datetime import timedelta

from hub.model.errors import Transient
from hub.model.ids import EventId
from hub.model.statuses import Channel
from hub.runtime import telemetry, tracing
from services.notifier.handlers import OpenAlert, SendAlert

_AT_ONCE = 4
_TRANSIENT_SECONDS = 2.0
_STOP_SECONDS = 8.0


class Lane:
    """Alerts of one channel. An alert is in it once, until it is over.

    New alerts come before those that are tried again. After a try that came to nothing one alert at a time goes on,
    until one is over: a gateway that hangs is asked by one, and the others do not use up their tries.
    """

    def __init__(self, channel: Channel, send: SendAlert) -> None:
        self._channel = channel
        self._send = send
        self._new: deque[OpenAlert] = deque()
        self._agenda: list[tuple[float, str, OpenAlert]] = []
        self._here: set[EventId] = set()
        self._changed = asyncio.Event()
        self._places = _AT_ONCE
        self._under_way: set[asyncio.Task[None]] = set()

    def add(self, alert: OpenAlert) -> None:
        """Take this alert on; one that is here already is left alone."""
        if alert.alert_id not in self._here:
            self._here.add(alert.alert_id)
            self._new.append(alert)
            telemetry.ALERTS_OPEN.labels(self._channel.value).set(len(self._here))
            self._changed.set()

    def _schedule(self, alert: OpenAlert, seconds: float) -> None:
        heapq.heappush(self._agenda, (time.monotonic() + seconds, alert.alert_id, alert))
        self._changed.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; tries under way get some seconds to end, then they are cut off as by a crash."""
        waking = asyncio.create_task(self._wake_at(stop))
        async with asyncio.TaskGroup() as group:
            while (alert := await self._next(stop)) is not None:
                task = group.create_task(self._take(alert))
                self._under_way.add(task)
                task.add_done_callback(self._left)
            waking.cancel()
            if self._under_way:
                _, cut_off = await asyncio.wait(self._under_way, timeout=_STOP_SECONDS)
                for task in cut_off:
                    task.cancel()

    def _left(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._changed.set()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._changed.set()

    async def _next(self, stop: asyncio.Event) -> OpenAlert | None:
        """The next alert, once its moment has come and there is a place for it; None when it is time to stop."""
        while not stop.is_set():
            self._changed.clear()
            free = len(self._under_way) < self._places
            if free and self._new:
                return self._new.popleft()
            ahead = self._agenda[0][0] - time.monotonic() if free and self._agenda else None
            if ahead is not None and ahead <= 0:
                return heapq.heappop(self._agenda)[2]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), ahead)
        return None

    async def _take(self, alert: OpenAlert) -> None:
        try:
            with tracing.span(f"send {self._channel.value}", tracing.from_traceparent(alert.trace)):
                pause = await self._send(alert.alert_id)
        except Transient as error:
            telemetry.RETRIES.labels(error.part).inc()
            self._schedule(alert, _TRANSIENT_SECONDS)
        else:
            self._finished(alert) if pause is None else self._put_off(alert, pause)

    def _put_off(self, alert: OpenAlert, pause: timedelta) -> None:
        telemetry.RETRIES.labels(self._channel.value).inc()
        self._places = 1
        self._schedule(alert, pause.total_seconds())

    def _finished(self, alert: OpenAlert) -> None:
        self._places = _AT_ONCE
        self._here.discard(alert.alert_id)
        telemetry.ALERTS_OPEN.labels(self._channel.value).set(len(self._here))
