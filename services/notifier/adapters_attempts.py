"""Attempt and custody rows (see the table in adapters.py): what this database knows beyond the log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from hub.model.events import AlertRaised
from hub.model.ids import EventId
from hub.runtime.mongo import bulk, guarded
from services.notifier.attempts import Attempt, Holder, Send, State


class MongoAttempts:
    """Attempts for real; every write is acknowledged by the majority before it counts."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]", holder: Holder) -> None:
        self._rows = database["attempts"]
        self._holder = {"instance": holder.instance, "life": holder.life}

    async def begin(self, raised: AlertRaised, made: Send, moment: datetime) -> bool:
        """Durably take this try for this process."""
        mine = {"tries": made.tries, "state": State.LEAVING.value, "holder": self._holder}
        async with guarded():
            if made.tries == 1:
                await self._insert(raised, mine, moment)
            else:
                expected = {"_id": raised.event_id, "tries": made.tries - 1, "state": State.WAITING.value}
                await self._rows.update_one(expected, {"$set": {**mine, "at": moment, "next_at": None}})
            row = await self._rows.find_one({"_id": raised.event_id, **mine}, {"_id": 1})
        return row is not None

    async def _insert(self, raised: AlertRaised, mine: Mapping[str, Any], moment: datetime) -> None:
        row = {"_id": raised.event_id, **mine, "first_at": moment, "at": moment, "next_at": None, "detail": ""}
        try:
            await self._rows.insert_one(row)
        except DuplicateKeyError:
            return  # somebody was first, perhaps we ourselves: the row says who

    async def postpone(self, alert_id: EventId, next_at: datetime, detail: str) -> None:
        """The try under way was definitely not taken."""
        mine = {"_id": alert_id, "holder": self._holder, "state": State.LEAVING.value}
        later = {"state": State.WAITING.value, "next_at": next_at, "detail": detail}
        async with guarded():
            await self._rows.update_one(mine, {"$set": later})


class MongoCustody:
    """Custody for real."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._database = database

    async def missing(self, partitions: frozenset[int]) -> frozenset[int]:
        """Partitions of alert.raised for which this database has not begun to keep attempts."""
        async with guarded():
            rows = await self._database["custody"].find({"_id": {"$in": sorted(partitions)}}).to_list(None)
        return partitions - {row["_id"] for row in rows}

    async def begin(self, ends: Mapping[int, int]) -> None:
        """From these offsets on, every attempt will be in this database. The first word stands."""
        rows = [
            UpdateOne({"_id": partition}, {"$setOnInsert": {"offset": end}}, upsert=True)
            for partition, end in ends.items()
        ]
        await bulk(self._database, "custody", rows)


def attempt_of(row: Mapping[str, Any]) -> Attempt:
    """The attempt a row holds."""
    return Attempt(
        tries=row["tries"],
        state=State(row["state"]),
        holder=Holder(instance=row["holder"]["instance"], life=row["holder"]["life"]),
        first_at=row["first_at"],
        at=row["at"],
        next_at=row["next_at"],
        detail=row["detail"],
    )
