"""Use cases of the notifier: watch deliveries, raise what is due, send it, record what became of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from hub.model.directory import Directory
from hub.model.errors import Invalid
from hub.model.events import AlertRaised, Event
from hub.model.ids import AgencyCode, DeliveryId, EventId
from hub.model.record import Recorded
from hub.model.statuses import AlertOutcome, Channel
from hub.model.values import Contact
from services.notifier import alerts, attempts, messages
from services.notifier.alerts import Watch
from services.notifier.attempts import Answer, Case, Conclude, Handover, Holder, Patience, Postpone, Send, Wait

T = TypeVar("T")
Clock = Callable[[], datetime]
Patiently = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Does a deed again and again until the part it needs is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """A raised alert without an outcome: enough to queue it."""

    alert_id: EventId
    channel: Channel
    trace: str


class Book(Protocol):
    """Projections: watches and alerts."""

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring both up to these events, in any order across topics; knowing them already changes nothing."""
        ...

    async def due(self, before: datetime, partitions: frozenset[int]) -> tuple[Watch, ...]:
        """Open watches of these partitions planned until `before`, earliest first, a batch at most."""
        ...

    async def earliest(self, partitions: frozenset[int]) -> datetime | None:
        """When the earliest open watch of these partitions was planned; None without one."""
        ...

    async def watches(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, Watch]:
        """These watches as they are now."""
        ...

    async def open_alerts(self) -> tuple[OpenAlert, ...]:
        """All alerts without an outcome."""
        ...

    async def case(self, alert_id: EventId) -> Case | None:
        """All that is known of an open alert; None when it has an outcome or was never raised."""
        ...


class Attempts(Protocol):
    """The attempt rows: intents, not projections."""

    async def begin(self, raised: AlertRaised, made: Send, moment: datetime) -> bool:
        """Durably take this try for this process; False when another process has it. Repeating it gives the same."""
        ...

    async def postpone(self, alert_id: EventId, next_at: datetime, end: Postpone) -> None:
        """The try under way was not the last one: the next may be made from `next_at` on."""
        ...


class Horizon(Protocol):
    """How far we have heard."""

    async def reached(self, partitions: frozenset[int]) -> None:
        """Return once every download and settlement in the log by now has been projected; Transient when not in time.

        Without this a notifier that comes back after an hour would warn about documents fetched in that hour.
        """
        ...


class Mailer(Protocol):
    """Hands a mail to SMTP."""

    async def send(self, mail: messages.Mail) -> Answer:
        """One try, limited in time; never raises for what a server may do."""
        ...


class Texter(Protocol):
    """Hands an SMS to the gateway."""

    async def send(self, sms: messages.Sms) -> Answer:
        """One try, limited in time; never raises for what a gateway may do."""
        ...


class WatchDeliveries:
    """delivery.planned, delivery.taken, delivery.settled -> watches; decides nothing."""

    projects_causes = True

    def __init__(self, book: Book, planned: Callable[[Sequence[Recorded[Event]]], None]) -> None:
        """`planned` hears of every batch once it is projected: the timer may have to wake earlier."""
        self._book = book
        self._planned = planned

    async def facts(self, causes: Sequence[Recorded[Event]]) -> None:
        """Nothing is needed."""

    def decide(self, cause: Recorded[Event], facts: None) -> Sequence[Event]:  # noqa: ARG002 - the protocol's names
        """Nothing follows at once; time decides."""
        return ()

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Update the watches."""
        await self._book.project(records)
        self._planned(records)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWatch:
    """A watch whose time is up at `moment`."""

    watch: Watch
    moment: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Facts for raising: the watches as of the horizon, and whom to warn."""

    watches: Mapping[DeliveryId, Watch]
    contacts: Mapping[AgencyCode, tuple[Contact, ...]]


class RaiseAlerts:
    """A due watch -> alert.raised per channel (and alert.sent at once where nobody can be warned)."""

    def __init__(self, book: Book, directory: Directory, horizon: Horizon, limit: timedelta) -> None:
        self._book = book
        self._directory = directory
        self._horizon = horizon
        self._limit = limit

    async def facts(self, causes: Sequence[DueWatch]) -> Known:
        """First hear everything that the log holds by now, then look again at who still waits."""
        await self._horizon.reached(frozenset(cause.watch.partition for cause in causes))
        agencies = {cause.watch.agency: self._directory.resolve(cause.watch.agency) for cause in causes}
        return Known(
            watches=await self._book.watches([cause.watch.delivery_id for cause in causes]),
            contacts={code: agency.contacts if agency else () for code, agency in agencies.items()},
        )

    def decide(self, cause: DueWatch, facts: Known) -> Sequence[Event]:
        """Nothing for what was fetched, settled or raised before."""
        watch = facts.watches.get(cause.watch.delivery_id)
        if watch is None:
            return ()
        return alerts.not_fetched(watch, facts.contacts[cause.watch.agency], self._limit, cause.moment)

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Enter the alerts; their watches are no longer open."""
        await self._book.project(records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """An alert whose outcome is known."""

    raised: AlertRaised
    outcome: AlertOutcome
    detail: str
    moment: datetime


class RecordOutcome:
    """A concluded alert -> alert.sent."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def facts(self, causes: Sequence[Concluded]) -> None:
        """Nothing is needed."""

    def decide(self, cause: Concluded, facts: None) -> Sequence[Event]:  # noqa: ARG002 - the protocol's names
        """One event."""
        return (alerts.sent(cause.raised, cause.outcome, cause.detail, cause.moment),)

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Close the alerts."""
        await self._book.project(records)


class Gateways:
    """Channel -> message -> gateway."""

    def __init__(self, mailer: Mailer, texter: Texter, directory: Directory, mail_from: str) -> None:
        self._mailer = mailer
        self._texter = texter
        self._directory = directory
        self._mail_from = mail_from

    async def send(self, case: Case, only: tuple[str, ...]) -> Answer:
        """One try; a mail goes to `only` these mailboxes, all where none is named. Unwritable counts as refused."""
        notice = messages.Notice(
            raised=case.raised,
            sender=self._name(AgencyCode(case.sender)),
            sender_code=case.sender,
            agency=self._name(case.raised.agency),
        )
        try:
            match case.raised.channel:
                case Channel.EMAIL:
                    mail = messages.mail(notice, self._mail_from)
                    return await self._mailer.send(replace(mail, recipients=only or mail.recipients))
                case Channel.SMS:
                    return await self._texter.send(messages.sms(notice))
        except Invalid as error:
            return Answer(handover=Handover.REFUSED, detail=str(error))

    def _name(self, code: AgencyCode) -> str:
        agency = self._directory.resolve(code)
        return agency.name if agency else code


class SendAlert:
    """One open alert -> attempt row -> gateway -> outcome. The attempt row is durable before anything leaves."""

    def __init__(
        self, *, book: Book, tries: Attempts, gateways: Gateways, record: Callable[[Concluded], Awaitable[None]],
        patience: Patience, holder: Holder, clock: Clock, steady: Clock, patiently: Patiently,
    ) -> None:  # fmt: skip
        """`clock` says when an alert ended; `steady`, which does not jump ahead, how long it has been tried."""
        self._book = book
        self._tries = tries
        self._gateways = gateways
        self._record = record
        self._patience = patience
        self._holder = holder
        self._clock = clock
        self._steady = steady
        self._patiently = patiently

    async def __call__(self, alert_id: EventId) -> timedelta | None:
        """Take the alert one move further; gives the time after which to look again, None when it is over.

        Transient: nothing has left, look again soon. Once something may have left, only the end of the process stops
        us from writing down what we know of it.
        """
        case = await self._book.case(alert_id)
        if case is None:
            return None
        move = attempts.next_move(case, self._holder, self._steady(), self._patience)
        match move:
            case Send():
                return await self._try(case, move)
            case Wait():
                return move.pause
            case Conclude():
                await self._conclude(case, move)
                return None

    async def _try(self, case: Case, made: Send) -> timedelta | None:
        if not await self._tries.begin(case.raised, made, self._steady()):
            return self._patience.attempt_limit
        answer = await self._gateways.send(case, made.progress.remaining)
        move = attempts.after(answer, made, case.raised.channel, self._steady(), self._patience)
        match move:
            case Postpone():
                next_at = self._steady() + move.pause
                await self._patiently(lambda: self._tries.postpone(case.raised.event_id, next_at, move))
                return move.pause
            case Conclude():
                await self._conclude(case, move)
                return None

    async def _conclude(self, case: Case, end: Conclude) -> None:
        concluded = Concluded(raised=case.raised, outcome=end.outcome, detail=end.detail, moment=self._clock())
        await self._patiently(lambda: self._record(concluded))
