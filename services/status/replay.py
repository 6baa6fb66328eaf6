"""What `hubctl replay` and `hubctl fsck` need to rebuild this service's collections from the log."""

from collections.abc import Sequence
from typing import Any

from hub.model.events import Event, StatusChanged
from hub.model.record import Recorded
from hub.runtime.mongo import Database
from hub.runtime.own_events import Projector
from services.status import adapters, adapters_alerts
from services.status.adapters import MongoLives
from services.status.adapters_alerts import MongoAlerts
from services.status.app import TAKES
from services.status.handlers import RecordTimeline

PROJECTED: tuple[str, ...] = (adapters.COLLECTION, adapters_alerts.COLLECTION)
"""Collections that are a function of the events below and of nothing else."""


async def projector(database: "Database[Any]") -> tuple[tuple[type[Event], ...], Projector]:
    """The event classes these collections are made of, and how, over a fresh database."""
    lives, alerts = MongoLives(database), MongoAlerts(database)
    await lives.prepare()
    await alerts.prepare()
    timeline = RecordTimeline(lives)

    async def project(records: Sequence[Recorded[Event]]) -> None:
        await timeline.project(records)
        await alerts.project(records)

    return (*TAKES, StatusChanged), project
