"""Use cases of the way of a document: each takes a batch through facts and decide, and projects what was appended."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.model.directory import Directory
from hub.model.errors import Invalid
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
from hub.model.ids import AgencyCode, DeliveryId, Digest, EventId, HubId, SystemId
from hub.model.reasons import Code
from hub.model.record import Recorded
from hub.model.values import Package
from services.router import delivery, forwarding, routing
from services.router.delivery import Item, Settle, Take
from services.router.forwarding import Standing
from services.router.routing import NOTHING_PLANNED, Planned, Route, Routes

GIVES: tuple[type[Event], ...] = (
    DeliveryPlanned,
    DeliveryTaken,
    DeliverySettled,
    DocumentRefused,
    AgencyChanged,
    ConnectionChanged,
)
"""What this service appends; its collections are a function of these events alone."""


class Inbox(Protocol):
    """The inboxes of all agencies: a projection of delivery events and of refusals by policy."""

    async def planned(self, documents: Iterable[HubId]) -> Mapping[HubId, Planned]:
        """What was decided about these documents before; those nothing was decided about are left out."""
        ...

    async def standing(self, wanted: Mapping[EventId, HubId]) -> Mapping[HubId, Standing]:
        """How the documents of these items stand, every one of them, whether the items are there or not."""
        ...

    async def items(self, wanted: Iterable[DeliveryId]) -> Mapping[DeliveryId, Item]:
        """These items, of whatever agency; those that do not exist are left out."""
        ...

    async def page(
        self, agencies: Sequence[AgencyCode], kinds: Sequence[str], after: Item | None, limit: int
    ) -> Sequence[Item]:
        """Items on offer to these agencies behind `after` in line, urgent first, then oldest."""
        ...

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring inboxes up to these events, in any order, any number of times."""
        ...


class Arrivals(Protocol):
    """Wakes those who wait for their inbox."""

    @property
    def closed(self) -> bool:
        """True when the process is to stop and nobody is to wait any longer."""
        ...

    def announce(self, agencies: Iterable[AgencyCode]) -> None:
        """Something is on offer to these agencies now."""
        ...

    def listening(self, agencies: Iterable[AgencyCode]) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever something arrives for these agencies, and when `closed` becomes true."""
        ...


class Packages(Protocol):
    """Where packages lie; the hub's own messages are put there before their items are planned."""

    def read(self, package: Package) -> AsyncGenerator[bytes]:
        """The bytes in chunks; the last one only when size and digest hold."""
        ...

    async def put(self, digest: Digest, content: bytes) -> None:
        """Keep content under its digest; keeping it again changes nothing."""
        ...


class DirectoryRows(Protocol):
    """The directory as collections: a projection of its events."""

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring the entries up to these events, in any order, any number of times."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The directory as this process knows it, and how to be sure that it knows the newest."""

    directory: Directory
    refresh: Callable[[], Awaitable[None]]
    """Returns once everything in the log now is known; Transient when that takes too long."""
    learn: Callable[[Recorded[Event]], None]
    """Know a change of our own at once."""


class Projection:
    """Projects everything the router gives: for its handlers, for catching up and for replay alike."""

    def __init__(self, inbox: Inbox, rows: DirectoryRows, arrivals: Arrivals) -> None:
        self._inbox = inbox
        self._rows = rows
        self._arrivals = arrivals

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Inboxes and directory collections; then those who wait are woken."""
        directory = [record for record in records if isinstance(record.event, AgencyChanged | ConnectionChanged)]
        deliveries = [record for record in records if not isinstance(record.event, AgencyChanged | ConnectionChanged)]
        if directory:
            await self._rows.project(directory)
        if deliveries:
            await self._inbox.project(deliveries)
        self._arrivals.announce(
            record.event.agency for record in deliveries if isinstance(record.event, DeliveryPlanned)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingFacts:
    """What deciding about a batch needs."""

    routes: Routes
    planned: Mapping[HubId, Planned]
    first: Mapping[Hashable, Recorded[SignatureChecked]]
    """The first cause of each subject in the batch: a repeat within it is decided once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingFacts:
    """What deciding about a batch of statuses needs."""

    routes: Routes
    standing: Mapping[HubId, Standing]
    first: Mapping[Hashable, Recorded[StatusReported]]
    """As above."""


class RoutingDesk:
    """Finds the facts that both handlers of Kafka events decide on."""

    def __init__(self, *, known: Known, inbox: Inbox, clock: Callable[[], datetime], hub: AgencyCode) -> None:
        self._known = known
        self.inbox = inbox
        self._clock = clock
        self._hub = hub

    async def routes(self, codes: Iterable[AgencyCode]) -> Routes:
        """Where these codes lead now."""
        wanted = set(codes)
        if any(self._known.directory.resolve(code) is None for code in wanted):
            await self._known.refresh()  # who accepted the document knew the code: perhaps we are behind
        routes = {code: route for code in wanted if (route := self._route(code)) is not None}
        return Routes(by_code=routes, hub=self._hub, at=self._clock())

    def _route(self, code: AgencyCode) -> Route | None:
        agency = self._known.directory.resolve(code)
        if agency is None:
            return None
        return Route(agency=agency.code, system_id=self._known.directory.server_of(agency) or SystemId(""))


class PlanDeliveries:
    """signature.checked -> delivery.planned, one for each recipient; or document.refused and a word to the sender."""

    def __init__(self, desk: RoutingDesk, packages: Packages, projection: Projection) -> None:
        self._desk = desk
        self._packages = packages
        self.project = projection.project

    async def facts(self, causes: Sequence[Recorded[SignatureChecked]]) -> RoutingFacts:
        """Routes and earlier plans; the hub's own messages are in the store before anything refers to them."""
        facts = RoutingFacts(
            routes=await self._desk.routes(code for cause in causes for code in routing.codes_of(cause.event)),
            planned=await self._desk.inbox.planned(cause.event.header.hub_id for cause in causes),
            first={cause.event.header.hub_id: cause for cause in reversed(causes)},
        )
        for cause in causes:
            planned = facts.planned.get(cause.event.header.hub_id, NOTHING_PLANNED)
            for notice in routing.notices(cause.event, facts.routes, planned):
                await self._packages.put(notice.package.digest, notice.content)
        return facts

    def decide(self, cause: Recorded[SignatureChecked], facts: RoutingFacts) -> Sequence[Event]:
        """See `routing.plan`."""
        document = cause.event.header.hub_id
        if facts.first[document] is not cause:
            return ()
        return routing.plan(cause.event, facts.routes, facts.planned.get(document, NOTHING_PLANNED))


class ForwardStatuses:
    """status.reported -> delivery.planned in the inbox of the agency it is meant for."""

    def __init__(self, desk: RoutingDesk, projection: Projection) -> None:
        self._desk = desk
        self.project = projection.project

    async def facts(self, causes: Sequence[Recorded[StatusReported]]) -> ForwardingFacts:
        """Routes, and how the documents stand: asked for by item, because a document may have thousands of them."""
        wanted = {forwarding.item_id(cause.event): cause.event.hub_id for cause in causes}
        return ForwardingFacts(
            routes=await self._desk.routes(cause.event.addressee for cause in causes),
            standing=await self._desk.inbox.standing(wanted),
            first={cause.event.event_id: cause for cause in reversed(causes)},
        )

    def decide(self, cause: Recorded[StatusReported], facts: ForwardingFacts) -> Sequence[Event]:
        """See `forwarding.forward`."""
        if facts.first[cause.event.event_id] is not cause:
            return ()
        return forwarding.forward(cause.event, facts.routes, facts.standing[cause.event.hub_id])


class TakeItem:
    """A download -> delivery.taken, the first time. Invalid NOT_FOUND for an item that is not the caller's."""

    def __init__(self, known: Known, inbox: Inbox, projection: Projection) -> None:
        self._directory = known.directory
        self._inbox = inbox
        self.project = projection.project

    async def facts(self, causes: Sequence[Take]) -> Mapping[DeliveryId, Item]:
        """The items."""
        return await self._inbox.items(cause.delivery_id for cause in causes)

    def decide(self, cause: Take, facts: Mapping[DeliveryId, Item]) -> Sequence[Event]:
        """See `delivery.take`."""
        return delivery.take(own_item(facts, cause.delivery_id, cause.by, self._directory), cause)


class SettleItem:
    """An acknowledgement -> delivery.settled, when it moves the item's state up. Invalid NOT_FOUND as above."""

    def __init__(self, known: Known, inbox: Inbox, projection: Projection) -> None:
        self._directory = known.directory
        self._inbox = inbox
        self.project = projection.project

    async def facts(self, causes: Sequence[Settle]) -> Mapping[DeliveryId, Item]:
        """The items."""
        return await self._inbox.items(cause.delivery_id for cause in causes)

    def decide(self, cause: Settle, facts: Mapping[DeliveryId, Item]) -> Sequence[Event]:
        """See `delivery.settle`."""
        return delivery.settle(own_item(facts, cause.delivery_id, cause.by, self._directory), cause)


def own_item(items: Mapping[DeliveryId, Item], wanted: DeliveryId, caller: SystemId, directory: Directory) -> Item:
    """The item when the caller's connection serves its agency; Invalid NOT_FOUND, the same, when not or not there."""
    item = items.get(wanted)
    if item is None or not directory.may_act_for(caller, item.agency):
        raise Invalid(Code.NOT_FOUND)
    return item
