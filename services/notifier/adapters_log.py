"""How far the log goes, and how far this service's group has come in it."""

import asyncio
import contextlib
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from hub.model.errors import Transient
from hub.model.events import AlertRaised, DeliverySettled, DeliveryTaken
from hub.wire.topics import topic_of

_HEARD = (DeliveryTaken, DeliverySettled)
_ANSWER_SECONDS, _REACH_SECONDS = 5.0, 15.0
_POLL_SECONDS = 0.25


class LogPositions:
    """Horizon for real: what the group has committed is projected, for acknowledging is the last of the four steps."""

    def __init__(self, brokers: str, group: str) -> None:
        self._brokers = brokers
        self._group = group
        self._consumer: AIOKafkaConsumer | None = None
        self._starting = asyncio.Lock()

    async def reached(self, partitions: frozenset[int]) -> None:
        """Return once every download and settlement in the log by now has been projected."""
        places = [TopicPartition(topic_of(event).name, number) for event in _HEARD for number in sorted(partitions)]
        wanted = await self._ends(places)
        try:
            async with asyncio.timeout(_REACH_SECONDS):
                while wanted:
                    wanted = await self._not_reached(wanted)
                    if wanted:
                        await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise Transient("backlog", "deliveries are still being read") from error

    async def raised_ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """End of each partition of alert.raised."""
        name = topic_of(AlertRaised).name
        ends = await self._ends([TopicPartition(name, number) for number in partitions])
        return {place.partition: end for place, end in ends.items()}

    async def close(self) -> None:
        """Close the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with contextlib.suppress(KafkaError):
                await consumer.stop()

    async def _not_reached(self, wanted: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        consumer = await self._ready()
        try:
            come = {place: await consumer.committed(place) or 0 for place in wanted}
        except KafkaError as error:
            await self.close()
            raise Transient("kafka", type(error).__name__) from error
        return {place: end for place, end in wanted.items() if come[place] < end}

    async def _ends(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        consumer = await self._ready()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        except (TimeoutError, KafkaError) as error:
            await self.close()
            raise Transient("kafka", type(error).__name__) from error
        return ends

    async def _ready(self) -> AIOKafkaConsumer:
        async with self._starting:
            if self._consumer is None:
                consumer = AIOKafkaConsumer(
                    bootstrap_servers=self._brokers, group_id=self._group, enable_auto_commit=False
                )
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        await consumer.start()
                except (TimeoutError, KafkaError) as error:
                    with contextlib.suppress(KafkaError):
                        await consumer.stop()
                    raise Transient("kafka", type(error).__name__) from error
                self._consumer = consumer
            return self._consumer
