"""What `hubctl replay` and `hubctl fsck` need to rebuild this service's collections from the log."""

from typing import Any

from hub.model.events import Event, StatusChanged
from hub.runtime.mongo import Database
from hub.runtime.own_events import Projector
from services.status.adapters import COLLECTION, MongoLives
from services.status.app import TAKES
from services.status.handlers import RecordTimeline

PROJECTED: tuple[str, ...] = (COLLECTION,)
"""Collections that are a function of the events below and of nothing else."""


async def projector(database: "Database[Any]") -> tuple[tuple[type[Event], ...], Projector]:
    """The event classes these collections are made of, and how, over a fresh database."""
    lives = MongoLives(database)
    await lives.prepare()
    return (*TAKES, StatusChanged), RecordTimeline(lives).project
