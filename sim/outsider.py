"""Reading the log as a stranger does: Confluent's own client and Avro deserialiser, nothing of the hub's.

The client is loaded when it is asked for: one of its libraries warns about another in each process that loads it.
"""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

_TOPICS = ("document.received.v1", "signature.checked.v1", "delivery.planned.v1", "status.reported.v1", "alert.sent.v1")
_BOOKKEEPING = frozenset({"event_id", "occurred_at", "cause_id"})
_SECONDS = 10.0
_WIDTH = 260


def events_as_an_outsider_reads_them(brokers: str, registry: str) -> list[tuple[str, str, str, str]]:
    """The newest event of some topics: topic, partition, offset, and what the event says, shortened."""
    with warnings.catch_warnings(record=True):  # recorded and dropped: it asks to be shown whatever the filter
        from confluent_kafka import Consumer  # noqa: PLC0415 - see the module's docstring
        from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: PLC0415 - the same
        from confluent_kafka.schema_registry.avro import AvroDeserializer  # noqa: PLC0415 - the same
        from confluent_kafka.serialization import MessageField, SerializationContext  # noqa: PLC0415 - the same

    decode = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "outsider", "enable.auto.commit": False})
    rows = []
    try:
        for topic in _TOPICS:
            message = _newest(consumer, topic)
            if message is not None:
                event: Any = decode(message.value(), SerializationContext(topic, MessageField.VALUE))
                rows.append((topic, str(message.partition()), str(message.offset()), _short(event)))
    finally:
        consumer.close()
    return rows


def _newest(consumer: Any, topic: str) -> Any:
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - see the module's docstring

    for partition in consumer.list_topics(topic, timeout=_SECONDS).topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_SECONDS)
        if high > low:
            consumer.assign([TopicPartition(topic, partition, high - 1)])
            message = consumer.poll(_SECONDS)
            if message is not None and message.error() is None:
                return message
    return None


def _short(event: Mapping[str, Any]) -> str:
    text = "  ".join(f"{name}={value}" for name, value in _told(event))
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def _told(event: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Its single values, those of inner records too, without the bookkeeping that every event has."""
    for name, value in event.items():
        if isinstance(value, Mapping):
            yield from _told(value)
        elif name not in _BOOKKEEPING and value not in (None, "", []):
            yield name, value
