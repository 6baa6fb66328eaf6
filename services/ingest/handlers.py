"""Use case: submit a document. The ports that both use cases need stand here.

Order of steps (DESIGN §4): the door has spooled, measured and read the package; `facts` applies the rules and, when
they find nothing, stores the bytes and claims the DocumentId; `decide` makes the event; append; `project` the receipt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import DocumentReceived, DocumentRefused, Event
from hub.model.ids import AgencyCode, DocumentId, EventId, HubId, event_id, hub_id
from hub.model.reasons import Code
from hub.model.record import Recorded
from hub.model.statuses import BusinessType
from hub.model.values import Package, Refusal
from hub.wire.edxml import ReadDocument
from services.ingest import duplicates, header, intake
from services.ingest.duplicates import Claim, Receipt, Slot
from services.ingest.intake import Submission
from services.ingest.statuses import Search

CatchUp = Callable[[], Awaitable[None]]
"""Projects events of ours that reached the log but not the receipts: of a process that died, or of a late answer."""


class Receipts(Protocol):
    """What the log holds as accepted, projected."""

    async def of(self, senders: Sequence[AgencyCode], document_ids: Sequence[DocumentId]) -> Sequence[Receipt]:
        """Receipts of these DocumentIds (compared by `document_key`) under any of the sender's codes."""
        ...

    async def found(self, senders: Sequence[AgencyCode], search: Search) -> Sequence[Receipt]:
        """Receipts by DocumentId; when there is none, by number/notation and promulgation date."""
        ...

    async def has_report(self, event: EventId) -> bool:
        """True when this status message is recorded."""
        ...

    async def add(self, records: Sequence[Recorded[Event]]) -> None:
        """Project documents and statuses, idempotently; other events are passed over."""
        ...


class Claims(Protocol):
    """DocumentIds taken by requests that may not have reached the log yet. Not a projection."""

    async def take(self, slots: Sequence[Slot], claim: HubId, moment: object) -> Claim | None:
        """Take the slots in order for a package, or renew its own; the first one that another package holds stops it."""
        ...

    async def hand_over(self, old: Claim, claim: HubId, moment: object) -> None:
        """Give one slot to another package, if the old claim still stands as it was."""
        ...

    async def has(self, slots: Sequence[Slot], claim: HubId) -> bool:
        """True when this package holds any of the slots: it came this far before."""
        ...


class Packages(Protocol):
    """The blob store."""

    async def put(self, package: Package, content: bytes | Path) -> None:
        """Store the bytes so that they survive a crash of the machine. Transient when the store is away."""
        ...
"""
