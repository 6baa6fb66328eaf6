"""Doors of the notifier: the topics it takes, and time.

`Deadlines` sleeps until the earliest open watch is due and raises what is; new watches wake it only when they are
earlier. `services/notifier/app_lanes.py` sends what was raised, each channel on its own.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hub.model.errors import Transient
from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, Event
from hub.model.record import Recorded
from hub.model.statuses import AlertOutcome, Channel
from hub.runtime import telemetry, tracing
from hub.runtime.clock import Clock
from hub.runtime.four_steps import FourSteps
from hub.runtime.logs import logger
from hub.runtime.own_events import OwnEvents
from services.notifier.alerts import due_at
from services.notifier.app_lanes import Lane
from services.notifier.clock_guard import Reading, look
from services.notifier.handlers import Book, Concluded, DueWatch, Known, OpenAlert

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_NO_PROGRESS_SECONDS = 1.0
_MEASURE_SECONDS = 1.0
_AS_IT_SHOULD_BE = frozenset({"raised", AlertOutcome.SENT, AlertOutcome.NEEDLESS})
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class GuardedClock:
    """The hub's clock, not believed when it runs ahead of the monotonic one (`clock_guard`)."""

    def __init__(self, wall: Clock, monotonic: Callable[[], float], hold: timedelta) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._hold = hold
        self._last: Reading | None = None

    def __call__(self) -> datetime:
        """The moment to believe."""
        wall = self._wall()
        reading = look(self._last, wall, self._monotonic(), self._hold)
        if reading.ahead_since is not None and (self._last is None or self._last.ahead_since is None):
            ahead = (wall - reading.believed).total_seconds()
            logger().error("the clock jumped ahead and is not believed for now", seconds=round(ahead))
        self._last = reading
        return reading.believed.replace(microsecond=reading.believed.microsecond // 1000 * 1000)


class Custody(Protocol):
    """Since when this database has kept attempts."""

    async def missing(self, partitions: frozenset[int]) -> frozenset[int]:
        """Partitions for which it has not begun to."""
        ...

    async def begin(self, ends: Mapping[int, int]) -> None:
        """It begins at these offsets."""
        ...


class Takeover:
    """What this process must do once partitions are its own and caught up with."""

    def __init__(
        self, custody: Custody, partitions: Callable[[], Awaitable[set[int]]],
        ends: Callable[[frozenset[int]], Awaitable[dict[int, int]]],
    ) -> None:  # fmt: skip
        self._custody = custody
        self._partitions = partitions
        self._ends = ends

    async def __call__(self) -> None:
        """Custody before anything is raised here: only what is raised after it began is ours to send."""
        missing = await self._custody.missing(frozenset(await self._partitions()))
        if missing:
            await self._custody.begin(await self._ends(missing))


class OwnAlerts(OwnEvents):
    """Own events of the notifier: tells the timer which partitions are ours as soon as they are caught up with."""

    assigned: Callable[[frozenset[int]], None]

    async def catch_up(self, partitions: Iterable[int]) -> int:
        """Project what a crash left behind; only then may the timer decide for these partitions."""
        ours = frozenset(partitions)
        projected = await super().catch_up(ours)
        self.assigned(ours)
        return projected


class Strays:
    """Own events read back from the log: alerts among them may still have to be sent, and nobody has them in hand."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._met = False
        self.listener: Callable[[], None] = lambda: None

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Project them, and wake the listener."""
        await self._book.project(records)
        self.met()
        self.listener()

    def met(self) -> None:
        """There may be open alerts in no lane; to be looked for in the next round, whenever that is."""
        self._met = True

    def collected(self) -> bool:
        """Whether there may be some since the last question."""
        met, self._met = self._met, False
        return met


class Deadlines:
    """The timer."""

    def __init__(
        self, *, book: Book, steps: FourSteps[DueWatch, Known], takeover: Takeover, strays: Strays,
        resolve_doubt: Callable[[], Awaitable[None]], lanes: Mapping[Channel, Lane], limit: timedelta, clock: Clock,
        directory_ready: asyncio.Event,
    ) -> None:  # fmt: skip
        self._book = book
        self._steps = steps
        self._takeover = takeover
        self._resolve_doubt = resolve_doubt
        self._lanes = lanes
        self._limit = limit
        self._clock = clock
        self._directory_ready = directory_ready
        self._owned: frozenset[int] = frozenset()
        self._moved = False
        self._woken = asyncio.Event()
        self._strays = strays
        self._strays.listener = self._woken.set
        self._asleep_until: datetime | None = None
        self._oldest_due: datetime | None = None

    def assigned(self, partitions: frozenset[int]) -> None:
        """These partitions of the delivery topics are ours from here on, and their own events are projected."""
        self._owned, self._moved = partitions, True
        self._woken.set()

    def planned(self, records: Sequence[Recorded[Event]]) -> None:
        """These deliveries were projected: wake when one of them is due before the moment we sleep for."""
        moments = [record.event.occurred_at for record in records if isinstance(record.event, DeliveryPlanned)]
        if moments and (self._asleep_until is None or due_at(min(moments), self._limit) < self._asleep_until):
            self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        aside = [asyncio.create_task(self._wake_at(stop)), asyncio.create_task(self._measure())]
        pause = _FIRST_PAUSE
        while not stop.is_set():
            self._woken.clear()
            try:
                sleep = await self._round()
                pause = _FIRST_PAUSE
            except Transient as error:
                telemetry.RETRIES.labels(error.part).inc()
                logger().warning("part away, alerts wait", part=error.part, seconds=pause, error=str(error))
                sleep, pause = pause, min(pause * 2, _LONGEST_PAUSE)
                self._asleep_until = _EARLIEST  # new watches do not cut a back-off short
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), sleep)
        for task in aside:
            task.cancel()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    async def _measure(self) -> None:
        """How long the oldest watch is overdue, also while a round waits for a part, or hangs."""
        while True:
            overdue = self._clock() - self._oldest_due if self._oldest_due else timedelta()
            telemetry.ALERTS_OVERDUE_SECONDS.set(max(0.0, overdue.total_seconds()))
            await asyncio.sleep(_MEASURE_SECONDS)

    async def _round(self) -> float | None:
        """One look at the watches; gives the seconds until the next, None for: until woken."""
        if not self._owned or not self._directory_ready.is_set():
            self._oldest_due = None
            return None if not self._owned else _NO_PROGRESS_SECONDS
        if self._moved:
            await self._take_over()
        await self._resolve_doubt()
        if self._strays.collected():
            await self._collect()
        return await self._raise_due()

    async def _take_over(self) -> None:
        self._moved = False  # at once: partitions may move again meanwhile
        self._strays.met()
        try:
            await self._takeover()
        except Transient:
            self._moved = True
            raise

    async def _collect(self) -> None:
        try:
            self._send(await self._book.open_alerts())
        except Transient:
            self._strays.met()
            raise

    async def _raise_due(self) -> float | None:
        moment = self._clock()
        watches = await self._book.due(moment - self._limit, self._owned)
        if not watches:
            return await self._until_next()
        self._oldest_due = due_at(watches[0].planned_at, self._limit)
        done = await self._steps.run(
            [DueWatch(watch=watch, moment=moment) for watch in watches],
            [tracing.from_traceparent(watch.trace) for watch in watches],
        )
        count_alerts(done.records)
        self._send(opened(done.records))
        if done.records:
            return 0.0
        self._strays.met()  # nothing new: perhaps because an earlier, interrupted round had raised them
        return _NO_PROGRESS_SECONDS

    async def _until_next(self) -> float | None:
        self._asleep_until = None  # a watch projected from here on wakes us, whatever we are about to find
        earliest = await self._book.earliest(self._owned)
        self._oldest_due = due_at(earliest, self._limit) if earliest else None
        if self._oldest_due is None:
            return None
        self._asleep_until = self._oldest_due
        return max(0.0, (self._asleep_until - self._clock()).total_seconds())

    def _send(self, alerts: Sequence[OpenAlert]) -> None:
        for alert in alerts:
            self._lanes[alert.channel].add(alert)


def opened(records: Sequence[Recorded[Event]]) -> list[OpenAlert]:
    """Alerts among these events that are not concluded by them."""
    concluded = {record.event.alert_id for record in records if isinstance(record.event, AlertSent)}
    return [
        OpenAlert(alert_id=record.event.event_id, channel=record.event.channel, trace=record.trace)
        for record in records
        if isinstance(record.event, AlertRaised) and record.event.event_id not in concluded
    ]


def count_alerts(records: Sequence[Recorded[Event]]) -> None:
    """Metrics and one log line per alert event, under the trace of its document."""
    for record in records:
        event = record.event
        if not isinstance(event, AlertRaised | AlertSent):
            continue
        outcome = event.outcome.value if isinstance(event, AlertSent) else "raised"
        telemetry.ALERTS.labels(event.level, event.channel.value, outcome).inc()
        with tracing.span(f"alert {outcome}", tracing.from_traceparent(record.trace)):
            say = logger().info if outcome in _AS_IT_SHOULD_BE else logger().warning
            say("alert", outcome=outcome, channel=event.channel.value, hub_id=event.hub_id, recipients=event.recipient)


def recorder(steps: "FourSteps[Concluded, None]") -> Callable[[Concluded], Awaitable[None]]:
    """Takes a concluded alert through the four steps."""

    async def record(concluded: Concluded) -> None:
        done = await steps.run([concluded])
        count_alerts(done.records)

    return record
