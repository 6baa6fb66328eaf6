"""The inboxes in MongoDB: rows that any order and number of the same events lead to alike.

A row has one part for each kind of event, and each part is kept by `$min` or `$max` over a document whose first field
decides (BSON compares fields in order): the first `planned` and `taken` in the log win, the highest `settled` does. So
catching up over newer rows, replay and racing processes all end in the same row; the offset in a part says where in the
log it comes from. `open` and `waiting` only ever fall from true to false; partial indexes over them hold what is on
offer and nothing else, so that listing does not slow down with the number of items ever delivered.
"""

import asyncio
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateOne

from hub.model.events import DeliveryPlanned, DeliverySettled, DeliveryTaken, DocumentRefused, Event
from hub.model.ids import AgencyCode, DeliveryId, EventId, HubId
from hub.model.record import Recorded
from hub.model.statuses import BusinessType, InboxState, Outcome, StatusCode
from hub.model.values import Package, Verdict
from hub.runtime.gathering import Gathering
from hub.runtime.mongo import Database, bulk, guarded
from hub.runtime.patience import patiently
from services.router.delivery import DOCUMENT, Item, listed, place_in_line, rank
from services.router.forwarding import Concerned, Standing
from services.router.routing import Planned

INBOX, REFUSALS = "inbox", "refusals"

_SCANS = 200
"""Ranges that MongoDB merges without sorting (internalQueryMaxScansToExplode); beyond them it would sort everything."""


class MongoInbox:
    """`handlers.Inbox` on two collections."""

    def __init__(self, database: "Database[Any]") -> None:
        self._database = database
        self._rows = database[INBOX]
        self._refusals = database[REFUSALS]
        self._found = Gathering(self._find)
        self._written: Gathering[UpdateOne, None] = Gathering(lambda updates: bulk(database, INBOX, updates))

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        line = [("planned.agency", ASCENDING), ("planned.kind", ASCENDING), ("planned.line", ASCENDING)]
        on_offer = {"open": True}
        async with guarded():
            await self._rows.create_indexes(
                [
                    IndexModel(line, name="on_offer", partialFilterExpression=on_offer),
                    IndexModel([("settled.rank", ASCENDING)], name="states", partialFilterExpression=on_offer),
                    IndexModel([("planned.at", ASCENDING)], name="waiting", partialFilterExpression={"waiting": True}),
                    IndexModel([("planned.hub_id", ASCENDING)], name="documents"),
                ]
            )

    async def planned(self, documents: Iterable[HubId]) -> Mapping[HubId, Planned]:
        """What was decided about these documents before; those nothing was decided about are left out."""
        wanted = list(set(documents))
        items: dict[HubId, list[Mapping[str, Any]]] = {}
        async with guarded():
            async for row in self._rows.find({"planned.hub_id": {"$in": wanted}}, _PLANNED_FIELDS):
                items.setdefault(row["planned"]["hub_id"], []).append(row)
            refusals = {row["_id"]: row["refused"] async for row in self._refusals.find({"_id": {"$in": wanted}})}
        return {
            document: _planned(items.get(document, []), refusals.get(document))
            for document in (*items, *(refusals.keys() - items.keys()))
        }

    async def standing(self, wanted: Mapping[EventId, HubId]) -> Mapping[HubId, Standing]:
        """How the documents of these items stand, every one of them, whether the items are there or not."""
        documents = list(set(wanted.values()))
        async with guarded():
            items = self._rows.find({"_id": {"$in": list(wanted)}, "planned": {"$exists": True}}, {"_id": 1})
            there = {row["_id"] async for row in items}
            refused = {row["_id"] async for row in self._refusals.find({"_id": {"$in": documents}}, {"_id": 1})}
            concerned = await asyncio.gather(*(self._concerned(document) for document in documents))
        return {
            document: Standing(
                there=frozenset(item for item in there if wanted[item] == document),
                refused=document in refused,
                concerned=about,
            )
            for document, about in zip(documents, concerned, strict=True)
        }

    async def _concerned(self, document: HubId) -> Concerned:
        """From any one of the document's items: all repeat the same of it."""
        row = await self._rows.find_one({"planned.hub_id": document, "planned.kind": DOCUMENT}, _CONCERNED_FIELDS)
        if row is None:
            return Concerned()
        part = row["planned"]
        return Concerned(
            subject=part["subject"], business_type=BusinessType(part["business_type"]), priority=part["priority"]
        )

    async def items(self, wanted: Iterable[DeliveryId]) -> Mapping[DeliveryId, Item]:
        """These items, of whatever agency; those that do not exist are left out."""
        asked = set(wanted)
        return {name: item for name, item in (await self._found(asked)).items() if name in asked}

    async def _find(self, wanted: Sequence[DeliveryId]) -> Mapping[DeliveryId, Item]:
        async with guarded():
            rows = self._rows.find({"_id": {"$in": list(wanted)}, "planned": {"$exists": True}})
            return {row["_id"]: _item(row) async for row in rows}

    async def page(
        self, agencies: Sequence[AgencyCode], kinds: Sequence[str], after: Item | None, limit: int
    ) -> Sequence[Item]:
        """Items on offer to these agencies behind `after` in line, urgent first, then oldest."""
        lot = _SCANS // len(kinds)
        behind: dict[str, Any] = {} if after is None else {"planned.line": {"$gt": _line(after)}}
        lots = [agencies[start : start + lot] for start in range(0, len(agencies), lot)]
        pages = [await self._lot(some, kinds, behind, limit) for some in lots]
        return list(heapq.merge(*pages, key=_line))[:limit]

    async def _lot(
        self, agencies: Sequence[AgencyCode], kinds: Sequence[str], behind: Mapping[str, Any], limit: int
    ) -> list[Item]:
        offered = {"open": True, "planned.agency": {"$in": list(agencies)}, "planned.kind": {"$in": list(kinds)}}
        async with guarded():
            rows = self._rows.find({**offered, **behind}).sort("planned.line", ASCENDING).limit(limit).hint("on_offer")
            return [_item(row) async for row in rows]

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring inboxes up to these events, in any order, any number of times."""
        if updates := [update for record in records for update in _updates(record)]:
            await self._written(updates)
        await bulk(self._database, REFUSALS, [update for record in records for update in _refusal(record)])

    async def figures(self) -> "Figures":
        """How many items are on offer, and since when the oldest waits to be downloaded at all."""
        async with guarded():
            offered = await self._rows.count_documents({"open": True}, hint="on_offer")
            begun = {"open": True, "settled.rank": rank(InboxState.PROCESSING)}
            processing = await self._rows.count_documents(begun, hint="states")
            oldest = await self._rows.find_one(
                {"waiting": True}, {"planned.at": 1}, sort=[("planned.at", ASCENDING)], hint="waiting"
            )
        at = oldest["planned"]["at"] if oldest else None
        return Figures(initial=offered - processing, processing=processing, oldest=at)


class Indexes:
    """Makes the inbox's indexes when the process starts, however long the database is away."""

    def __init__(self, inbox: MongoInbox) -> None:
        self._inbox = inbox
        self.made = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """A part of the process."""
        making = asyncio.create_task(patiently(self._inbox.prepare))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({making, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            making.cancel()
            return
        making.result()
        self.made.set()
        await stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Items on offer by state, and when the oldest one never downloaded was planned."""

    initial: int
    processing: int
    oldest: datetime | None


_PLANNED_FIELDS = {f"planned.{name}": 1 for name in ("hub_id", "kind", "recipient")}
_CONCERNED_FIELDS = {f"planned.{name}": 1 for name in ("subject", "business_type", "priority")}


def _updates(record: Recorded[Event]) -> Iterator[UpdateOne]:
    event, offset = record.event, record.offset
    if isinstance(event, DeliveryPlanned):
        row = {"planned": _planned_part(event, offset), "open": True, "waiting": True}
        yield UpdateOne({"_id": event.event_id}, {"$min": row}, upsert=True)
    elif isinstance(event, DeliveryTaken):
        part = {"offset": offset, "at": event.occurred_at, "by": event.system_id}
        yield UpdateOne({"_id": event.delivery_id}, {"$min": {"taken": part, "waiting": False}}, upsert=True)
    elif isinstance(event, DeliverySettled):
        end = {} if listed(event.state) else {"$min": {"open": False, "waiting": False}}
        yield UpdateOne(
            {"_id": event.delivery_id}, {"$max": {"settled": _settled_part(event, offset)}} | end, upsert=True
        )


def _planned_part(event: DeliveryPlanned, offset: int) -> dict[str, Any]:
    verdict = event.verdict
    return {
        "offset": offset,
        "agency": event.agency,
        "kind": event.kind,
        "line": place_in_line(event.priority, event.occurred_at, DeliveryId(event.event_id)),
        "at": event.occurred_at,
        "hub_id": event.hub_id,
        "sender": event.sender,
        "recipient": event.recipient,
        "system_id": event.system_id,
        "document_id": event.document_id,
        "code": event.code,
        "subject": event.subject,
        "business_type": event.business_type.value,
        "priority": event.priority,
        "digest": event.package.digest,
        "size": event.package.size,
        "verdict": None if verdict is None else {"outcome": verdict.outcome.value, "reason": verdict.reason},
        "status": None if event.status is None else event.status.value,
    }


def _settled_part(event: DeliverySettled, offset: int) -> dict[str, Any]:
    return {
        "rank": rank(event.state),
        "before": -offset,  # of two alike the first in the log stands
        "state": event.state.value,
        "at": event.occurred_at,
        "by": event.system_id,
        "description": event.description,
    }


def _refusal(record: Recorded[Event]) -> Iterator[UpdateOne]:
    event = record.event
    if isinstance(event, DocumentRefused) and event.stage == "policy":  # those at the door are the intake's
        part = {
            "offset": record.offset,
            "event_id": event.event_id,
            "at": event.occurred_at,
            "document_id": event.document_id,
            "sender": event.sender,
            "codes": [refusal.code for refusal in event.refusals],
        }
        yield UpdateOne({"_id": event.hub_id}, {"$min": {"refused": part}}, upsert=True)


def _planned(items: Sequence[Mapping[str, Any]], refused: Mapping[str, Any] | None) -> Planned:
    documents = [row["planned"] for row in items if row["planned"]["kind"] == DOCUMENT]
    events = {row["_id"] for row in items} | ({refused["event_id"]} if refused else set())
    return Planned(
        events=frozenset(events),
        recipients=frozenset(part["recipient"] for part in documents),
        refused=refused is not None,
    )


def _item(row: Mapping[str, Any]) -> Item:
    part, taken, settled = row["planned"], row.get("taken"), row.get("settled")
    verdict = part["verdict"]
    return Item(
        id=row["_id"],
        kind=part["kind"],
        hub_id=part["hub_id"],
        document_id=part["document_id"],
        code=part["code"],
        subject=part["subject"],
        business_type=BusinessType(part["business_type"]),
        priority=part["priority"],
        sender=part["sender"],
        recipient=part["recipient"],
        agency=part["agency"],
        package=Package(digest=part["digest"], size=part["size"]),
        verdict=Verdict(outcome=Outcome(verdict["outcome"]), reason=verdict["reason"]) if verdict else None,
        status=StatusCode(part["status"]) if part["status"] else None,
        state=InboxState(settled["state"]) if settled else InboxState.INITIAL,
        planned_at=part["at"],
        taken_at=taken["at"] if taken else None,
    )


def _line(item: Item) -> str:
    return place_in_line(item.priority, item.planned_at, item.id)
