"""Doubles of the router's ports, and events to feed them."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from hub.model import ids
from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import (
    AgencyChanged,
    ConnectionChanged,
    DeliveryPlanned,
    DeliverySettled,
    DeliveryTaken,
    DocumentRefused,
    Event,
    SignatureChecked,
    StatusReported,
)
from hub.model.ids import AgencyCode, DeliveryId, Digest, DocumentId, EventId, HubId, SystemId
from hub.model.record import Recorded
from hub.model.statuses import BusinessType, InboxState, Outcome, SignaturePolicy, StatusCode
from hub.model.values import DocumentHeader, Package, SignatureFinding, Staff, Verdict
from hub.wire.topics import topic_of
from services.router.delivery import DOCUMENT, Item, listed, place_in_line, rank
from services.router.forwarding import Concerned, Standing
from services.router.handlers import Known
from services.router.routing import Planned
from tests.fakes.events import NOW

HUB = AgencyCode("000.00.00.HUB")
CONTENT = b"<edXML/>"
PACKAGE = Package(digest=ids.digest(CONTENT), size=len(CONTENT))
VALID = Verdict(outcome=Outcome.VALID, reason="OK")

E = TypeVar("E", bound=Event)


class FakeInbox:
    """`handlers.Inbox` in memory: keeps events by their place in the log, works rows out when it is asked."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, int, int], Recorded[Event]] = {}
        self.away = False

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        if self.away:
            raise Transient("mongo", "switched off")
        for record in records:
            self._records[record.topic, record.partition, record.offset] = record

    async def planned(self, documents: Iterable[HubId]) -> Mapping[HubId, Planned]:
        return {document: found for document in set(documents) if (found := self._plan(document)) is not None}

    async def standing(self, wanted: Mapping[EventId, HubId]) -> Mapping[HubId, Standing]:
        events = self._first(DeliveryPlanned)
        plans = {document: self._plan(document) for document in set(wanted.values())}
        return {
            document: Standing(
                there=frozenset(item for item, about in wanted.items() if item in events and about == document),
                refused=plan is not None and plan.refused,
                concerned=_concerned(
                    [each for each in events.values() if each.hub_id == document and each.kind == DOCUMENT]
                ),
            )
            for document, plan in plans.items()
        }

    async def items(self, wanted: Iterable[DeliveryId]) -> Mapping[DeliveryId, Item]:
        asked = set(wanted)
        return {item.id: item for item in self._items() if item.id in asked}

    async def page(
        self, agencies: Sequence[AgencyCode], kinds: Sequence[str], after: Item | None, limit: int
    ) -> Sequence[Item]:
        behind = "" if after is None else _line(after)
        offered = (
            item for item in self._items()
            if item.agency in agencies and item.kind in kinds and listed(item.state) and _line(item) > behind
        )  # fmt: skip
        return sorted(offered, key=_line)[:limit]

    def _plan(self, document: HubId) -> Planned | None:
        items = [event for event in self._first(DeliveryPlanned).values() if event.hub_id == document]
        refused = [
            event for event in self._first(DocumentRefused).values()
            if event.hub_id == document and event.stage == "policy"
        ]  # fmt: skip
        letters = [event for event in items if event.kind == DOCUMENT]
        if not items and not refused:
            return None
        return Planned(
            events=frozenset(event.event_id for event in (*items, *refused)),
            recipients=frozenset(event.recipient for event in letters),
            refused=bool(refused),
        )

    def _items(self) -> Iterable[Item]:
        taken = {event.delivery_id: event for event in self._first(DeliveryTaken).values()}
        settled: dict[DeliveryId, DeliverySettled] = {}
        for record in self._in_order(DeliverySettled):
            standing = settled.get(record.event.delivery_id)
            if standing is None or rank(record.event.state) > rank(standing.state):
                settled[record.event.delivery_id] = record.event
        for event in self._first(DeliveryPlanned).values():
            name = DeliveryId(event.event_id)
            yield item_of(event, settled.get(name), taken.get(name))

    def _in_order(self, kind: type[E]) -> list[Recorded[E]]:
        found = [record for record in self._records.values() if isinstance(record.event, kind)]
        return sorted(found, key=lambda record: record.offset)  # type: ignore[arg-type]

    def _first(self, kind: type[E]) -> dict[str, E]:
        first: dict[str, E] = {}
        for record in self._in_order(kind):
            first.setdefault(record.event.event_id, record.event)
        return first


class FakePackages:
    """`handlers.Packages` in memory."""

    def __init__(self) -> None:
        self.kept: dict[Digest, bytes] = {PACKAGE.digest: CONTENT}

    async def put(self, digest: Digest, content: bytes) -> None:
        self.kept[digest] = content

    async def read(self, package: Package) -> AsyncGenerator[bytes]:
        if package.digest not in self.kept:
            raise Transient("blobs", "missing")
        content = self.kept[package.digest]
        for start in range(0, len(content), 3):
            yield content[start : start + 3]


class FakeRows:
    """`handlers.DirectoryRows` that keeps what it was given."""

    def __init__(self) -> None:
        self.records: list[Recorded[Event]] = []

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        self.records.extend(records)


def directory(*events: AgencyChanged | ConnectionChanged) -> Directory:
    found = Directory()
    for event in events:
        found.learn(event)
    return found


class Refreshing:
    """A directory that lags behind: what is to come is known only after a refresh."""

    def __init__(self, present: Directory, *coming: AgencyChanged | ConnectionChanged) -> None:
        self.directory = present
        self.refreshed = 0
        self._coming = coming

    async def refresh(self) -> None:
        self.refreshed += 1
        for event in self._coming:
            self.directory.learn(event)

    def learn(self, record: Recorded[Event]) -> None:
        if isinstance(record.event, AgencyChanged | ConnectionChanged):
            self.directory.learn(record.event)

    @property
    def known(self) -> Known:
        return Known(directory=self.directory, refresh=self.refresh, learn=self.learn)


def checked(*recipients: str, sender: str = "G01", stop: bool = False, number: str = "125") -> SignatureChecked:
    """A judged document from `sender`; the same arguments give the same event."""
    document_id = DocumentId(f"{sender},2026/11/20,{number}/SM-VP")
    hub_id = ids.hub_id(AgencyCode(sender), document_id, 0, PACKAGE.digest)
    verdict = Verdict(outcome=Outcome.INVALID, reason="DIGEST_MISMATCH") if stop else VALID
    return SignatureChecked(
        event_id=ids.event_id(hub_id, "checked"), occurred_at=NOW, cause_id=hub_id,
        header=DocumentHeader(
            hub_id=hub_id, document_id=document_id, business_type=BusinessType.NEW, sender=AgencyCode(sender),
            sender_name="Nơi gửi", recipients=tuple(map(AgencyCode, recipients)), number=number, notation="SM-VP",
            subject="Về việc thử nghiệm", type_name="Công văn", promulgation_date="2026-11-20", priority=1,
            paper=False, attachments=(), package=PACKAGE,
        ),
        system_id=SystemId(sender), verdict=verdict,
        findings=(
            SignatureFinding(part="envelope", name="", verdict=verdict, signer="", issuer="", serial="",
                             signing_time="", covered=""),
        ),
        policy=SignaturePolicy.REQUIRED, stop=stop,
    )  # fmt: skip


def reported(document: SignatureChecked, reporter: str, status: StatusCode = StatusCode.ACCEPTED) -> StatusReported:
    header = document.header
    return StatusReported(
        event_id=ids.event_id(header.hub_id, "reported", f"{reporter}{status}"), occurred_at=NOW, cause_id="test",
        hub_id=header.hub_id, document_id=header.document_id, code=header.code, reporter=AgencyCode(reporter),
        addressee=header.sender, recipient=AgencyCode(reporter), status=status, description="",
        staff=Staff(department="", name="", email="", mobile=""), reported_at="", package=PACKAGE,
        system_id=SystemId(reporter),
    )  # fmt: skip


def planned(name: str, agency: str = "G22", kind: str = DOCUMENT, priority: int = 0) -> DeliveryPlanned:
    """An item; `name` makes its id."""
    return DeliveryPlanned(
        event_id=ids.event_id(name, "planned", agency), occurred_at=NOW, cause_id=name, hub_id=HubId(name), kind=kind,
        sender=AgencyCode("G01"), recipient=AgencyCode(agency), agency=AgencyCode(agency), system_id=SystemId(agency),
        document_id=DocumentId(name), code="125/SM-VP", subject="Về việc thử nghiệm", business_type=BusinessType.NEW,
        priority=priority, package=PACKAGE, verdict=VALID if kind == DOCUMENT else None,
        status=None if kind == DOCUMENT else StatusCode.ACCEPTED,
    )  # fmt: skip


def taken(item: DeliveryPlanned, by: str = "G22") -> DeliveryTaken:
    return DeliveryTaken(
        event_id=ids.event_id(item.event_id, "taken"), occurred_at=NOW, cause_id=item.event_id,
        delivery_id=DeliveryId(item.event_id), hub_id=item.hub_id, kind=item.kind, recipient=item.recipient,
        system_id=SystemId(by),
    )  # fmt: skip


def settled(item: DeliveryPlanned, state: InboxState, by: str = "G22") -> DeliverySettled:
    return DeliverySettled(
        event_id=ids.event_id(item.event_id, "settled", state), occurred_at=NOW, cause_id=item.event_id,
        delivery_id=DeliveryId(item.event_id), hub_id=item.hub_id, kind=item.kind, recipient=item.recipient,
        state=state, description="", system_id=SystemId(by),
    )  # fmt: skip


def at(event: E, offset: int, partition: int = 0) -> Recorded[E]:
    """The event at a place in its topic."""
    return Recorded(event=event, topic=topic_of(type(event)).name, partition=partition, offset=offset)


def item_of(event: DeliveryPlanned, settled: DeliverySettled | None = None, taken: DeliveryTaken | None = None) -> Item:
    return Item(
        id=DeliveryId(event.event_id), kind=event.kind, hub_id=event.hub_id, document_id=event.document_id,
        code=event.code, subject=event.subject, business_type=event.business_type, priority=event.priority,
        sender=event.sender, recipient=event.recipient, agency=event.agency, package=event.package,
        verdict=event.verdict, status=event.status, state=settled.state if settled else InboxState.INITIAL,
        planned_at=event.occurred_at, taken_at=taken.occurred_at if taken else None,
    )  # fmt: skip


def later(event: E, seconds: float) -> E:
    """The same event, decided again at another moment."""
    return replace(event, occurred_at=NOW.fromtimestamp(NOW.timestamp() + seconds, NOW.tzinfo))


def _concerned(letters: Sequence[DeliveryPlanned]) -> Concerned:
    if not letters:
        return Concerned()
    first = letters[0]
    return Concerned(subject=first.subject, business_type=first.business_type, priority=first.priority)


def _line(item: Item) -> str:
    return place_in_line(item.priority, item.planned_at, item.id)
