"""Doors of the log: which events go to which handler."""

from collections.abc import Mapping
from typing import Any

from hub.model.events import (
    DeliveryPlanned,
    DeliverySettled,
    DeliveryTaken,
    DocumentReceived,
    DocumentRefused,
    Event,
    SignatureChecked,
    StatusChanged,
    StatusReported,
)
from hub.model.record import Recorded
from hub.runtime.four_steps import FourSteps

TAKES: tuple[type[Event], ...] = (
    DocumentReceived,
    DocumentRefused,
    SignatureChecked,
    DeliveryPlanned,
    DeliveryTaken,
    DeliverySettled,
    StatusReported,
)
GIVES: tuple[type[Event], ...] = (StatusChanged,)


def doors(record: FourSteps[Recorded[Any], Any]) -> Mapping[type[Event], FourSteps[Recorded[Any], Any]]:
    """Every event of a document's life is recorded."""
    return dict.fromkeys(TAKES, record)
