"""Reading the log as a stranger does: Confluent's own client and Avro deserialiser, nothing of the hub's."""

import json
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

_TOPICS = ("document.received.v1", "signature.checked.v1", "delivery.planned.v1", "status.reported.v1", "alert.sent.v1")
_SECONDS = 10.0
_WIDTH = 150


def events_as_an_outsider_reads_them(brokers: str, registry: str, most: int) -> list[tuple[str, str, str, str]]:
    """The newest event of `most` topics: topic, partition, offset, and the event as JSON, shortened."""
    decode = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "outsider", "enable.auto.commit": False})
    rows = []
    try:
        for topic in _TOPICS:
            message = _newest(consumer, topic)
            if message is not None:
                event = decode(message.value(), SerializationContext(topic, MessageField.VALUE))
                rows.append((topic, str(message.partition()), str(message.offset()), _short(event)))
    finally:
        consumer.close()
    return rows[:most]


def _newest(consumer: Any, topic: str) -> Any:
    for partition in consumer.list_topics(topic, timeout=_SECONDS).topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_SECONDS)
        if high > low:
            consumer.assign([TopicPartition(topic, partition, high - 1)])
            message = consumer.poll(_SECONDS)
            if message is not None and message.error() is None:
                return message
    return None


def _short(event: Any) -> str:
    text = json.dumps(event, ensure_ascii=False, default=str)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
