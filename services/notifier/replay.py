"""What `hubctl replay` and `hubctl fsck` need: watches and alerts anew from the log.

Replay never sends anything: it writes no attempts and no custody. A notifier that then starts over these collections
treats alerts without an outcome as `unknown` unless the database's own custody says that it kept attempts when they
were raised (adapters.py).
"""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, DeliverySettled, DeliveryTaken, Event
from hub.runtime.own_events import Projector
from services.notifier.adapters import MongoBook, prepare_rows

PROJECTED: tuple[str, ...] = ("watches", "alerts")


async def projector(database: "AsyncIOMotorDatabase[Any]") -> tuple[tuple[type[Event], ...], Projector]:
    """The events the collections are made of, and the projection over a fresh database."""
    await prepare_rows(database)
    return (DeliveryPlanned, DeliveryTaken, DeliverySettled, AlertRaised, AlertSent), MongoBook(database).project
