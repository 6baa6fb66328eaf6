"""What `hubctl replay` and `hubctl fsck` need of the signature service."""

from collections.abc import Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from hub.model.events import Event, SignatureChecked
from hub.model.record import Recorded
from hub.runtime.own_events import Projector
from services.signature.adapters import VERDICTS, MongoVerdicts

PROJECTED: tuple[str, ...] = (VERDICTS,)
"""Collections that are a function of the log alone."""


async def projector(database: "AsyncIOMotorDatabase[Any]") -> tuple[tuple[type[Event], ...], Projector]:
    """The events that the verdicts follow from, and how to project them into `database`."""
    verdicts = MongoVerdicts(database)

    async def project(records: Sequence[Recorded[Event]]) -> None:
        await verdicts.add([record.event for record in records if isinstance(record.event, SignatureChecked)])

    return (SignatureChecked,), project
