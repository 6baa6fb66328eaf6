"""The table of topics: the one place that says where an event lives, under which key and for how long.

Topics whose key is the hub's document id have equally many partitions, so that partition p of one of them holds the
same documents as partition p of every other: a service that owns p of its input owns p of its output.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hub.model import events as e


class Keyed(StrEnum):
    """What the key of a topic's records is; decides the number of partitions."""

    DOCUMENT = "document"
    AGENCY = "agency"
    DIRECTORY = "directory"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: its name, event class, key and keeping."""

    name: str
    event: type[e.Event]
    keyed: Keyed
    key: Callable[[Any], str]
    compacted: bool = False

    @property
    def subject(self) -> str:
        """Name of its schema in the registry (Confluent's TopicNameStrategy)."""
        return f"{self.name}-value"

    @property
    def schema_file(self) -> str:
        """File name of its schema under `schemas/avro`."""
        return f"{self.name}.avsc"

    def partitions(self, document_partitions: int) -> int:
        """Number of partitions; directory topics have one so that everybody reads one order."""
        return 1 if self.keyed in (Keyed.DIRECTORY, Keyed.ORIGIN) else document_partitions

    def config(self) -> dict[str, str]:
        """Topic settings; the log is the only truth, so nothing is ever deleted by age or size."""
        keeping = {"cleanup.policy": "compact"} if self.compacted else {"cleanup.policy": "delete"}
        return keeping | {"retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": "1048576"}


def _document(event: Any) -> str:
    hub_id: str = event.hub_id
    return hub_id


def _header(event: Any) -> str:
    hub_id: str = event.header.hub_id
    return hub_id


TOPICS: tuple[Topic, ...] = (
    Topic(name="document.received.v1", event=e.DocumentReceived, keyed=Keyed.DOCUMENT, key=_header),
    Topic(name="document.refused.v1", event=e.DocumentRefused, keyed=Keyed.DOCUMENT, key=_document),
    Topic(name="status.reported.v1", event=e.StatusReported, keyed=Keyed.DOCUMENT, key=_document),
    Topic(name="signature.checked.v1", event=e.SignatureChecked, keyed=Keyed.DOCUMENT, key=_header),
    Topic(name="delivery.planned.v1", event=e.DeliveryPlanned, keyed=Keyed.DOCUMENT, key=_document),
    Topic(name="delivery.taken.v1", event=e.DeliveryTaken, keyed=Keyed.DOCUMENT, key=_document),
    Topic(name="delivery.settled.v1", event=e.DeliverySettled, keyed=Keyed.DOCUMENT, key=_document),
    Topic(name="status.changed.v1", event=e.StatusChanged, keyed=Keyed.DOCUMENT, key=_document),
    Topic(name="alert.raised.v1", event=e.AlertRaised, keyed=Keyed.AGENCY, key=lambda event: str(event.recipient)),
    Topic(name="alert.sent.v1", event=e.AlertSent, keyed=Keyed.AGENCY, key=lambda event: str(event.recipient)),
    Topic(
        name="agency.changed.v1",
        event=e.AgencyChanged,
        keyed=Keyed.DIRECTORY,
        key=lambda event: str(event.code),
        compacted=True,
    ),
    Topic(
        name="connection.changed.v1",
        event=e.ConnectionChanged,
        keyed=Keyed.DIRECTORY,
        key=lambda event: str(event.system_id),
        compacted=True,
    ),
    Topic(name="event.parked.v1", event=e.EventParked, keyed=Keyed.ORIGIN, key=lambda event: str(event.topic)),
)

_BY_EVENT = {topic.event: topic for topic in TOPICS}
_BY_NAME = {topic.name: topic for topic in TOPICS}


def topic_of(event: type[e.Event]) -> Topic:
    """The topic of an event class."""
    return _BY_EVENT[event]


def topic_named(name: str) -> Topic:
    """The topic with this name; KeyError when it is none of ours."""
    return _BY_NAME[name]
