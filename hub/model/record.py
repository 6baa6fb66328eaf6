"""An event together with its place in the log."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.model.events import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[E_co]):
    """An event that Kafka holds. Its place orders it among the events of the same topic and partition."""

    event: E_co
    topic: str
    partition: int
    offset: int
    trace: str = ""
    """W3C traceparent of the work that appended it; empty without a trace."""
