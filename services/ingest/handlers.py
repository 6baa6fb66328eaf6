"""Use case: submit a document. The ports that both use cases need stand here.

Order of steps (DESIGN §4): the door has spooled, measured and read the package; `facts` applies the rules and, when
they find nothing, stores the bytes and claims the DocumentId; `decide` makes the event; append; `project` the receipt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import Event
from hub.model.ids import AgencyCode, Digest, DocumentId, EventId, HubId
from hub.model.reasons import Code
from hub.model.record import Recorded
from hub.model.values import Package, Refusal
from hub.wire.edxml import ReadDocument
from services.ingest import duplicates, header, intake
from services.ingest.duplicates import Claim, Receipt, Slot
from services.ingest.intake import Submission
from services.ingest.statuses import Search

PATIENCE_SECONDS = 4.0
BYTES_PER_SECOND = 20_000_000
"""The slowest blob store that is still called there; a larger package gets the more time."""

_LATE = frozenset(
    {
        Code.UNKNOWN_DOCUMENT, Code.UNKNOWN_RECIPIENT, Code.RECIPIENT_LOCKED, Code.RECIPIENT_DISSOLVED,
        Code.SENDER_MISMATCH, Code.SENDER_LOCKED,
    }
)  # fmt: skip
"""Refusals that rest on receipts or on the directory, which may lag behind the log: final only once it is caught up."""
CatchUp = Callable[[], Awaitable[None]]
"""Learns what the log holds and is not known here yet: events of ours that never reached the receipts (of a process
that died, of an append that ended unsure), and changes of the directory. Requests that wait share one reading, and
there is at most one a second: whoever has itself refused again and again costs no more."""


class Receipts(Protocol):
    """What the log holds as accepted, projected."""

    async def of(self, senders: Sequence[AgencyCode], document_ids: Sequence[DocumentId]) -> Sequence[Receipt]:
        """Receipts of these DocumentIds (compared by `document_key`) under any of the sender's codes."""
        ...

    async def found(self, senders: Sequence[AgencyCode], search: Search) -> Sequence[Receipt]:
        """Receipts by DocumentId; when there is none, by number/notation and promulgation date."""
        ...

    async def reported(self, event: EventId) -> HubId | None:
        """The document of a status message that is recorded; None when it is not."""
        ...

    async def add(self, records: Sequence[Recorded[Event]]) -> None:
        """Project documents and statuses, idempotently; other events are passed over."""
        ...


class Claims(Protocol):
    """DocumentIds taken by requests that may not have reached the log yet. Not a projection."""

    async def take(self, slots: Sequence[Slot], hub_id: HubId, moment: datetime) -> Claim | None:
        """Take slots in order for a package, or renew its own; stops at the first that another holds, and gives it."""
        ...

    async def hand_over(self, old: Claim, slots: Sequence[Slot], hub_id: HubId, moment: datetime) -> None:
        """Give those of the slots that the old claim took to another package, where it still stands as it was."""
        ...

    async def has(self, slots: Sequence[Slot], hub_id: HubId) -> bool:
        """True when this package holds any of the slots: it came this far before."""
        ...


class Packages(Protocol):
    """The blob store."""

    async def put(self, package: Package, content: bytes | Path) -> None:
        """Store the bytes so that they survive a crash of the machine. Transient when the store is away."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What deciding about one submission rests on: the first receipt of the same bytes, or all refusals, or neither."""

    repeated: Receipt | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing stands against accepting it now."""
        return self.repeated is None and not self.refusals


Grounds = Mapping[Digest, Ground]


class Once:
    """Catches up for one request: whoever asks again is served by the first time.

    All that may be missing was done before the request's moment, so one reading begun after it shows it.
    """

    def __init__(self, catch_up: CatchUp) -> None:
        self._catch_up = catch_up
        self._done = False

    async def __call__(self) -> None:
        """Catch up, the first time. Transient when a part is away."""
        if not self._done:
            await self._catch_up()
            self._done = True


class SubmitDocument:
    """Submission -> document.received, or document.refused with all reasons; nothing for a repeat."""

    def __init__(
        self, *, directory: Directory, receipts: Receipts, claims: Claims, packages: Packages, catch_up: CatchUp,
        request_limit: timedelta,
    ) -> None:  # fmt: skip
        self._directory = directory
        self._receipts = receipts
        self._claims = claims
        self._packages = packages
        self._catch_up = catch_up
        self._request_limit = request_limit

    async def facts(self, causes: Sequence[Submission]) -> Grounds:
        """Judge, and secure what is acceptable: bytes stored and DocumentId claimed before anything is decided."""
        return {cause.package.digest: await self._secured(cause) for cause in causes}

    def decide(self, cause: Submission, facts: Grounds) -> Sequence[Event]:
        """One event, or none when the log holds this package already."""
        ground = facts[cause.package.digest]
        if ground.repeated is not None:
            return ()
        if ground.refusals or isinstance(cause.read, Refusal):
            return (header.refused(cause, ground.refusals),)
        return (header.received(cause, cause.read),)

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Receipts of accepted documents."""
        await self._receipts.add(records)

    async def findings(self, submission: Submission) -> tuple[Refusal, ...]:
        """What submitting this would be refused for. Stores nothing."""
        return (await self._judged_surely(submission, Once(self._catch_up))).refusals

    async def receipt(self, submission: Submission) -> Receipt | None:
        """The first receipt of exactly these bytes; None when they were never accepted from this caller."""
        return (await self._judged(submission)).repeated

    async def _secured(self, submission: Submission) -> Ground:
        patience = PATIENCE_SECONDS + submission.package.size / BYTES_PER_SECOND
        caught_up = Once(self._catch_up)
        try:
            async with asyncio.timeout(patience):
                ground = await self._judged_surely(submission, caught_up)
                if not ground.clean or isinstance(submission.read, Refusal):
                    return ground
                await self._packages.put(submission.package, submission.content)
                return await self._claimed(submission, submission.read, caught_up)
        except TimeoutError as error:
            raise Transient("stores", f"not done within {patience:.1f} s") from error

    async def _judged_surely(self, submission: Submission, caught_up: Once) -> Ground:
        """As `_judged`; a refusal that may be late is judged again once caught up with the log."""
        ground = await self._judged(submission)
        if ground.refusals and await self._may_be_late(submission, ground):
            await caught_up()
            ground = await self._judged(submission)
        return ground

    async def _judged(self, submission: Submission) -> Ground:
        """The rules, with what is known of earlier sendings; that is nobody's business but the sender's."""
        document = submission.read
        if isinstance(document, Refusal):
            return Ground(refusals=(document,))
        found = intake.findings(document, submission.moment, self._directory)
        sender = intake.may_send(document, submission.system_id, self._directory)
        if sender is not None:
            found = (sender, *found)
        stranger = sender is not None and sender.code != Code.SENDER_LOCKED
        if stranger or not intake.may_be_looked_up(document):
            return Ground(refusals=found[: intake.MOST_REASONS])
        named = intake.named_documents(document)
        receipts = await self._receipts.of(
            duplicates.codes_of(document.sender, self._directory),
            (document.document_id, *(document_id for _, document_id in named)),
        )
        repeated = duplicates.same_bytes(receipts, intake.identity(submission, document))
        if repeated is not None:
            return Ground(repeated=repeated)
        found += duplicates.unknown(named, receipts)
        found += duplicates.taken(document, receipts, self._directory)
        return Ground(refusals=found[: intake.MOST_REASONS])

    async def _may_be_late(self, submission: Submission, ground: Ground) -> bool:
        """True when a refusal may rest on receipts, or on a directory, that lag behind the log."""
        if isinstance(submission.read, Refusal) or not intake.may_be_looked_up(submission.read):
            return False
        if any(refusal.code in _LATE for refusal in ground.refusals):
            return True
        slots = duplicates.slots(submission.read, submission.package.digest, self._directory)
        return await self._claims.has(slots, intake.identity(submission, submission.read))

    async def _claimed(self, submission: Submission, document: ReadDocument, caught_up: Once) -> Ground:
        """Take the DocumentId towards every recipient, unless another package has it; Transient while that is open."""
        hub_id = intake.identity(submission, document)
        slots = duplicates.slots(document, submission.package.digest, self._directory)
        for _ in range(len(slots) + 1):
            other = await self._claims.take(slots, hub_id, submission.moment)
            if other is None:
                return Ground()
            free = duplicates.abandoned(other, submission.moment, self._request_limit)
            if free:
                await caught_up()  # its event may have landed after all
            ground = await self._judged(submission)
            if not ground.clean:
                return ground
            if not free:
                break
            await self._claims.hand_over(other, slots, hub_id, submission.moment)
        raise Transient("documents", "the same DocumentId is being sent with other content right now")
