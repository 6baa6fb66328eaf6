"""Lives and questions over them in memory: the same promises as MongoDB."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from hub.model.errors import Transient
from hub.model.events import AlertRaised, AlertSent, Event
from hub.model.ids import AgencyCode, EventId, HubId, SystemId
from hub.model.record import Recorded
from hub.model.statuses import StatusCode
from services.status.alerts import Alert
from services.status.handlers import Cursor, Found, Sought
from services.status.life import Life, Line
from services.status.reports import COUNTED, DOCUMENTS, PROCESSED, Period, Tally
from services.status.search import words_of
from services.status.timeline import began


class FakeLives:
    """`handlers.Lives` and `handlers.Archive`, with a switch to be away, or to fail in another way."""

    def __init__(self) -> None:
        self.rows: dict[HubId, Life] = {}
        self.away = False
        self.fault: Exception | None = None
        self.loads = self.saves = 0

    async def load(self, ids: Collection[HubId]) -> dict[HubId, Life]:
        self._answer()
        self.loads += 1
        return {hub_id: self.rows[hub_id] for hub_id in ids if hub_id in self.rows}

    async def save(self, grown: Sequence[tuple[Life, Life]]) -> None:
        if not grown:
            return
        self._answer()
        self.saves += 1
        for before, after in grown:
            if self.rows.get(before.hub_id, Life(hub_id=before.hub_id)) != before:
                raise Transient("mongo", "a row was changed by another process")
            self.rows[after.hub_id] = after

    def _answer(self) -> None:
        if self.away:
            raise Transient("mongo", "switched off")
        if self.fault:
            raise self.fault

    async def sent_by(
        self, system_id: SystemId, senders: Collection[AgencyCode], after: Cursor | None, limit: int
    ) -> Sequence[Life]:
        mine = [life for life in self._newest() if _sent_by(life, system_id, senders)]
        return [life for life in mine if after is None or _place(life) < (after.at, after.hub_id)][:limit]

    async def search(self, sought: Sought, skip: int, limit: int) -> Found:
        hits = [life for life in self._newest() if _matches(life, sought)]
        return Found(lives=tuple(hits[skip : skip + limit]), total=len(hits))

    def _newest(self) -> list[Life]:
        self._answer()
        return sorted((life for life in self.rows.values() if began(life)), key=_place, reverse=True)

    async def tally(self, period: Period, codes: Collection[AgencyCode] | None = None) -> Sequence[Tally]:
        self._answer()
        documents = [life for life in self.rows.values() if life.header and life.header.business_type in DOCUMENTS]
        lines = [line for life in documents for line in life.lines.values()]
        sent = {
            (life.header.sender, life.header.document_id)
            for life in documents
            if life.header and life.received and not life.refused and _within(life.received.mark.at, period)
        }
        tallies = [*(_tally(line, period) for line in lines), *(Tally(code=sender, sent=1) for sender, _ in sent)]
        return [tally for tally in tallies if codes is None or tally.code in codes]


class FakeAlerts:
    """`handlers.Alerts`: of repeats of one event the first in the log counts."""

    def __init__(self) -> None:
        self._raised: dict[EventId, Recorded[AlertRaised]] = {}
        self._sent: dict[EventId, Recorded[AlertSent]] = {}

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        for record in sorted(records, key=lambda record: record.offset, reverse=True):
            match record.event:
                case AlertRaised() as raised:
                    known = self._raised.get(raised.event_id)
                    if known is None or record.offset < known.offset:
                        self._raised[raised.event_id] = cast("Recorded[AlertRaised]", record)
                case AlertSent() as sent:
                    before = self._sent.get(sent.alert_id)
                    if before is None or record.offset < before.offset:
                        self._sent[sent.alert_id] = cast("Recorded[AlertSent]", record)

    async def of(self, hub_id: HubId) -> tuple[Alert, ...]:
        alerts = (self._alert(alert_id) for alert_id in sorted({*self._raised, *self._sent}))
        return tuple(alert for alert in alerts if alert.hub_id == hub_id)

    def _alert(self, alert_id: EventId) -> Alert:
        raised, sent = self._raised.get(alert_id), self._sent.get(alert_id)
        told = sent or raised
        assert told
        return Alert(
            alert_id=alert_id,
            hub_id=told.event.hub_id,
            recipient=told.event.recipient,
            channel=told.event.channel,
            raised_at=raised.event.occurred_at if raised else None,
            outcome=sent.event.outcome if sent else None,
            ended_at=sent.event.occurred_at if sent else None,
        )


def _place(life: Life) -> tuple[datetime, HubId]:
    at = began(life)
    assert at is not None
    return (at, life.hub_id)


def _sent_by(life: Life, system_id: SystemId, senders: Collection[AgencyCode]) -> bool:
    if life.header:
        return life.header.sender in senders
    return any(turned.system_id == system_id for turned in life.turned)


def _matches(life: Life, sought: Sought) -> bool:
    if sought.stage and life.stage is not sought.stage:
        return False
    parties = {life.header.sender, *life.header.recipients} if life.header else set()
    found = all(any(word.startswith(term) for word in words_of(life)) for term in sought.terms)
    return (found and bool(sought.terms or not sought.agencies)) or bool(parties & set(sought.agencies))


def _tally(line: Line, period: Period) -> Tally:
    first = {code: report.mark.at for code in COUNTED if (report := line.first(code))}
    by_status: dict[StatusCode, int] = {code: 1 for code, at in first.items() if _within(at, period)}
    return Tally(
        code=line.recipient,
        received=int(line.planned is not None and _within(line.planned.mark.at, period)),
        processed=int(any(code in by_status for code in PROCESSED)),
        by_status=by_status,
    )


def _within(at: datetime, period: Period) -> bool:
    return period.start <= at < period.end
