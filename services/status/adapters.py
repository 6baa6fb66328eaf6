"""Lives in MongoDB: one row a document in `timelines`."""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pymongo
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import DESCENDING, IndexModel, ReplaceOne, UpdateOne
from pymongo.results import BulkWriteResult

from hub.model.errors import Transient
from hub.model.ids import AgencyCode, HubId, SystemId
from hub.model.statuses import StatusCode
from hub.runtime.mongo import TookTooLong, guarded
from services.status.adapters_rows import life_of, row_of, update_of
from services.status.handlers import Cursor, Found, Sought
from services.status.life import Life
from services.status.reports import COUNTED, DOCUMENTS, PROCESSED, Period, Tally

COLLECTION = "timelines"

_MOST_COUNTED = 10_000
_LIST_MS = 3_000  # below the driver's own patience, or a slow question would look like a database that is away
_REPORT_SECONDS = 60.0  # below the edge's patience
_NEWEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]
_INDEXES = (
    IndexModel(_NEWEST_FIRST),
    IndexModel([("stage", 1), *_NEWEST_FIRST]),
    IndexModel([("sender", 1), *_NEWEST_FIRST]),
    IndexModel([("refused_to", 1), *_NEWEST_FIRST], partialFilterExpression={"refused_to": {"$type": "string"}}),
    IndexModel([("words", 1)]),
    IndexModel([("parties", 1), *_NEWEST_FIRST]),
    IndexModel([("last_at", 1)]),
    IndexModel([("sent_at", 1)]),
)


class MongoLives:
    """The rows; `handlers.Lives` and `handlers.Archive` done for real."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._rows = database[COLLECTION]
        self._one_report = asyncio.Semaphore(1)  # reading a year's rows must not become reading them ten times over

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        async with guarded():
            await self._rows.create_indexes(list(_INDEXES))

    async def load(self, ids: Collection[HubId]) -> dict[HubId, Life]:
        """The lives known under these ids: one query."""
        async with guarded():
            rows = await self._rows.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {HubId(row["_id"]): life_of(row) for row in rows}

    async def save(self, grown: Sequence[tuple[Life, Life]]) -> None:
        """One bulk write. A row is changed only while it has as many facts as the life that was loaded."""
        if not grown:
            return
        operations = [_operation(before, after) for before, after in grown]
        result: BulkWriteResult | None = None
        async with guarded():
            result = await self._rows.bulk_write(operations, ordered=False)
        if result is None or result.matched_count + result.upserted_count != len(operations):
            raise Transient("mongo", "a row was changed by another process")

    async def sent_by(
        self, system_id: SystemId, senders: Collection[AgencyCode], after: Cursor | None, limit: int
    ) -> Sequence[Life]:
        """What these agencies sent, and what was refused to this system, newest first."""
        mine: list[dict[str, Any]] = [{"sender": {"$in": list(senders)}}, {"refused_to": system_id}]
        return await self._newest({"$and": [{"$or": mine}, _older(after)]}, 0, limit)

    async def search(self, sought: Sought, skip: int, limit: int) -> Found:
        """One page of what is sought; hits are counted up to ten thousand."""
        wanted = _wanted(sought)
        async with guarded():
            total = await self._rows.count_documents(wanted, limit=_MOST_COUNTED, maxTimeMS=_LIST_MS)
        return Found(lives=await self._newest(wanted, skip, limit), total=total)

    async def _newest(self, wanted: Mapping[str, Any], skip: int, limit: int) -> tuple[Life, ...]:
        async with guarded():
            rows = await self._rows.find(wanted, sort=_NEWEST_FIRST, skip=skip, limit=limit, max_time_ms=_LIST_MS
                                         ).to_list(None)  # fmt: skip
        return tuple(life_of(row) for row in rows)

    async def tally(self, period: Period, codes: Collection[AgencyCode] | None = None) -> Sequence[Tally]:
        """Counts by code as written: of lines for what recipients did, of DocumentIds for what senders sent."""
        try:
            async with asyncio.timeout(_REPORT_SECONDS), self._one_report:
                received = await self._aggregate(_received(period, codes))
                sent = await self._aggregate(_sent(period, codes))
        except TimeoutError as error:
            raise TookTooLong("mongo", "a report, or the one before it") from error
        return (*map(_tally, received), *(Tally(code=AgencyCode(row["_id"]), sent=row["sent"]) for row in sent))

    async def _aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """All rows. The limit set here goes for the connection too, which by itself gives up far too early.

        It ends after the clock of `tally`, or a report that takes too long would look like a database that is away.
        """
        async with guarded():
            with pymongo.timeout(_REPORT_SECONDS + 1):
                cursor = self._rows.aggregate(list(pipeline), allowDiskUse=True)
                rows: list[dict[str, Any]] = await cursor.to_list(None)
        return rows


def _operation(before: Life, after: Life) -> ReplaceOne[dict[str, Any]] | UpdateOne:
    as_loaded = {"_id": before.hub_id, "facts": before.size}
    if before.size:
        return UpdateOne(as_loaded, update_of(before, after))
    return ReplaceOne(as_loaded, row_of(after), upsert=True)


def _older(after: Cursor | None) -> dict[str, Any]:
    if after is None:
        return {"at": {"$ne": None}}
    return {"at": {"$lte": after.at}, "$or": [{"at": {"$lt": after.at}}, {"_id": {"$lt": after.hub_id}}]}


def _wanted(sought: Sought) -> dict[str, Any]:
    either: list[dict[str, Any]] = []
    if sought.terms:
        either.append({"$and": [{"words": {"$regex": f"^{re.escape(term)}"}} for term in sought.terms]})
    if sought.agencies:
        either.append({"parties": {"$in": list(sought.agencies)}})
    stage = {"stage": sought.stage.value} if sought.stage else {}
    return {"at": {"$ne": None}, **stage, **({"$or": either} if either else {})}


def _within(field: str, period: Period) -> dict[str, Any]:
    """1 when the moment in a field lies in the period, else 0; a missing field gives 0."""
    return {"$cond": [_holds(field, period), 1, 0]}


def _holds(field: str, period: Period) -> dict[str, Any]:
    return {"$and": [{"$gte": [field, period.start]}, {"$lt": [field, period.end]}]}


def _received(period: Period, codes: Collection[AgencyCode] | None) -> Sequence[Mapping[str, Any]]:
    counted = {f"s{code.value}": {"$sum": _within(f"$lines.v.counted.{code.value}", period)} for code in COUNTED}
    processed = {"$or": [_holds(f"$lines.v.counted.{code.value}", period) for code in PROCESSED]}
    return (
        {
            "$match": {
                "last_at": {"$gte": period.start},
                "first_at": {"$lt": period.end},
                **_documents(),
                **_among("parties", codes),
            }
        },
        {"$project": {"lines": {"$objectToArray": "$lines"}}},
        {"$unwind": "$lines"},
        {"$match": _among("lines.v.recipient", codes)},
        {
            "$group": {
                "_id": "$lines.v.recipient",
                "received": {"$sum": _within("$lines.v.planned.mark.at", period)},
                "processed": {"$sum": {"$cond": [processed, 1, 0]}},
                **counted,
            }
        },
    )


def _sent(period: Period, codes: Collection[AgencyCode] | None) -> Sequence[Mapping[str, Any]]:
    within = {"sent_at": {"$gte": period.start, "$lt": period.end}}
    return (
        {"$match": {**within, **_documents(), **_among("sender", codes)}},
        {"$group": {"_id": {"sender": "$sender", "document_id": "$document_id"}}},
        {"$group": {"_id": "$_id.sender", "sent": {"$sum": 1}}},
    )


def _documents() -> dict[str, Any]:
    return {"header.business_type": {"$in": [kind.value for kind in DOCUMENTS]}}


def _among(field: str, codes: Collection[AgencyCode] | None) -> dict[str, Any]:
    return {} if codes is None else {field: {"$in": list(codes)}}


def _tally(row: Mapping[str, Any]) -> Tally:
    by_status = {StatusCode(code.value): int(row[f"s{code.value}"]) for code in COUNTED}
    return Tally(code=AgencyCode(row["_id"]), received=row["received"], processed=row["processed"], by_status=by_status)
