"""The life of an inbox item: planned, taken, settled (edXML notes §4.4).

States only move up: initial -> processing -> fail -> done. `fail` is no end for certain, because clients report it for
duplicates too and may fetch again and succeed; `done` is. Who reports a state again, or a lower one late, changes
nothing and is answered with the state that stands; only `fail` after `done` contradicts, and is refused.
"""

from dataclasses import dataclass
from datetime import datetime

from hub.model.errors import Invalid
from hub.model.events import DeliverySettled, DeliveryTaken
from hub.model.ids import AgencyCode, DeliveryId, DocumentId, HubId, SystemId, event_id
from hub.model.reasons import Code
from hub.model.statuses import BusinessType, InboxState, StatusCode
from hub.model.values import Package, Verdict

DOCUMENT, STATUS = "document", "status"
KINDS = (DOCUMENT, STATUS)
"""What an item is: a document, or a status message about one."""

LONGEST_REMARK = 500
_MOST_URGENT = 9

_RANKS = {InboxState.INITIAL: 0, InboxState.PROCESSING: 1, InboxState.FAIL: 2, InboxState.DONE: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One recipient's inbox item, as planned and as it stands now."""

    id: DeliveryId
    kind: str
    hub_id: HubId
    document_id: DocumentId
    code: str
    subject: str
    business_type: BusinessType
    priority: int
    sender: AgencyCode
    recipient: AgencyCode
    agency: AgencyCode
    """The recipient's code in force when the item was planned: whose inbox."""
    package: Package
    verdict: Verdict | None
    status: StatusCode | None
    state: InboxState
    planned_at: datetime
    taken_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Command: a connection is about to download an item."""

    delivery_id: DeliveryId
    by: SystemId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Command: a connection reports an item's transport state."""

    delivery_id: DeliveryId
    state: InboxState
    description: str
    by: SystemId
    at: datetime


def rank(state: InboxState) -> int:
    """Height of a state; of two that were reported, the higher stands."""
    return _RANKS[state]


def listed(state: InboxState) -> bool:
    """True as long as an item is offered: until done or fail."""
    return rank(state) < rank(InboxState.FAIL)


def place_in_line(priority: int, planned_at: datetime, delivery_id: DeliveryId) -> str:
    """Sorts items as they are offered: urgent first (QĐ 28/2018 art. 6.2), then oldest; never changes."""
    return f"{_MOST_URGENT - priority}{int(planned_at.timestamp() * 1000):015d}{delivery_id}"


def take(item: Item, command: Take) -> tuple[DeliveryTaken, ...]:
    """The first download of an item; nothing for the later ones."""
    if item.taken_at is not None:
        return ()
    return (
        DeliveryTaken(
            event_id=event_id(item.id, "taken"),
            occurred_at=command.at,
            cause_id=item.id,
            delivery_id=item.id,
            hub_id=item.hub_id,
            kind=item.kind,
            recipient=item.recipient,
            system_id=command.by,
        ),
    )


def settle(item: Item, command: Settle) -> tuple[DeliverySettled, ...]:
    """The move to a higher state; nothing when it has it, or a higher one. Invalid for `fail` after `done`."""
    if item.state is InboxState.DONE and command.state is InboxState.FAIL:
        raise Invalid(Code.ALREADY_SETTLED)
    if rank(command.state) <= rank(item.state):
        return ()
    return (
        DeliverySettled(
            event_id=event_id(item.id, "settled", command.state),
            occurred_at=command.at,
            cause_id=item.id,
            delivery_id=item.id,
            hub_id=item.hub_id,
            kind=item.kind,
            recipient=item.recipient,
            state=command.state,
            description=command.description[:LONGEST_REMARK],
            system_id=command.by,
        ),
    )
