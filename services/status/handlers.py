"""Use cases of the status service: record what happened to each document, and answer who asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.model.directory import Directory
from hub.model.events import Event, StatusChanged
from hub.model.ids import AgencyCode, HubId, SystemId
from hub.model.record import Recorded
from services.status import lifecycle, timeline
from services.status.access import Connection, Operator, Viewer, view
from services.status.alerts import Alert
from services.status.life import Life, Stage
from services.status.reports import Period, ReportB, Tally, report_b
from services.status.search import agencies_named, terms
from services.status.shown import Evidence, Summary, Timeline

Place = tuple[str, int, int]
"""Topic, partition and offset of a cause."""

Announcements = Mapping[Place, Sequence[StatusChanged]]
"""What follows from each cause of a batch; causes that lead to nothing are left out."""


class Lives(Protocol):
    """Where lives are kept, one row a document."""

    async def load(self, ids: Collection[HubId]) -> dict[HubId, Life]:
        """The lives known under these ids, all at once."""
        ...

    async def save(self, grown: Sequence[tuple[Life, Life]]) -> None:
        """Replace each first life by its second, all at once; Transient when one is no longer as it was loaded."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a list goes on: after the document of this moment and id."""

    at: datetime
    hub_id: HubId


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A search: each term must begin a word of the document, or one of the agencies must take part in it."""

    terms: tuple[str, ...]
    agencies: tuple[AgencyCode, ...]
    stage: Stage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of lives, newest first; `total` counts no further than the archive's limit."""

    lives: tuple[Life, ...]
    total: int


class Archive(Protocol):
    """Questions over all lives."""

    async def sent_by(
        self, system_id: SystemId, senders: Collection[AgencyCode], after: Cursor | None, limit: int
    ) -> Sequence[Life]:
        """What these agencies sent, and what was refused to this system, newest first."""
        ...

    async def search(self, sought: Sought, skip: int, limit: int) -> Found:
        """One page of what is sought."""
        ...

    async def tally(self, period: Period, codes: Collection[AgencyCode] | None = None) -> Sequence[Tally]:
        """Counts of report B by code as written; of these codes only, unless None. One report at a time is made."""
        ...


class Alerts(Protocol):
    """Where alerts about documents are kept, one row an alert."""

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Enter what these events tell of alerts, in any order, any number of times; pass all others over."""
        ...

    async def of(self, hub_id: HubId) -> tuple[Alert, ...]:
        """All alerts about one document."""
        ...


class RecordAlerts:
    """alert.raised, alert.sent -> what the document's page shows of them; decides nothing."""

    projects_causes = True

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def facts(self, causes: Sequence[Recorded[Event]]) -> None:
        """Nothing is needed."""

    def decide(self, cause: Recorded[Event], facts: None) -> Sequence[Event]:  # noqa: ARG002 - the protocol's names
        """Nothing follows."""
        return ()

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Enter the alerts."""
        await self._alerts.project(records)


class RecordTimeline:
    """Any event of a document's life -> its timeline, and status.changed for every line that moved up."""

    projects_causes = True

    def __init__(self, lives: Lives) -> None:
        self._lives = lives
        self._at_hand: dict[HubId, Life] = {}

    async def facts(self, causes: Sequence[Recorded[Event]]) -> Announcements:
        """Load the lives of the batch's documents and fold the batch into them once: its causes build on each other."""
        events = [cause.event for cause in causes]
        ids = {hub_id for event in events if (hub_id := lifecycle.hub_id_of(event))}
        known = await self._lives.load(ids) if ids else {}
        self._at_hand = {hub_id: known.get(hub_id) or Life(hub_id=hub_id) for hub_id in ids}
        answers = lifecycle.decided(known, events)
        return {_place(cause): answer for cause, answer in zip(causes, answers, strict=True) if answer}

    def decide(self, cause: Recorded[Event], facts: Announcements) -> Sequence[StatusChanged]:
        """The lines that this cause moves up beyond what was announced before it."""
        return facts.get(_place(cause), ())

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Grow the lives by these events. A function of the events alone: lives only grow, in any order."""
        events = [record.event for record in records]
        ids = {hub_id for event in events if (hub_id := lifecycle.hub_id_of(event))}
        # facts() has just read these rows; save() notices when one of them changed since.
        before, self._at_hand = self._at_hand, {}
        if missing := ids - before.keys():
            before.update({hub_id: Life(hub_id=hub_id) for hub_id in missing})
            before.update(await self._lives.load(missing))
        after = lifecycle.all_grown({hub_id: before[hub_id] for hub_id in ids}, events)
        await self._lives.save([(before[i], life) for i, life in after.items() if life != before[i]])


def _place(cause: Recorded[Event]) -> Place:
    return (cause.topic, cause.partition, cause.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPage:
    """One page of a caller's sent list."""

    items: tuple[Summary, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of a search, with the number of hits."""

    items: tuple[Summary, ...]
    total: int


class Documents:
    """What people and systems ask about documents. What a viewer may not see is as if it were not there."""

    def __init__(self, lives: Lives, archive: Archive, alerts: Alerts, directory: Directory) -> None:
        self._lives = lives
        self._archive = archive
        self._alerts = alerts
        self._directory = directory

    async def timeline(self, viewer: Viewer, hub_id: HubId) -> Timeline | None:
        """The timeline of one document, as far as the viewer may see it."""
        life = await self._visible(viewer, hub_id)
        return timeline.show(life, self._directory, await self._alerts.of(hub_id)) if life else None

    async def evidence(self, viewer: Viewer, hub_id: HubId) -> Evidence | None:
        """Verdict and findings of one document."""
        life = await self._visible(viewer, hub_id)
        return timeline.evidence(life) if life else None

    async def _visible(self, viewer: Viewer, hub_id: HubId) -> Life | None:
        life = (await self._lives.load([hub_id])).get(hub_id)
        return view(life, viewer, self._directory) if life else None

    async def sent(self, caller: Connection, after: Cursor | None, limit: int) -> SentPage:
        """What the caller's agencies sent, refusals included, newest first."""
        senders = self._directory.all_codes(self._directory.served_by(caller.system_id))
        lives = await self._archive.sent_by(caller.system_id, senders, after, limit + 1)
        items = self._summaries(lives[:limit])
        more = len(lives) > limit and bool(items)
        return SentPage(items=items, next=Cursor(at=items[-1].at, hub_id=items[-1].hub_id) if more else None)

    async def search(self, query: str, stage: Stage | None, skip: int, limit: int) -> SearchPage:
        """Documents found by words of subject, code, sender or agency names; an empty query finds all."""
        sought = Sought(terms=terms(query), agencies=agencies_named(query, self._directory), stage=stage)
        found = await self._archive.search(sought, skip, limit)
        return SearchPage(items=self._summaries(found.lives), total=found.total)

    async def report_b(self, viewer: Viewer, period: Period) -> ReportB:
        """Report B over all agencies for the operator, over its own for a connection."""
        match viewer:
            case Operator():
                agencies = [agency.code for agency in self._directory.agencies()]
                tallies = await self._archive.tally(period)
            case Connection(system_id=system_id):
                agencies = list(self._directory.served_by(system_id))
                tallies = await self._archive.tally(period, self._directory.all_codes(agencies))
        return report_b(period, tallies, self._directory, agencies)

    def _summaries(self, lives: Sequence[Life]) -> tuple[Summary, ...]:
        return tuple(entry for life in lives if (entry := timeline.summary(life, self._directory)))
