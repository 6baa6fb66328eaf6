"""Receipts and claims in MongoDB, packages in the blob store.

Collections. `receipts` and `reports` are projections, functions of the log alone:
    receipts  {_id: hub_id, key, document_id, sender, recipients, business_type, code, code_key, promulgation_date,
               digest, size, received_at, seq}
    reports   {_id: event id of status.reported, hub_id, seq}
`seq` is the offset of the event; of two events with one id the earlier in the log counts, in whatever order they come.
`claims` is none: {_id: slot, hub_id, claimed_at}, of requests on their way to the log; a day later it is of no use.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import ASCENDING, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from hub.model.errors import Transient
from hub.model.events import DocumentReceived, Event, StatusReported
from hub.model.ids import AgencyCode, Digest, DocumentId, EventId, HubId
from hub.model.record import Recorded
from hub.model.statuses import BusinessType
from hub.model.values import Package
from hub.runtime.blobs import Blobs
from hub.runtime.gathering import Gathering
from hub.runtime.mongo import DUPLICATE_KEY, bulk, guarded
from services.ingest.duplicates import Claim, Receipt, Slot, document_key, receipt_of
from services.ingest.handlers import BYTES_PER_SECOND, PATIENCE_SECONDS
from services.ingest.statuses import Search, code_key

PROJECTED = ("receipts", "reports")
_MONGO_SECONDS = 3.5
_CLAIM_SECONDS = 24 * 3600
_MOST_RECEIPTS = 5000

Database = AsyncIOMotorDatabase[Any]
Row = Mapping[str, Any]
Update = ReplaceOne[dict[str, Any]]


@asynccontextmanager
async def within(part: str, seconds: float) -> AsyncIterator[None]:
    """Give a part this long; Transient when it has not answered by then."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Transient(part, "no answer in time") from error


async def make_indexes(database: Database) -> None:
    """Indexes of all collections; making them again changes nothing."""
    async with guarded():
        await database["receipts"].create_index([("key", ASCENDING), ("sender", ASCENDING)])
        await database["receipts"].create_index([("code_key", ASCENDING), ("sender", ASCENDING)])
        await database["claims"].create_index("claimed_at", expireAfterSeconds=_CLAIM_SECONDS)


class MongoReceipts:
    """What the log holds as accepted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._receipts: Gathering[Update, None] = Gathering(lambda updates: bulk(database, "receipts", updates))
        self._reports: Gathering[Update, None] = Gathering(lambda updates: bulk(database, "reports", updates))

    async def of(self, senders: Sequence[AgencyCode], document_ids: Sequence[DocumentId]) -> Sequence[Receipt]:
        """Receipts of these DocumentIds under any of the sender's codes."""
        keys = sorted({document_key(document_id) for document_id in document_ids})
        return await self._find({"key": {"$in": keys}, "sender": {"$in": list(senders)}})

    async def found(self, senders: Sequence[AgencyCode], search: Search) -> Sequence[Receipt]:
        """Receipts by DocumentId; when there is none, by number/notation and promulgation date."""
        by_id: Sequence[Receipt] = ()
        if search.document_key:
            by_id = await self._find({"key": search.document_key, "sender": {"$in": list(senders)}})
        if by_id or not search.code:
            return by_id
        query: dict[str, Any] = {"code_key": search.code, "sender": {"$in": list(senders)}}
        if search.promulgation_date:
            query["promulgation_date"] = search.promulgation_date
        return await self._find(query)

    async def reported(self, event: EventId) -> HubId | None:
        """The document of a status message that is recorded; None when it is not."""
        async with within("mongo", _MONGO_SECONDS), guarded():
            row = await self._database["reports"].find_one({"_id": event})
        return HubId(row["hub_id"]) if row is not None else None

    async def add(self, records: Sequence[Recorded[Event]]) -> None:
        """Project documents and statuses; other events are passed over."""
        receipts = [_row(receipt_of(record.event), record.offset) for record in records
                    if isinstance(record.event, DocumentReceived)]  # fmt: skip
        reports = [{"_id": record.event.event_id, "hub_id": record.event.hub_id, "seq": record.offset}
                   for record in records if isinstance(record.event, StatusReported)]  # fmt: skip
        async with within("mongo", _MONGO_SECONDS):
            if receipts:
                await self._receipts(_first_one_wins(row) for row in receipts)
            if reports:
                await self._reports(_first_one_wins(row) for row in reports)

    async def _find(self, query: Row) -> Sequence[Receipt]:
        async with within("mongo", _MONGO_SECONDS), guarded():
            rows = await self._database["receipts"].find(query).limit(_MOST_RECEIPTS).to_list(None)
        return [_receipt(row) for row in rows]


class MongoClaims:
    """DocumentIds on their way to the log."""

    def __init__(self, database: Database) -> None:
        self._claims = database["claims"]

    async def take(self, slots: Sequence[Slot], hub_id: HubId, moment: datetime) -> Claim | None:
        """Take the slots in order for a package, or renew its own; stops at the first that another holds."""
        mine = [
            UpdateOne({"_id": slot, "hub_id": hub_id}, {"$max": {"claimed_at": moment}}, upsert=True) for slot in slots
        ]
        async with within("mongo", _MONGO_SECONDS), guarded():
            try:
                await self._claims.bulk_write(mine, ordered=True)
            except BulkWriteError as error:
                fault = next(iter(error.details.get("writeErrors", ())), None)  # none: the majority did not answer
                if fault is None or fault.get("code") != DUPLICATE_KEY:
                    raise
                return await self._holder(slots[fault["index"]])
        return None

    async def _holder(self, slot: Slot) -> Claim:
        row = await self._claims.find_one({"_id": slot})
        if row is None:
            raise Transient("mongo", "a claim was given up in between")
        return Claim(slot=slot, hub_id=HubId(row["hub_id"]), claimed_at=row["claimed_at"])

    async def hand_over(self, old: Claim, slots: Sequence[Slot], hub_id: HubId, moment: datetime) -> None:
        """Give those of the slots that the old claim took to another package, where it still stands as it was."""
        stands = {"_id": {"$in": list(slots)}, "hub_id": old.hub_id, "claimed_at": old.claimed_at}
        async with within("mongo", _MONGO_SECONDS), guarded():
            await self._claims.update_many(stands, {"$set": {"hub_id": hub_id, "claimed_at": moment}})

    async def has(self, slots: Sequence[Slot], hub_id: HubId) -> bool:
        """True when this package holds any of the slots."""
        async with within("mongo", _MONGO_SECONDS), guarded():
            row = await self._claims.find_one({"_id": {"$in": list(slots)}, "hub_id": hub_id})
        return row is not None


class BlobPackages:
    """Packages in the blob store."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def put(self, package: Package, content: bytes | Path) -> None:
        """Store the bytes durably; the larger, the longer it may take."""
        async with within("blobs", PATIENCE_SECONDS + package.size / BYTES_PER_SECOND):
            await self._blobs.put(package.digest, content)


def _first_one_wins(row: dict[str, Any]) -> Update:
    """Upsert; a row from an earlier place in the log stays: then the upsert meets itself, which `bulk` lets pass."""
    return ReplaceOne({"_id": row["_id"], "seq": {"$gt": row["seq"]}}, row, upsert=True)


def _row(receipt: Receipt, seq: int) -> dict[str, Any]:
    return {
        "_id": receipt.hub_id,
        "key": document_key(receipt.document_id),
        "document_id": receipt.document_id,
        "sender": receipt.sender,
        "recipients": list(receipt.recipients),
        "business_type": receipt.business_type.value,
        "code": receipt.code,
        "code_key": code_key(receipt.code),
        "promulgation_date": receipt.promulgation_date,
        "digest": receipt.digest,
        "size": receipt.size,
        "received_at": receipt.received_at,
        "seq": seq,
    }


def _receipt(row: Row) -> Receipt:
    return Receipt(
        hub_id=HubId(row["_id"]),
        document_id=DocumentId(row["document_id"]),
        sender=AgencyCode(row["sender"]),
        recipients=tuple(AgencyCode(code) for code in row["recipients"]),
        business_type=BusinessType(row["business_type"]),
        code=row["code"],
        promulgation_date=row["promulgation_date"],
        digest=Digest(row["digest"]),
        size=row["size"],
        received_at=row["received_at"],
    )
