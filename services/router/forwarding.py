"""Where a status message goes: to the agency that it names, as it was sent."""

from dataclasses import dataclass

from hub.model import ids
from hub.model.events import DeliveryPlanned, Event, StatusReported
from hub.model.ids import EventId
from hub.model.statuses import BusinessType
from services.router.delivery import STATUS
from services.router.routing import Routes, route_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """What a status item repeats of the document it concerns, so that a list can be read."""

    subject: str = ""
    business_type: BusinessType = BusinessType.NEW
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the document of a status message stands: little, however many recipients and statuses it has."""

    there: frozenset[EventId] = frozenset()
    """Of the items asked for those that are there."""
    refused: bool = False
    concerned: Concerned = Concerned()


def item_id(reported: StatusReported) -> EventId:
    """Id of the item that a status message becomes."""
    return ids.event_id(reported.event_id, "planned", reported.addressee)


def forward(reported: StatusReported, routes: Routes, standing: Standing) -> tuple[Event, ...]:
    """The status message's item in its addressee's inbox; nothing when it is there already.

    Nothing for a document that policy stopped: nobody has got it, and its sender knows from the hub itself. A recipient
    could not know of it at all, and a sender that asks it back would tell recipients of it.
    """
    if standing.refused or item_id(reported) in standing.there:
        return ()
    route = route_of(reported.addressee, routes)
    item = DeliveryPlanned(
        event_id=item_id(reported),
        occurred_at=routes.at,
        cause_id=reported.event_id,
        hub_id=reported.hub_id,
        kind=STATUS,
        sender=reported.reporter,
        recipient=reported.addressee,
        agency=route.agency,
        system_id=route.system_id,
        document_id=reported.document_id,
        code=reported.code,
        subject=standing.concerned.subject,
        business_type=standing.concerned.business_type,
        priority=standing.concerned.priority,
        package=reported.package,
        verdict=None,
        status=reported.status,
    )
    return (item,)
