"""The one safe way to use faust (stack notes §6): ordinary patterns acknowledge what was never handled.

Manual acknowledgement after every effect, concurrency 1, retry in place, and on anything unforeseen the process ends
at once with the events un-acknowledged; no tables, no exactly_once, no sends through faust's own producer.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Any

import faust

from hub.model.errors import Invalid, Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import telemetry
from hub.runtime.clock import Clock
from hub.runtime.four_steps import FourSteps
from hub.runtime.log import Log, context_of
from hub.runtime.logs import logger
from hub.runtime.parking import Parking
from hub.runtime.process import EXIT_BROKEN
from hub.wire.topics import topic_of

_BATCH = 200
_WITHIN_SECONDS = 0.02
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

Steps = FourSteps[Recorded[Any], Any]


class FaustWorker:
    """Takes events of several classes, each through its handler; one agent per topic."""

    def __init__(
        self, *, group: str, brokers: str, log: Log, parking: Parking, handlers: Mapping[type[Event], Steps],
        clock: Clock, data_dir: str,
    ) -> None:  # fmt: skip
        self._log = log
        self._parking = parking
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self.started = asyncio.Event()
        self._app = faust.App(
            group, broker=";".join(f"kafka://{broker}" for broker in brokers.split(",")), datadir=data_dir,
            value_serializer="raw", key_serializer="raw", topic_allow_declare=False, topic_disable_leader=True,
            stream_wait_empty=True, broker_commit_interval=1.0, broker_session_timeout=10.0,
            broker_heartbeat_interval=3.0, broker_rebalance_timeout=30.0, processing_guarantee="at_least_once",
            consumer_auto_offset_reset="earliest", web_enabled=False,
        )  # fmt: skip
        for event, steps in handlers.items():
            self._agent(topic_of(event).name, steps)

    def _agent(self, name: str, steps: Steps) -> None:
        topic = self._app.topic(name, value_type=bytes)

        async def agent(stream: Any) -> None:
            async for events in stream.noack().noack_take(_BATCH, within=_WITHIN_SECONDS):
                try:
                    await self._retried(events, steps)
                except asyncio.CancelledError:
                    raise
                except BaseException:  # noqa: BLE001 - leaving this loop un-acknowledged would lose the events
                    logger().exception("broken", topic=name)
                    os._exit(EXIT_BROKEN)
                for event in events:
                    event.ack()

        self._app.agent(topic, concurrency=1, name=f"{steps.name}.{name}")(agent)

    async def _retried(self, events: Sequence[Any], steps: Steps) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._one_at_a_time:  # topics meet in the same rows: two batches must not read them at once
                    return await self._handle(events, steps)
            except Transient as error:
                telemetry.RETRIES.labels(error.part).inc()
                logger().warning("part away, batch is retried", part=error.part, seconds=pause, error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _handle(self, events: Sequence[Any], steps: Steps) -> None:
        batch, origins = [], {}
        for event in events:
            message = event.message
            try:
                recorded = await self._log.decoded(
                    message.topic, message.partition, message.offset, message.value or b"", _headers(message)
                )
            except Invalid as error:
                await self._parking.park(message, error)
            else:
                batch.append(recorded)
                origins[recorded.partition, recorded.offset] = message
        if not batch:
            return
        done = await steps.run(batch, [context_of(record) for record in batch])
        for recorded, fault in done.parked:
            await self._parking.park(origins[recorded.partition, recorded.offset], fault)
        if len(done.parked) < len(batch):
            self._parking.succeeded()
        self._measure(batch)

    def _measure(self, batch: Sequence[Recorded[Event]]) -> None:
        for recorded in batch:
            telemetry.EVENTS_HANDLED.labels(recorded.topic).inc()
        consumer = self._app.consumer
        for place in {(recorded.topic, recorded.partition) for recorded in batch}:
            last = max(recorded.offset for recorded in batch if (recorded.topic, recorded.partition) == place)
            end = consumer.highwater(faust.types.TP(*place)) if consumer is not None else None
            lag = max(0, (end or 0) - last - 1)
            telemetry.CONSUMER_LAG.labels(place[0], str(place[1])).set(lag)
            age = (self._clock() - batch[-1].event.occurred_at).total_seconds()
            telemetry.OLDEST_SECONDS.labels(place[0]).set(max(0.0, age) if lag else 0.0)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is in hand is finished and acknowledged first."""
        self._app.finalize()
        await self._app.start()
        self.started.set()
        await stop.wait()
        await self._app.stop()


def _headers(message: Any) -> list[tuple[str, bytes]]:
    headers = message.headers or []
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)
