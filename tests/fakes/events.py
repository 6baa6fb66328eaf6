"""Small events for tests, each with what a test wants to vary."""

from datetime import UTC, datetime

from hub.model.events import AgencyChanged, ConnectionChanged, StatusChanged
from hub.model.ids import AgencyCode, DocumentId, HubId, SystemId, event_id
from hub.model.statuses import AgencyState, SignaturePolicy
from hub.model.values import Identifier

NOW = datetime(2026, 11, 20, 2, 15, 2, tzinfo=UTC)


def status_changed(cause: str, current: str = "01", recipient: str = "000.00.00.G22") -> StatusChanged:
    return StatusChanged(
        event_id=event_id(cause, "status", recipient),
        occurred_at=NOW,
        cause_id=cause,
        hub_id=HubId("5b0f3d3e-0000-5000-8000-000000000001"),
        document_id=DocumentId("000.00.00.G01,2026/11/20,1/A"),
        sender=AgencyCode("000.00.00.G01"),
        recipient=AgencyCode(recipient),
        previous="",
        current=current,
    )


def agency(code: str, *older: str, parent: str = "", state: AgencyState = AgencyState.ACTIVE) -> AgencyChanged:
    identifiers = tuple(
        Identifier(code=AgencyCode(each), scheme="qcvn2016", valid_from="", valid_to="") for each in (code, *older)
    )
    return AgencyChanged(
        event_id=event_id(code, "agency"),
        occurred_at=NOW,
        cause_id="test",
        code=AgencyCode(code),
        name=f"Cơ quan {code}",
        kind="ministry",
        parent=AgencyCode(parent),
        state=state,
        signature_policy=SignaturePolicy.REQUIRED,
        identifiers=identifiers,
        contacts=(),
    )


def connection(system_id: str, *agencies: str, active: bool = True) -> ConnectionChanged:
    return ConnectionChanged(
        event_id=event_id(system_id, "connection"),
        occurred_at=NOW,
        cause_id="test",
        system_id=SystemId(system_id),
        agencies=tuple(AgencyCode(code) for code in agencies),
        sealed_secret="",
        active=active,
    )
