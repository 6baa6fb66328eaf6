"""What `hubctl replay` and `hubctl fsck` need of intake: its projections as a function of the log."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from hub.model.events import DocumentReceived, Event, StatusReported
from hub.runtime.own_events import Projector
from services.ingest.adapters import PROJECTED, MongoReceipts, make_indexes

__all__ = ["PROJECTED", "projector"]


async def projector(database: "AsyncIOMotorDatabase[Any]") -> tuple[tuple[type[Event], ...], Projector]:
    """Event classes the projections follow from, and the projection into this database."""
    await make_indexes(database)
    return (DocumentReceived, StatusReported), MongoReceipts(database).add
