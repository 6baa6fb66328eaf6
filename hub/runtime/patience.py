"""Trying again while a part is away: with growing pauses, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError

from hub.model.errors import Transient
from hub.runtime import telemetry
from hub.runtime.logs import logger

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

T = TypeVar("T")


async def patiently(deed: Callable[[], Awaitable[T]]) -> T:
    """What `deed` gives, once the parts it needs are there. Cancel it to give up."""
    pause = _FIRST_PAUSE
    while True:
        try:
            return await deed()
        except (Transient, KafkaError) as error:
            part = error.part if isinstance(error, Transient) else "kafka"
            telemetry.RETRIES.labels(part).inc()
            logger().warning("part away, tried again", part=part, seconds=pause, error=str(error)[:300])
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
