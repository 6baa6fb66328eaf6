"""Lives in MongoDB: one row a document in `timelines`."""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pymongo
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import DESCENDING, IndexModel, ReplaceOne, UpdateOne
from pymongo.results import BulkWriteResult

from hub.model.errors import Invalid, Transient
from hub.model.ids import AgencyCode, HubId, SystemId
from hub.model.statuses import StatusCode
from hub.runtime import telemetry
from hub.runtime.logs import logger
from hub.runtime.mongo import TookTooLong, guarded
from services.status.adapters_recent import Recent
from services.status.adapters_rows import life_of, row_of, update_of
from services.status.handlers import Cursor, Found, Sought
from services.status.life import Life
from services.status.reports import COUNTED, DOCUMENTS, PROCESSED, Period, Tally
from services.status.versions import version_after, version_of

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
        self._recent = Recent()
        self._one_report = asyncio.Semaphore(1)  # reading a year's rows must not become reading them ten times over

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        async with guarded():
            await self._rows.create_indexes(list(_INDEXES))

    async def load(self, ids: Collection[HubId]) -> dict[HubId, Life]:
        """The lives known under these ids: one query, and one for the versions of those at hand."""
        at_hand = await self._still_current(self._recent.of(ids))
        wanted = {"_id": {"$in": [hub_id for hub_id in ids if hub_id not in at_hand]}}
        async with guarded():
            rows = await self._rows.find(wanted).to_list(None) if len(at_hand) < len(ids) else []
        return at_hand | {HubId(row["_id"]): self._read(row) for row in rows}

    def _read(self, row: Mapping[str, Any]) -> Life:
        life = life_of(row)
        return self._recent.put(life, row.get("version") or version_of(life))

    async def _still_current(self, kept: Mapping[HubId, tuple[Life, int]]) -> dict[HubId, Life]:
        """Those whose rows are of the version at hand: nobody has changed them since."""
        if not kept:
            return {}
        async with guarded():
            rows = await self._rows.find({"_id": {"$in": list(kept)}}, {"version": 1}).to_list(None)
        return {row["_id"]: kept[row["_id"]][0] for row in rows if row.get("version") == kept[row["_id"]][1]}

    async def save(self, grown: Sequence[tuple[Life, Life]]) -> None:
        """One bulk write. A row is changed only while it is of the version that was loaded.

        A life that has outgrown what a row may hold stays as it was, and an operator hears of it; the log holds it all.
        """
        growths = [self._growth(before, after) for before, after in grown]
        try:
            await self._write(growths)
        except Invalid:
            for growth in growths:
                await self._write_what_fits(growth)

    def _growth(self, before: Life, after: Life) -> "_Growth":
        version = self._recent.version(before)
        return _Growth(before=before, after=after, was=version, now=version_after(version, before, after))

    async def _write_what_fits(self, growth: "_Growth") -> None:
        try:
            await self._write([growth])
        except Invalid as error:
            telemetry.EVENTS_PARKED.labels(COLLECTION, error.reason).inc()
            logger().error(
                "a timeline is full, its row stays as it was", hub_id=growth.after.hub_id, error=error.detail
            )

    async def _write(self, growths: "Sequence[_Growth]") -> None:
        if not growths:
            return
        result: BulkWriteResult | None = None
        async with guarded():
            result = await self._rows.bulk_write([growth.operation() for growth in growths], ordered=False)
        if result is None or result.matched_count + result.upserted_count != len(growths):
            await self._written_before(growths)
        for growth in growths:
            self._recent.put(growth.after, growth.now)

    async def _written_before(self, growths: "Sequence[_Growth]") -> None:
        """Fine when all rows are already what they were to become; Transient when another process changed one."""
        async with guarded():
            ids = [growth.after.hub_id for growth in growths]
            rows = await self._rows.find({"_id": {"$in": ids}}, {"version": 1}).to_list(None)
        if {row["_id"]: row.get("version") for row in rows} != {growth.after.hub_id: growth.now for growth in growths}:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    """One life before and after, with the versions."""

    before: Life
    after: Life
    was: int
    now: int

    def operation(self) -> ReplaceOne[dict[str, Any]] | UpdateOne:
        """Changes the row only while it is of the version it was."""
        row = {"_id": self.before.hub_id}
        if not self.was:
            return ReplaceOne({**row, "version": 0}, row_of(self.after, self.now), upsert=True)
        as_loaded = {**row, "version": {"$in": [self.was, None]}}  # None: written before rows had versions
        return UpdateOne(as_loaded, update_of(self.before, self.after, self.now))


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
