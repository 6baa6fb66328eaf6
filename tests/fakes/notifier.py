"""The notifier's outside in memory: rows, attempts, gateways; and the events they meet."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hub.model.errors import Transient
from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, DeliverySettled, DeliveryTaken, Event
from hub.model.ids import AgencyCode, DeliveryId, Digest, DocumentId, EventId, HubId, SystemId, event_id
from hub.model.record import Recorded
from hub.model.statuses import BusinessType, Channel, InboxState
from hub.model.values import Contact, Package
from hub.wire.topics import topic_of
from services.notifier.alerts import CHANNELS, Watch, not_fetched
from services.notifier.attempts import Answer, Attempt, Case, Handover, Holder, Patience, Postpone, Send, State
from services.notifier.handlers import OpenAlert
from services.notifier.messages import Mail, Sms

NOW = datetime(2026, 11, 20, 2, 15, 2, tzinfo=UTC)
LIMIT = timedelta(minutes=30)
AGENCY = AgencyCode("000.00.00.G01")
CONTACTS = (
    Contact(name="Nguyễn Thị Hoa", position="Văn thư", unit="Văn phòng", mobile="0912 345 678", email="hoa@bnv.gov.vn"),
    Contact(name="Trần Đức", position="Trưởng phòng", unit="Văn phòng", mobile="", email="duc@bnv.gov.vn"),
)
PATIENCE = Patience(
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(seconds=300),
    give_up=timedelta(hours=2),
    attempt_limit=timedelta(seconds=130),
)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def planned(
    name: str = "one", at: datetime = NOW, kind: str = "document", subject: str = "Về việc gửi"
) -> DeliveryPlanned:
    return DeliveryPlanned(
        event_id=event_id(name, "deliver"),
        occurred_at=at,
        cause_id=name,
        hub_id=HubId(f"hub-{name}"),
        kind=kind,
        sender=AgencyCode("000.00.00.G22"),
        recipient=AGENCY,
        agency=AGENCY,
        system_id=SystemId("bnv"),
        document_id=DocumentId(f"doc-{name}"),
        code="125/QĐ-VPCP",
        subject=subject,
        business_type=BusinessType.NEW,
        priority=0,
        package=Package(digest=Digest("0" * 64), size=1),
        verdict=None,
        status=None,
    )


def taken(delivery: DeliveryPlanned, at: datetime = NOW) -> DeliveryTaken:
    return DeliveryTaken(
        event_id=event_id(delivery.event_id, "take"),
        occurred_at=at,
        cause_id="request",
        delivery_id=DeliveryId(delivery.event_id),
        hub_id=delivery.hub_id,
        kind=delivery.kind,
        recipient=delivery.recipient,
        system_id=delivery.system_id,
    )


def settled(delivery: DeliveryPlanned, state: InboxState = InboxState.FAIL, at: datetime = NOW) -> DeliverySettled:
    return DeliverySettled(
        event_id=event_id(delivery.event_id, "settle", state),
        occurred_at=at,
        cause_id="request",
        delivery_id=DeliveryId(delivery.event_id),
        hub_id=delivery.hub_id,
        kind=delivery.kind,
        recipient=delivery.recipient,
        state=state,
        description="",
        system_id=delivery.system_id,
    )


def watch_of(delivery: DeliveryPlanned, closed: bool = False, alerted: Sequence[Channel] = ()) -> Watch:  # noqa: FBT001, FBT002 - a test's shorthand
    return Watch(
        delivery_id=DeliveryId(delivery.event_id),
        hub_id=delivery.hub_id,
        document_id=delivery.document_id,
        recipient=delivery.recipient,
        agency=delivery.agency,
        code=delivery.code,
        subject=delivery.subject,
        planned_at=delivery.occurred_at,
        partition=0,
        trace=TRACE,
        closed=closed,
        alerted=frozenset(alerted),
    )


def raised(
    delivery: DeliveryPlanned, channel: Channel = Channel.EMAIL, contacts: Sequence[Contact] = CONTACTS
) -> AlertRaised:
    due = delivery.occurred_at + LIMIT
    events = not_fetched(watch_of(delivery), contacts, LIMIT, due)
    return next(event for event in events if isinstance(event, AlertRaised) and event.channel is channel)


def record(event: Event, offset: int = 0, partition: int = 0) -> Recorded[Event]:
    return Recorded(event=event, topic=topic_of(type(event)).name, partition=partition, offset=offset, trace=TRACE)


class SettableClock:
    """A clock that moves when told to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


@dataclass
class _Row:
    planned: tuple[int, Recorded[Event]] | None = None
    closed: bool = False
    alerted: set[Channel] = field(default_factory=set)


@dataclass
class _Alert:
    raised: tuple[int, Recorded[Event]] | None = None
    sent: tuple[int, AlertSent] | None = None


def _first(known: tuple[int, object] | None, offset: int) -> bool:
    return known is None or offset < known[0]


class FakeBook:
    """Book in memory; `away` makes it Transient."""

    def __init__(self) -> None:
        self.away = False
        self.custody: dict[int, int] = {}
        self.attempts: dict[EventId, Attempt] = {}
        self.asked = 0
        self._rows: dict[str, _Row] = {}
        self._alerts: dict[EventId, _Alert] = {}

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        self._there()
        for one in records:
            self._enter(one)

    def _enter(self, one: Recorded[Event]) -> None:
        match one.event:
            case DeliveryPlanned(kind="document") as event:
                row = self._row(event.event_id)
                if _first(row.planned, one.offset):
                    row.planned = (one.offset, one)
            case DeliveryTaken(kind="document") | DeliverySettled(kind="document") as event:
                self._row(event.delivery_id).closed = True
            case AlertRaised() as event:
                self._row(event.delivery_id).alerted.add(event.channel)
                alert = self._alerts.setdefault(event.event_id, _Alert())
                if _first(alert.raised, one.offset):
                    alert.raised = (one.offset, one)
            case AlertSent() as event:
                alert = self._alerts.setdefault(event.alert_id, _Alert())
                if _first(alert.sent, one.offset):
                    alert.sent = (one.offset, event)
            case _:
                pass

    def _row(self, delivery_id: str) -> _Row:
        return self._rows.setdefault(delivery_id, _Row())

    def _there(self) -> None:
        if self.away:
            raise Transient("mongo", "switched off")

    def _watches(self) -> list[Watch]:
        found = []
        for row in self._rows.values():
            if row.planned is not None:
                one = row.planned[1]
                assert isinstance(one.event, DeliveryPlanned)
                watch = watch_of(one.event, row.closed, tuple(row.alerted))
                found.append(replace(watch, partition=one.partition, trace=one.trace))
        return sorted(found, key=lambda watch: watch.planned_at)

    def _open(self, partitions: frozenset[int]) -> list[Watch]:
        return [
            watch
            for watch in self._watches()
            if not watch.closed and watch.alerted != set(CHANNELS) and watch.partition in partitions
        ]

    async def due(self, before: datetime, partitions: frozenset[int]) -> tuple[Watch, ...]:
        self._there()
        self.asked += 1
        return tuple(watch for watch in self._open(partitions) if watch.planned_at <= before)[:100]

    async def earliest(self, partitions: frozenset[int]) -> datetime | None:
        self._there()
        return next((watch.planned_at for watch in self._open(partitions)), None)

    async def watches(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, Watch]:
        self._there()
        return {watch.delivery_id: watch for watch in self._watches() if watch.delivery_id in ids}

    async def open_alerts(self) -> tuple[OpenAlert, ...]:
        self._there()
        return tuple(
            OpenAlert(alert_id=number, channel=alert.raised[1].event.channel, trace=alert.raised[1].trace)
            for number, alert in self._alerts.items()
            if alert.raised and not alert.sent and isinstance(alert.raised[1].event, AlertRaised)
        )

    async def case(self, alert_id: EventId) -> Case | None:
        self._there()
        alert = self._alerts.get(alert_id, _Alert())
        if alert.raised is None or alert.sent is not None:
            return None
        one = alert.raised[1]
        assert isinstance(one.event, AlertRaised)
        row = self._rows.get(one.event.delivery_id, _Row())
        planned_event = row.planned[1].event if row.planned else None
        return Case(
            raised=one.event,
            sender=planned_event.sender if isinstance(planned_event, DeliveryPlanned) else "",
            needless=row.closed,
            ours=one.partition in self.custody and one.offset >= self.custody[one.partition],
            attempt=self.attempts.get(alert_id),
        )

    def rows(self) -> tuple[object, object]:
        """All projected rows."""
        return self._rows, self._alerts

    def clear(self) -> None:
        """Drop all projected rows."""
        self._rows.clear()
        self._alerts.clear()

    def outcome(self, alert: AlertRaised) -> AlertSent | None:
        """What became of an alert."""
        sent = self._alerts[alert.event_id].sent
        return sent[1] if sent else None


class FakeAttempts:
    """Attempt rows in memory, shared through the book they belong to."""

    def __init__(self, book: FakeBook, holder: Holder) -> None:
        self._rows = book.attempts
        self._holder = holder

    async def begin(self, raised: AlertRaised, made: Send, moment: datetime) -> bool:
        row = self._rows.get(raised.event_id)
        leaving = Attempt(
            tries=made.tries, state=State.LEAVING, holder=self._holder, first_at=row.first_at if row else moment,
            at=moment, next_at=None, detail=row.detail if row else "", progress=made.progress,
        )  # fmt: skip
        if _named(row) == _named(made.row):
            self._rows[raised.event_id] = row = leaving
        return row is not None and (row.tries, row.state, row.holder) == (made.tries, State.LEAVING, self._holder)

    async def postpone(self, alert_id: EventId, next_at: datetime, end: Postpone) -> None:
        row = self._rows[alert_id]
        if row.holder == self._holder and row.state is State.LEAVING:
            self._rows[alert_id] = replace(
                row, state=State.WAITING, next_at=next_at, detail=end.detail, progress=end.progress
            )


def _named(row: Attempt | None) -> tuple[int, Holder] | None:
    return (row.tries, row.holder) if row else None


class FakeHorizon:
    """Everything has been heard, unless told otherwise. `before` runs while waiting: events that arrive late."""

    def __init__(self) -> None:
        self.away = False
        self.before: Callable[[], object] = lambda: None

    async def reached(self, partitions: frozenset[int]) -> None:
        assert partitions
        if self.away:
            raise Transient("backlog", "switched off")
        self.before()


class FakeGateway:
    """Mailer and Texter in memory: keeps what it took, answers what it is told to."""

    def __init__(self) -> None:
        self.took: list[Mail | Sms] = []
        self.tried = 0
        self.answers: list[Answer] = []
        """Answers to come; afterwards everything is taken."""
        self.free = asyncio.Event()
        self.free.set()

    def will(self, *handovers: Handover) -> None:
        self.answers.extend(Answer(handover=handover, detail=f"fake {handover}") for handover in handovers)

    async def send(self, message: Mail | Sms) -> Answer:
        self.tried += 1
        await self.free.wait()
        answer = self.answers.pop(0) if self.answers else Answer(handover=Handover.TAKEN, detail="250 taken")
        if answer.handover in (Handover.TAKEN, Handover.IN_DOUBT):
            self.took.append(message)
        return answer
