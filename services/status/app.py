"""Doors of the log: which events go to which handler."""

from collections.abc import Mapping
from typing import Any

from hub.model.events import (
    AlertRaised,
    AlertSent,
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

ALERTS: tuple[type[Event], ...] = (AlertRaised, AlertSent)
TAKES: tuple[type[Event], ...] = (
    DocumentReceived,
    DocumentRefused,
    SignatureChecked,
    DeliveryPlanned,
    DeliveryTaken,
    DeliverySettled,
    StatusReported,
    *ALERTS,
)
GIVES: tuple[type[Event], ...] = (StatusChanged,)


Steps = FourSteps[Recorded[Any], Any]


def doors(timeline: Steps, alerts: Steps) -> Mapping[type[Event], Steps]:
    """Every event of a document's life goes into its timeline; alerts about it are kept apart."""
    return {**dict.fromkeys(TAKES, timeline), **dict.fromkeys(ALERTS, alerts)}
