"""The notifier's rows in MongoDB.

| collection | what                                                                                | projection |
|------------|-------------------------------------------------------------------------------------|------------|
| watches    | one per delivered document; `open` while it should be fetched and is not yet alerted | yes        |
| alerts     | one per (document, recipient, level, channel); `open` until its outcome is known     | yes        |
| attempts   | one per alert whose sending began: the intent that keeps it from being sent twice    | no         |
| custody    | one per partition of alert.raised: from which offset on `attempts` knows everything  | no         |

A projected row keeps, for each event it is made of, that event's offset: of repeats of one event the first in the log
counts, whichever was met first. So rows are the same whatever order topics are read in, and however often.

Custody answers: does a missing attempt mean that nothing was sent? Only for alerts raised since this database began to
keep attempts. When the collections are rebuilt into a fresh database, older alerts without an outcome are `unknown`. A
database restored from a backup has lost attempts without knowing it: remove `custody` then, so that it begins anew.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import ASCENDING, IndexModel, UpdateOne

from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, DeliverySettled, DeliveryTaken, Event
from hub.model.ids import AgencyCode, DeliveryId, DocumentId, EventId, HubId
from hub.model.record import Recorded
from hub.model.statuses import Channel
from hub.runtime.mongo import bulk, guarded
from services.notifier.adapters_attempts import attempt_of
from services.notifier.alerts import CHANNELS, NOT_FETCHED, Watch
from services.notifier.attempts import Case
from services.notifier.handlers import OpenAlert

BATCH = 100
_NEVER = 2**62  # beyond every offset
_DOCUMENT = "document"

Row = Mapping[str, Any]
OPEN = {"open": True}

_MISSING = "missing"
_WATCH_OPEN = {
    "open": {
        "$and": [
            {"$ne": [{"$type": "$planned"}, _MISSING]},
            {"$eq": [{"$type": "$taken"}, _MISSING]},
            {"$eq": [{"$type": "$settled"}, _MISSING]},
            {"$not": [{"$and": [f"$alerted.{channel}" for channel in CHANNELS]}]},
        ]
    }
}
_ALERT_OPEN = {"open": {"$and": [{"$ne": [{"$type": "$raised"}, _MISSING]}, {"$eq": [{"$type": "$sent"}, _MISSING]}]}}


async def prepare_rows(database: "AsyncIOMotorDatabase[Any]") -> None:
    """Make the indexes; doing it again changes nothing."""
    async with guarded():
        await database["watches"].create_indexes(
            [IndexModel([("planned.at", ASCENDING)], partialFilterExpression=OPEN, name="open")]
        )
        await database["alerts"].create_indexes(
            [
                IndexModel(
                    [("hub_id", ASCENDING), ("recipient", ASCENDING), ("level", ASCENDING), ("channel", ASCENDING)],
                    unique=True, name="once",
                ),
                IndexModel([("open", ASCENDING)], partialFilterExpression=OPEN, name="open"),
            ]
        )  # fmt: skip


class MongoBook:
    """Book for real."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._database = database
        self._watches = database["watches"]
        self._alerts = database["alerts"]

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring both up to these events."""
        watches: list[UpdateOne] = []
        alerts: list[UpdateOne] = []
        for record in records:
            match record.event:
                case DeliveryPlanned(kind="document") as event:
                    watches.append(_update(event.event_id, {"planned": _planned(event, record)}, _WATCH_OPEN))
                case DeliveryTaken(kind="document") as event:
                    watches.append(_update(event.delivery_id, {"taken": _moment(event, record)}, _WATCH_OPEN))
                case DeliverySettled(kind="document") as event:
                    settled = {**_moment(event, record), "state": event.state.value}
                    watches.append(_update(event.delivery_id, {"settled": settled}, _WATCH_OPEN))
                case AlertRaised() as event:
                    alerts.append(_update(event.event_id, {"raised": _raised(event, record)}, _ALERT_OPEN, _key(event)))
                    if event.level == NOT_FETCHED:
                        watches.append(_alerted(event))
                case AlertSent() as event:
                    alerts.append(_update(event.alert_id, {"sent": _sent(event, record)}, _ALERT_OPEN, _key(event)))
        await bulk(self._database, "alerts", alerts)
        await bulk(self._database, "watches", watches)

    async def due(self, before: datetime, partitions: frozenset[int]) -> tuple[Watch, ...]:
        """Open watches of these partitions planned until `before`, earliest first, a batch at most."""
        wanted = {**OPEN, "planned.at": {"$lte": before}, "planned.partition": {"$in": sorted(partitions)}}
        async with guarded():
            rows = await self._watches.find(wanted).sort("planned.at", ASCENDING).to_list(BATCH)
        return tuple(_watch(row) for row in rows)

    async def earliest(self, partitions: frozenset[int]) -> datetime | None:
        """When the earliest open watch of these partitions was planned."""
        wanted = {**OPEN, "planned.partition": {"$in": sorted(partitions)}}
        async with guarded():
            row = await self._watches.find_one(wanted, {"planned.at": 1}, sort=[("planned.at", ASCENDING)])
        if row is None:
            return None
        planned_at: datetime = row["planned"]["at"]
        return planned_at

    async def watches(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, Watch]:
        """These watches as they are now."""
        async with guarded():
            rows = await self._watches.find({"_id": {"$in": list(ids)}, "planned": {"$exists": True}}).to_list(None)
        return {DeliveryId(row["_id"]): _watch(row) for row in rows}

    async def open_alerts(self) -> tuple[OpenAlert, ...]:
        """All alerts without an outcome."""
        async with guarded():
            rows = await self._alerts.find(OPEN, {"channel": 1, "raised.trace": 1}).to_list(None)
        return tuple(
            OpenAlert(alert_id=EventId(row["_id"]), channel=Channel(row["channel"]), trace=row["raised"]["trace"])
            for row in rows
        )

    async def case(self, alert_id: EventId) -> Case | None:
        """All that is known of an open alert."""
        async with guarded():
            row = await self._alerts.find_one({"_id": alert_id, **OPEN})
            if row is None:
                return None
            raised = row["raised"]
            watch = await self._watches.find_one({"_id": raised["delivery_id"]}) or {}
            attempt = await self._database["attempts"].find_one({"_id": alert_id})
            custody = await self._database["custody"].find_one({"_id": raised["partition"]})
        return Case(
            raised=_alert(row),
            sender=watch.get("planned", {}).get("sender", ""),
            needless="taken" in watch or "settled" in watch,
            ours=custody is not None and raised["offset"] >= custody["offset"],
            attempt=attempt_of(attempt) if attempt else None,
        )


def _update(row_id: str, part: Mapping[str, Row], still_open: Row, key: Row | None = None) -> UpdateOne:
    """Upsert a row: enter `part` unless it is there from an earlier offset, then work out anew whether it is open."""
    fields: dict[str, Any] = {name: {"$literal": value} for name, value in (key or {}).items()}
    for name, value in part.items():
        known = {"$ifNull": [f"${name}.offset", _NEVER]}
        fields[name] = {"$cond": [{"$lte": [known, value["offset"]]}, f"${name}", {"$literal": dict(value)}]}
    return UpdateOne({"_id": row_id}, [{"$set": fields}, {"$set": still_open}], upsert=True)


def _alerted(event: AlertRaised) -> UpdateOne:
    fields = {f"alerted.{event.channel.value}": {"$literal": True}}
    return UpdateOne({"_id": event.delivery_id}, [{"$set": fields}, {"$set": _WATCH_OPEN}], upsert=True)


def _moment(event: Event, record: Recorded[Event]) -> dict[str, Any]:
    return {"offset": record.offset, "at": event.occurred_at}


def _planned(event: DeliveryPlanned, record: Recorded[Event]) -> Row:
    return _moment(event, record) | {
        "partition": record.partition,
        "hub_id": event.hub_id,
        "document_id": event.document_id,
        "sender": event.sender,
        "recipient": event.recipient,
        "agency": event.agency,
        "code": event.code,
        "subject": event.subject,
        "trace": record.trace,
    }


def _key(event: AlertRaised | AlertSent) -> Row:
    return {
        "hub_id": event.hub_id,
        "recipient": event.recipient,
        "level": event.level,
        "channel": event.channel.value,
    }


def _raised(event: AlertRaised, record: Recorded[Event]) -> Row:
    return _moment(event, record) | {
        "partition": record.partition,
        "cause_id": event.cause_id,
        "delivery_id": event.delivery_id,
        "document_id": event.document_id,
        "agency": event.agency,
        "contacts": list(event.contacts),
        "addresses": list(event.addresses),
        "subject": event.subject,
        "code": event.code,
        "waiting_since": event.waiting_since,
        "trace": record.trace,
    }


def _sent(event: AlertSent, record: Recorded[Event]) -> Row:
    return _moment(event, record) | {"outcome": event.outcome.value, "detail": event.detail}


def _watch(row: Row) -> Watch:
    planned = row["planned"]
    return Watch(
        delivery_id=DeliveryId(row["_id"]),
        hub_id=HubId(planned["hub_id"]),
        document_id=DocumentId(planned["document_id"]),
        recipient=AgencyCode(planned["recipient"]),
        agency=AgencyCode(planned["agency"]),
        code=planned["code"],
        subject=planned["subject"],
        planned_at=planned["at"],
        partition=planned["partition"],
        trace=planned["trace"],
        closed="taken" in row or "settled" in row,
        alerted=frozenset(Channel(channel) for channel in row.get("alerted", ())),
    )


def _alert(row: Row) -> AlertRaised:
    raised = row["raised"]
    return AlertRaised(
        event_id=EventId(row["_id"]),
        occurred_at=raised["at"],
        cause_id=raised["cause_id"],
        delivery_id=DeliveryId(raised["delivery_id"]),
        hub_id=HubId(row["hub_id"]),
        document_id=DocumentId(raised["document_id"]),
        recipient=AgencyCode(row["recipient"]),
        agency=AgencyCode(raised["agency"]),
        level=row["level"],
        channel=Channel(row["channel"]),
        contacts=tuple(raised["contacts"]),
        addresses=tuple(raised["addresses"]),
        subject=raised["subject"],
        code=raised["code"],
        waiting_since=raised["waiting_since"],
    )
