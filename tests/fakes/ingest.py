"""Ports of intake in memory; the same behaviour suite runs over them and over the real ones."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hub.model.errors import Transient
from hub.model.events import DocumentReceived, Event, StatusReported
from hub.model.ids import AgencyCode, Digest, DocumentId, EventId, HubId
from hub.model.record import Recorded
from hub.model.values import Package
from services.ingest.duplicates import Claim, Receipt, Slot, document_key, receipt_of
from services.ingest.statuses import Search, code_key


class FakeReceipts:
    """Receipts in memory."""

    def __init__(self) -> None:
        self._documents: dict[HubId, tuple[int, Receipt]] = {}
        self._reports: dict[EventId, tuple[int, HubId]] = {}

    async def of(self, senders: Sequence[AgencyCode], document_ids: Sequence[DocumentId]) -> Sequence[Receipt]:
        keys = {document_key(document_id) for document_id in document_ids}
        return [each for each in self._sent_by(senders) if document_key(each.document_id) in keys]

    async def found(self, senders: Sequence[AgencyCode], search: Search) -> Sequence[Receipt]:
        by_id = [
            each
            for each in self._sent_by(senders)
            if search.document_key and document_key(each.document_id) == search.document_key
        ]
        if by_id or not search.code:
            return by_id
        return [
            each
            for each in self._sent_by(senders)
            if code_key(each.code) == search.code and search.promulgation_date in ("", each.promulgation_date)
        ]

    async def reported(self, event: EventId) -> HubId | None:
        return self._reports[event][1] if event in self._reports else None

    async def add(self, records: Sequence[Recorded[Event]]) -> None:
        for record in records:
            event = record.event
            if isinstance(event, DocumentReceived):
                known = self._documents.get(event.header.hub_id)
                if known is None or known[0] > record.offset:
                    self._documents[event.header.hub_id] = (record.offset, receipt_of(event))
            elif isinstance(event, StatusReported):
                self._reports.setdefault(event.event_id, (record.offset, event.hub_id))

    def _sent_by(self, senders: Sequence[AgencyCode]) -> list[Receipt]:
        return [receipt for _, receipt in self._documents.values() if receipt.sender in senders]


class FakeClaims:
    """Claims in memory."""

    def __init__(self) -> None:
        self.claims: dict[Slot, Claim] = {}

    async def take(self, slots: Sequence[Slot], hub_id: HubId, moment: datetime) -> Claim | None:
        for slot in slots:
            held = self.claims.get(slot)
            if held is not None and held.hub_id != hub_id:
                return held
            renewed = max(moment, held.claimed_at) if held is not None else moment
            self.claims[slot] = Claim(slot=slot, hub_id=hub_id, claimed_at=renewed)
        return None

    async def hand_over(self, old: Claim, slots: Sequence[Slot], hub_id: HubId, moment: datetime) -> None:
        for slot in slots:
            held = self.claims.get(slot)
            if held is not None and (held.hub_id, held.claimed_at) == (old.hub_id, old.claimed_at):
                self.claims[slot] = Claim(slot=slot, hub_id=hub_id, claimed_at=moment)

    async def has(self, slots: Sequence[Slot], hub_id: HubId) -> bool:
        return any(slot in self.claims and self.claims[slot].hub_id == hub_id for slot in slots)


class FakePackages:
    """A blob store in memory, with a switch to be away."""

    def __init__(self) -> None:
        self.stored: dict[Digest, bytes | Path] = {}
        self.away = False

    async def put(self, package: Package, content: bytes | Path) -> None:
        if self.away:
            raise Transient("blobs", "switched off")
        self.stored[package.digest] = content
