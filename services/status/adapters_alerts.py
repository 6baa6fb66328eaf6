"""Alerts in MongoDB: one row an alert in `alerts`, a function of its two events alone.

A collection of its own, because alerts are keyed by recipient in the log and documents by their id: two processes may
hear of one document's alerts and of its other events at one time, and must not write one row. Each row keeps with each
event its offset; of repeats of one event the first in the log counts, in whatever order they are met.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import IndexModel, UpdateOne

from hub.model.events import AlertRaised, AlertSent, Event
from hub.model.ids import AgencyCode, EventId, HubId
from hub.model.record import Recorded
from hub.model.statuses import AlertOutcome, Channel
from hub.runtime.mongo import bulk, guarded
from services.status.alerts import Alert

COLLECTION = "alerts"


class MongoAlerts:
    """The rows; `handlers.Alerts` done for real."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._database = database
        self._rows = database[COLLECTION]

    async def prepare(self) -> None:
        """Make the index that is missing."""
        async with guarded():
            await self._rows.create_indexes([IndexModel([("hub_id", 1)])])

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Enter what these events tell of alerts; all other events are passed over."""
        await bulk(self._database, COLLECTION, [update for record in records if (update := _update(record))])

    async def of(self, hub_id: HubId) -> tuple[Alert, ...]:
        """All alerts about one document."""
        async with guarded():
            rows = await self._rows.find({"hub_id": hub_id}, sort=[("_id", 1)]).to_list(None)
        return tuple(map(_alert, rows))


def _update(record: Recorded[Event]) -> UpdateOne | None:
    match record.event:
        case AlertRaised() as event:
            return _entered(event.event_id, event, {"raised": _first(record)})
        case AlertSent() as event:
            return _entered(event.alert_id, event, {"sent": _first(record) | {"outcome": event.outcome.value}})
        case _:
            return None


def _entered(alert_id: EventId, event: AlertRaised | AlertSent, fact: Mapping[str, Any]) -> UpdateOne:
    """Upsert. $min compares members in their order, so of two facts that with the lower offset stays."""
    row = {"hub_id": event.hub_id, "recipient": event.recipient, "channel": event.channel.value}
    return UpdateOne({"_id": alert_id}, {"$set": row, "$min": dict(fact)}, upsert=True)


def _first(record: Recorded[Event]) -> dict[str, Any]:
    return {"offset": record.offset, "at": record.event.occurred_at}


def _alert(row: Mapping[str, Any]) -> Alert:
    raised, sent = row.get("raised"), row.get("sent")
    return Alert(
        alert_id=EventId(row["_id"]),
        hub_id=HubId(row["hub_id"]),
        recipient=AgencyCode(row["recipient"]),
        channel=Channel(row["channel"]),
        raised_at=raised["at"] if raised else None,
        outcome=AlertOutcome(sent["outcome"]) if sent else None,
        ended_at=sent["at"] if sent else None,
    )
