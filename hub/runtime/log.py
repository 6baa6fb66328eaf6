"""The log: appending events and reading them back.

`append` returns only when Kafka has acknowledged every event (acks=all, idempotent producer). aiokafka's idempotent
producer never gives a batch up by itself, so the wait is bounded here; after a failure the producer is thrown away,
with whatever it still held, and the next append starts a fresh one.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from opentelemetry.context import Context

from hub.model.errors import Broken, Invalid, Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import telemetry, tracing
from hub.runtime.logs import logger
from hub.runtime.registry import Registry
from hub.wire.avro import decode, encode, schema_id_of
from hub.wire.topics import Topic, topic_named, topic_of

_STOP_SECONDS = 2.0
_REQUEST_MS = 10_000
_BATCH_BYTES = 524_288  # one round trip for all deliveries of a large circular, which share a partition
_WINDOW = 500
"""Events that an append sends before it waits for their acknowledgements, each time within the limit."""
_ASK_AGAIN_MS = 10  # aiokafka learns of a topic by failing once or twice: reading is not to wait for that

Traced = tuple[Event, Sequence[tuple[str, bytes]]]
"""An event and the Kafka headers that carry its trace."""


class Log:
    """Appends events to their topics and decodes records of any of our topics."""

    def __init__(self, brokers: str, registry: Registry, limit_seconds: float) -> None:
        self._brokers = brokers
        self._registry = registry
        self._limit = limit_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def close(self) -> None:
        """Let what is in flight finish, then close."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(producer.stop(), self._limit)

    async def append(self, events: Iterable[Traced]) -> list[Recorded[Event]]:
        """Append events in order and await every acknowledgement; Transient when Kafka is not sure in time."""
        wanted = list(events)
        records: list[Recorded[Event]] = []
        for start in range(0, len(wanted), _WINDOW):
            records += await self._append(wanted[start : start + _WINDOW])
        return records

    async def _append(self, wanted: Sequence[Traced]) -> list[Recorded[Event]]:
        producer: AIOKafkaProducer | None = None
        with telemetry.timed(telemetry.APPEND_SECONDS):
            try:
                async with asyncio.timeout(self._limit):
                    producer = await self._ready()
                    places = await self._send(producer, wanted)
            except (TimeoutError, KafkaError) as error:
                self._discard(producer)
                raise Transient("kafka", type(error).__name__) from error
        for event, _ in wanted:
            telemetry.EVENTS_APPENDED.labels(topic_of(type(event)).name).inc()
        return [_recorded(event, headers, place) for (event, headers), place in zip(wanted, places, strict=True)]

    async def _send(self, producer: AIOKafkaProducer, events: Sequence[Traced]) -> list[Any]:
        acknowledgements = []
        for event, headers in events:
            topic = topic_of(type(event))
            value = encode(event, self._registry.id_of(type(event)))
            acknowledgements.append(
                await producer.send(topic.name, value, key=topic.key(event).encode(), headers=list(headers))
            )
        return list(await asyncio.gather(*acknowledgements))

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._brokers,
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=_REQUEST_MS,
                    max_request_size=1_048_576,
                    max_batch_size=_BATCH_BYTES,
                )
                try:
                    await producer.start()
                except BaseException:
                    _abandon(producer)
                    raise
                self._producer = producer
            return self._producer

    def _discard(self, producer: AIOKafkaProducer | None) -> None:
        """Throw away the producer that failed, and only that one: another append may have started the next already."""
        if producer is not None and producer is self._producer:
            self._producer = None
            _abandon(producer)

    async def partitions(self, topic: Topic) -> set[int]:
        """Partitions a topic has; Transient when Kafka does not answer in time."""
        try:
            async with asyncio.timeout(self._limit):
                producer = await self._ready()
                return set(await producer.partitions_for(topic.name))
        except (TimeoutError, KafkaError) as error:
            raise Transient("kafka", type(error).__name__) from error

    async def recorded(self, record: "ConsumerRecord[bytes, bytes]") -> Recorded[Event]:
        """Event of a record read from one of our topics; Invalid when it cannot be decoded."""
        return await self.decoded(record.topic, record.partition, record.offset, record.value or b"", record.headers)

    async def decoded(
        self, topic: str, partition: int, offset: int, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> Recorded[Event]:
        """Event of a record given in parts; Invalid when it cannot be decoded."""
        table = topic_named(topic)
        writer = await self._registry.writer(schema_id_of(value), table)
        event = decode(value, table.event, writer)
        return Recorded(event=event, topic=topic, partition=partition, offset=offset, trace=_trace_of(headers))

    async def ping(self) -> None:
        """Transient when no broker answers."""
        try:
            async with asyncio.timeout(self._limit):
                producer = await self._ready()
                await producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError) as error:
            raise Transient("kafka", type(error).__name__) from error


def _abandon(producer: AIOKafkaProducer) -> None:
    """Stop a producer without waiting for what it holds: its sender goes first, so nothing leaves afterwards."""

    async def stop() -> None:
        sender = producer._sender  # noqa: SLF001 - stop() alone would wait for a broker that is away
        with contextlib.suppress(Exception):
            await asyncio.wait_for(sender.close(), _STOP_SECONDS)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(producer.stop(), _STOP_SECONDS)

    task = asyncio.get_running_loop().create_task(stop())
    _ABANDONED.add(task)
    task.add_done_callback(_ABANDONED.discard)


_ABANDONED: set["asyncio.Task[None]"] = set()


def _recorded(event: Event, headers: Sequence[tuple[str, bytes]], place: Any) -> Recorded[Event]:
    return Recorded(
        event=event, topic=place.topic, partition=place.partition, offset=place.offset, trace=_trace_of(headers)
    )


def _trace_of(headers: Sequence[tuple[str, bytes]]) -> str:
    return next((value.decode("ascii", "replace") for name, value in headers or () if name == "traceparent"), "")


def context_of(record: Recorded[Event]) -> Context:
    """The trace a recorded event belongs to."""
    return tracing.from_traceparent(record.trace)


async def read_to_end(
    log: Log, brokers: str, starts: dict[TopicPartition, int], batch: int = 500
) -> AsyncGenerator[list[Recorded[Event]]]:
    """Yield batches of recorded events from `starts` to the ends as they are now; a generator to be closed.

    A batch is of one partition and never empty. What cannot be decoded is none of ours: it is logged and left out.
    Broken when a start lies beyond its end: then the database belongs to another log.
    """
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(
        bootstrap_servers=brokers, enable_auto_commit=False, auto_offset_reset="none", retry_backoff_ms=_ASK_AGAIN_MS
    )
    try:
        await consumer.start()
        ends = await consumer.end_offsets(list(starts))
        _refuse_a_shorter_log(starts, ends)
        waiting = {place: end for place, end in ends.items() if starts[place] < end}
        consumer.assign(list(waiting))
        for place in waiting:
            consumer.seek(place, starts[place])
        while waiting:
            fetched = await consumer.getmany(timeout_ms=1000, max_records=batch)
            for records in fetched.values():
                if readable := [recorded for record in records if (recorded := await _readable(log, record))]:
                    yield readable
            for place in list(waiting):
                if await consumer.position(place) >= waiting[place]:
                    del waiting[place]
                    consumer.pause(place)
    except KafkaError as error:
        raise Transient("kafka", type(error).__name__) from error
    finally:
        with contextlib.suppress(KafkaError):
            await consumer.stop()


def _refuse_a_shorter_log(starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> None:
    for place, end in ends.items():
        if starts[place] > end:
            raise Broken(
                f"{place.topic}/{place.partition} ends at {end}, but {starts[place]} events of it were projected: "
                "this database belongs to another log, or the log was cut; replay into a fresh database"
            )


async def _readable(log: Log, record: "ConsumerRecord[bytes, bytes]") -> Recorded[Event] | None:
    try:
        return await log.recorded(record)
    except Invalid as error:
        logger().error("event unreadable", topic=record.topic, partition=record.partition, offset=record.offset,
                       reason=error.reason)  # fmt: skip
        return None
