"""Where things go: identifier -> agency -> connection, for each recipient (edXML notes §5.4).

A recipient keeps the code that the sender wrote; its inbox is that of the agency, under the code in force. An agency
without a connection has an inbox all the same: it waits there for the day it is connected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from hub.model import ids
from hub.model.events import DeliveryPlanned, DocumentRefused, Event, SignatureChecked
from hub.model.ids import AgencyCode, EventId, SystemId
from hub.model.reasons import Code, text
from hub.model.statuses import Outcome, StatusCode
from hub.model.values import Package, Refusal, Staff
from hub.wire.edxml_writer import status_message
from services.router.delivery import DOCUMENT, STATUS

HUB_NAME = "Trục liên thông văn bản quốc gia"
_LONGEST_DESCRIPTION = 500
_MOST_REASONS = 20
_NO_CONNECTION = SystemId("")
_REFUSED, _REFUSED_TOLD = "refused", "refused.told"

_REFUSALS = {
    Outcome.ABSENT: Code.SIGNATURE_ABSENT,
    Outcome.INVALID: Code.SIGNATURE_INVALID,
    Outcome.INDETERMINATE: Code.SIGNATURE_INDETERMINATE,
    Outcome.VALID: Code.SIGNATURE_INDETERMINATE,  # stopped although valid: nobody can explain it, so nothing passes
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a code leads now; `system_id` is empty when nobody serves the agency."""

    agency: AgencyCode
    system_id: SystemId


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What was decided about one document before: by an earlier run, perhaps one that broke off half-way."""

    events: frozenset[EventId] = frozenset()
    """Ids of all items and refusals of the document."""
    recipients: frozenset[AgencyCode] = frozenset()
    """Recipients that have the document's item."""
    refused: bool = False


NOTHING_PLANNED = Planned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Facts for one decision: routes of all codes named, without those the directory does not know."""

    by_code: Mapping[AgencyCode, Route]
    hub: AgencyCode
    """The identifier under which the hub itself speaks."""
    at: datetime
    """The moment of deciding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A status message 02 by which the hub itself tells the sender that a document, or one copy of it, goes nowhere."""

    event_id: EventId
    content: bytes

    @property
    def package(self) -> Package:
        """Its name and size in the blob store."""
        return Package(digest=ids.digest(self.content), size=len(self.content))


class _Decision(Enum):
    DELIVER = auto()
    REFUSE = auto()
    NOTHING = auto()


def plan(checked: SignatureChecked, routes: Routes, planned: Planned) -> tuple[Event, ...]:
    """One item for each recipient; or, when policy stops the document, its refusal. Less what was decided before.

    The first decision stands, whatever a repeated verdict says: who has got the document, has got it, and a document
    that was refused stays refused.
    """
    match _decision(checked, planned):
        case _Decision.REFUSE:
            decided: Iterable[Event] = _refusal(checked, routes)
        case _Decision.DELIVER:
            decided = _items(checked, routes, planned)
        case _Decision.NOTHING:
            return ()
    told = (_told(checked, notice, routes) for notice in notices(checked, routes, planned))
    return tuple(event for event in (*decided, *told) if event.event_id not in planned.events)


def notices(checked: SignatureChecked, routes: Routes, planned: Planned) -> tuple[Notice, ...]:
    """What the hub tells the sender because of this decision; deterministic, so that a repeat has the same bytes."""
    match _decision(checked, planned):
        case _Decision.REFUSE:
            words = "; ".join(_sentence(refusal) for refusal in _reasons(checked))
            return (_notice(checked, routes, _REFUSED_TOLD, "", f"Trục liên thông không chuyển văn bản: {words}"),)
        case _Decision.DELIVER:
            unknown = _unknown(checked, routes, planned)
            return tuple(_notice(checked, routes, "unknown.told", code, _nowhere(code)) for code in unknown)
        case _Decision.NOTHING:
            return ()


def codes_of(event: SignatureChecked) -> tuple[AgencyCode, ...]:
    """Every code whose route a decision about this event needs."""
    return (event.header.sender, *event.header.recipients)


def _decision(checked: SignatureChecked, planned: Planned) -> _Decision:
    own = {ids.event_id(checked.event_id, step) for step in (_REFUSED, _REFUSED_TOLD)}
    if own & planned.events:
        return _Decision.REFUSE  # perhaps only half of it is in the log
    if planned.refused:
        return _Decision.NOTHING
    return _Decision.REFUSE if checked.stop and not planned.recipients else _Decision.DELIVER


def _items(checked: SignatureChecked, routes: Routes, planned: Planned) -> Iterable[DeliveryPlanned]:
    header = checked.header
    for recipient in dict.fromkeys(header.recipients):
        route = routes.by_code.get(recipient)
        if route is None or recipient in planned.recipients:
            continue
        yield DeliveryPlanned(
            event_id=ids.event_id(checked.event_id, "planned", recipient),
            occurred_at=routes.at,
            cause_id=checked.event_id,
            hub_id=header.hub_id,
            kind=DOCUMENT,
            sender=header.sender,
            recipient=recipient,
            agency=route.agency,
            system_id=route.system_id,
            document_id=header.document_id,
            code=header.code,
            subject=header.subject,
            business_type=header.business_type,
            priority=header.priority,
            package=header.package,
            verdict=checked.verdict,
            status=None,
        )


def _unknown(checked: SignatureChecked, routes: Routes, planned: Planned) -> Iterable[AgencyCode]:
    for recipient in dict.fromkeys(checked.header.recipients):
        if recipient not in routes.by_code and recipient not in planned.recipients:
            yield recipient


def _refusal(checked: SignatureChecked, routes: Routes) -> Iterable[DocumentRefused]:
    header = checked.header
    yield DocumentRefused(
        event_id=ids.event_id(checked.event_id, _REFUSED),
        occurred_at=routes.at,
        cause_id=checked.event_id,
        hub_id=header.hub_id,
        document_id=header.document_id,
        sender=header.sender,
        system_id=checked.system_id,
        subject=header.subject,
        stage="policy",
        refusals=_reasons(checked),
        package=header.package,
    )


def _reasons(checked: SignatureChecked) -> tuple[Refusal, ...]:
    """One reason for each signature that does not hold; the judgement on the whole when no single one is at fault."""
    at_fault = tuple(
        Refusal(
            code=_REFUSALS[finding.verdict.outcome], field=finding.name or finding.part, detail=finding.verdict.reason
        )
        for finding in checked.findings
        if finding.verdict.outcome is not Outcome.VALID
    )
    whole = Refusal(code=_REFUSALS[checked.verdict.outcome], field="", detail=checked.verdict.reason)
    return at_fault[:_MOST_REASONS] or (whole,)


def _nowhere(code: AgencyCode) -> str:
    words = text(Code.UNKNOWN_RECIPIENT)
    return f"Trục liên thông không chuyển được đến {code[: ids.LONGEST_CODE]}: {words.vi} {words.fix_vi}"


def _sentence(refusal: Refusal) -> str:
    words = text(Code(refusal.code))
    place = f"{refusal.field}: " if refusal.field else ""
    return f"{place}{words.vi} ({refusal.detail}) {words.fix_vi}"


def _notice(checked: SignatureChecked, routes: Routes, step: str, recipient: str, description: str) -> Notice:
    header = checked.header
    content = status_message(
        reporter=routes.hub,
        reporter_name=HUB_NAME,
        addressee=header.sender,
        document_id=header.document_id,
        code=header.code,
        promulgation_date=header.promulgation_date,
        status=StatusCode.REFUSED,
        description=description[:_LONGEST_DESCRIPTION],
        staff=Staff(department=HUB_NAME, name=HUB_NAME, email="", mobile=""),
        timestamp=checked.occurred_at,
    )
    return Notice(event_id=ids.event_id(checked.event_id, step, recipient), content=content)


def _told(checked: SignatureChecked, notice: Notice, routes: Routes) -> DeliveryPlanned:
    header = checked.header
    route = route_of(header.sender, routes)
    return DeliveryPlanned(
        event_id=notice.event_id,
        occurred_at=routes.at,
        cause_id=checked.event_id,
        hub_id=header.hub_id,
        kind=STATUS,
        sender=routes.hub,
        recipient=header.sender,
        agency=route.agency,
        system_id=route.system_id,
        document_id=header.document_id,
        code=header.code,
        subject=header.subject,
        business_type=header.business_type,
        priority=header.priority,
        package=notice.package,
        verdict=None,
        status=StatusCode.REFUSED,
    )


def route_of(code: AgencyCode, routes: Routes) -> Route:
    """Of a party that must be told; one whom the directory no longer knows has an inbox under the code it wrote."""
    return routes.by_code.get(code, Route(agency=code, system_id=_NO_CONNECTION))
