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
from services.notifier.attempts import Attempt, Holder, Postpone, Progress, Send, State


class MongoAttempts:
    """Attempts for real; every write is acknowledged by the majority before it counts."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]", holder: Holder) -> None:
        self._rows = database["attempts"]
        self._holder = _holder(holder)

    async def begin(self, raised: AlertRaised, made: Send, moment: datetime) -> bool:
        """Durably take this try for this process."""
        mine = {"tries": made.tries, "state": State.LEAVING.value, "holder": self._holder}
        entry = {**mine, **_plain(made.progress), "at": moment, "next_at": None}
        async with guarded():
            if made.row is None:
                await self._insert(raised, entry, moment)
            else:  # a holder makes each try once, so these two name the row as it was seen
                seen = {"_id": raised.event_id, "tries": made.row.tries, "holder": _holder(made.row.holder)}
                await self._rows.update_one(seen, {"$set": entry})
            row = await self._rows.find_one({"_id": raised.event_id, **mine}, {"_id": 1})
        return row is not None

    async def _insert(self, raised: AlertRaised, entry: Mapping[str, Any], moment: datetime) -> None:
        row = {"_id": raised.event_id, **entry, "first_at": moment, "detail": ""}
        try:
            await self._rows.insert_one(row)
        except DuplicateKeyError:
            return  # somebody was first, perhaps we ourselves: the row says who

    async def postpone(self, alert_id: EventId, next_at: datetime, end: Postpone) -> None:
        """The try under way was not the last one."""
        mine = {"_id": alert_id, "holder": self._holder, "state": State.LEAVING.value}
        later = {"state": State.WAITING.value, "next_at": next_at, "detail": end.detail, **_plain(end.progress)}
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
        progress=Progress(in_doubt=row.get("in_doubt", False), remaining=tuple(row.get("remaining", ()))),
    )


def _holder(holder: Holder) -> Mapping[str, Any]:
    return {"instance": holder.instance, "life": holder.life}


def _plain(progress: Progress) -> Mapping[str, Any]:
    return {"in_doubt": progress.in_doubt, "remaining": list(progress.remaining)}
