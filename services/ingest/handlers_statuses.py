"""Use case: report a status. A recipient tells what became of a document, or the sender asks it back."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.model.directory import Directory
from hub.model.errors import Invalid, Transient
from hub.model.events import Event
from hub.model.ids import Digest, HubId
from hub.model.reasons import Code
from hub.model.record import Recorded
from hub.model.values import Refusal
from hub.wire.edxml import ReadStatus
from services.ingest import duplicates, statuses
from services.ingest.handlers import PATIENCE_SECONDS, CatchUp, Packages, Receipts
from services.ingest.statuses import Line, Report

_LATE = frozenset({Code.UNKNOWN_DOCUMENT, Code.NOT_A_RECIPIENT, Code.SENDER_MISMATCH})
"""Refusals that rest on receipts or on the directory, which may lag behind the log."""


class NotAccepted(Invalid):
    """A status message is refused; nothing of it is recorded."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        """`refusals` are all reasons, never empty."""
        super().__init__(refusals[0].code)
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusGround:
    """What deciding about one report rests on: recorded before, or refused, or the line it is about."""

    repeated: HubId | None = None
    refusals: tuple[Refusal, ...] = ()
    line: Line | None = None
    read: ReadStatus | None = None


StatusGrounds = Mapping[Digest, StatusGround]


class ReportStatus:
    """Report -> status.reported; NotAccepted when it is refused; nothing for a repeat."""

    def __init__(self, *, directory: Directory, receipts: Receipts, packages: Packages, catch_up: CatchUp) -> None:
        self._directory = directory
        self._receipts = receipts
        self._packages = packages
        self._catch_up = catch_up

    async def facts(self, causes: Sequence[Report]) -> StatusGrounds:
        """Find the line each report is about, and store the message when it will be recorded."""
        return {cause.package.digest: await self._secured(cause) for cause in causes}

    def decide(self, cause: Report, facts: StatusGrounds) -> Sequence[Event]:
        """One event, or none when the log holds this message already."""
        ground = facts[cause.package.digest]
        if ground.repeated is not None:
            return ()
        if ground.line is None or ground.read is None:
            raise NotAccepted(ground.refusals)
        return (statuses.reported(cause, ground.read, ground.line),)

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Receipts of recorded messages."""
        await self._receipts.add(records)

    async def recorded(self, report: Report) -> HubId | None:
        """The document of this message when it is recorded."""
        return await self._receipts.reported(statuses.report_id(report))

    async def _secured(self, report: Report) -> StatusGround:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                ground = await self._judged(report)
                if _may_be_late(report, ground):
                    await self._catch_up()  # the document may be in the log and not yet among the receipts
                    ground = await self._judged(report)
                if ground.line is not None:
                    await self._packages.put(report.package, report.content)
                return ground
        except TimeoutError as error:
            raise Transient("stores", f"not done within {PATIENCE_SECONDS} s") from error

    async def _judged(self, report: Report) -> StatusGround:
        if isinstance(report.read, Refusal):
            return StatusGround(refusals=(report.read,))
        read = statuses.put_right(report.read)
        found = statuses.findings(read, report.system_id, self._directory)
        if found:
            return StatusGround(refusals=found)
        repeated = await self._receipts.reported(statuses.report_id(report))
        if repeated is not None:
            return StatusGround(repeated=repeated)
        search = statuses.search(read)
        documents = await self._receipts.found(duplicates.codes_of(search.sender, self._directory), search)
        line = statuses.line(read, documents, self._directory)
        if isinstance(line, Refusal):
            return StatusGround(refusals=(line,))
        return StatusGround(line=line, read=read)


def _may_be_late(report: Report, ground: StatusGround) -> bool:
    """True when a refusal may rest on receipts, or on a directory, that lag behind the log."""
    if isinstance(report.read, Refusal) or not statuses.may_be_looked_up(report.read):
        return False
    return any(refusal.code in _LATE for refusal in ground.refusals)
