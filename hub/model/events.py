"""Everything that can happen, as frozen classes: one class, one topic, one Avro schema each.

`event_id` is deterministic (see `hub.model.ids`): who meets an id twice drops the second; the first one wins.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from hub.model.ids import AgencyCode, DeliveryId, DocumentId, EventId, HubId, SystemId
from hub.model.statuses import (
    AgencyState,
    AlertOutcome,
    BusinessType,
    Channel,
    InboxState,
    SignaturePolicy,
    StatusCode,
)
from hub.model.values import (
    Contact,
    DocumentHeader,
    Identifier,
    Package,
    Refusal,
    SignatureFinding,
    Staff,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events carry."""

    event_id: Annotated[EventId, "UUIDv5 of cause, step and recipient; a repeat has the same id"]
    occurred_at: Annotated[datetime, "hub clock, UTC, milliseconds"]
    cause_id: Annotated[str, "id of the event or request that led to this one"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReceived(Event):
    """A package was accepted: from here on the hub answers for it."""

    header: Annotated[DocumentHeader, "what the hub knows of the document"]
    system_id: Annotated[SystemId, "connection that sent it"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRefused(Event):
    """A package was refused at the door, or stopped by the sender's signature policy; nobody receives it."""

    hub_id: Annotated[HubId, "the hub's id of the document"]
    document_id: Annotated[DocumentId, "the sender's DocumentId; empty when unreadable"]
    sender: Annotated[AgencyCode, "From/OrganId as written; empty when unreadable"]
    system_id: Annotated[SystemId, "connection that sent it"]
    subject: Annotated[str, "Subject, shortened; empty when unreadable"]
    stage: Annotated[str, "`intake` at the door, `policy` after the signature check"]
    refusals: Annotated[tuple[Refusal, ...], "all reasons at once, never empty"]
    package: Annotated[Package, "digest and size of what was sent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReported(Event):
    """A recipient reported a processing status, or the sender asked the document back (13)."""

    hub_id: Annotated[HubId, "the document it concerns"]
    document_id: Annotated[DocumentId, "the sender's DocumentId"]
    code: Annotated[str, "number/notation of the document"]
    reporter: Annotated[AgencyCode, "From/OrganId as written: who reports"]
    addressee: Annotated[AgencyCode, "ResponseFor/OrganId as written: who is told"]
    recipient: Annotated[AgencyCode, "the document's recipient whose line this concerns, as written in its To"]
    status: Annotated[StatusCode, "status code, two digits"]
    description: Annotated[str, "reason or remark, shortened to 500 characters"]
    staff: Annotated[Staff, "person who acted"]
    reported_at: Annotated[str, "Timestamp as the reporter wrote it: a claim"]
    package: Annotated[Package, "the status message itself"]
    system_id: Annotated[SystemId, "connection that sent it"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureChecked(Event):
    """The signatures of an accepted document were judged."""

    header: Annotated[DocumentHeader, "the document, as received"]
    system_id: Annotated[SystemId, "connection that sent it"]
    verdict: Annotated[Verdict, "judgement on the document as a whole"]
    findings: Annotated[tuple[SignatureFinding, ...], "one for the envelope and one per signed or unsigned PDF"]
    policy: Annotated[SignaturePolicy, "the sender's policy at the time"]
    stop: Annotated[bool, "the policy stops this document"]
    evidence: Annotated[str, "SHA-256 of what was judged by, in the blob store; empty: judged before it was kept"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPlanned(Event):
    """One recipient's inbox has an item; the item's id is this event's id."""

    hub_id: Annotated[HubId, "the document it concerns"]
    kind: Annotated[str, "`document` or `status`"]
    sender: Annotated[AgencyCode, "who sent it, as written"]
    recipient: Annotated[AgencyCode, "who is to get it, as written"]
    agency: Annotated[AgencyCode, "the recipient's code in force: whose inbox"]
    system_id: Annotated[SystemId, "connection that serves the recipient now; empty when none"]
    document_id: Annotated[DocumentId, "the sender's DocumentId"]
    code: Annotated[str, "number/notation"]
    subject: Annotated[str, "Subject, shortened"]
    business_type: Annotated[BusinessType, "BussinessDocType"]
    priority: Annotated[int, "0 thường to 4 hỏa tốc hẹn giờ"]
    package: Annotated[Package, "what the recipient will download"]
    verdict: Annotated[Verdict | None, "judgement on the document's signatures; null for statuses"]
    status: Annotated[StatusCode | None, "status code; null for documents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTaken(Event):
    """A recipient downloaded its item for the first time: it has had the document from here on."""

    delivery_id: Annotated[DeliveryId, "the inbox item"]
    hub_id: Annotated[HubId, "the document it concerns"]
    kind: Annotated[str, "`document` or `status`"]
    recipient: Annotated[AgencyCode, "the recipient as written in To"]
    system_id: Annotated[SystemId, "connection that downloaded it"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettled(Event):
    """A recipient's system acknowledged its item: processing, done or fail (SDK updateStatus)."""

    delivery_id: Annotated[DeliveryId, "the inbox item"]
    hub_id: Annotated[HubId, "the document it concerns"]
    kind: Annotated[str, "`document` or `status`"]
    recipient: Annotated[AgencyCode, "the recipient as written in To"]
    state: Annotated[InboxState, "transport state reported"]
    description: Annotated[str, "remark of the recipient's system, shortened"]
    system_id: Annotated[SystemId, "connection that reported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyChanged(Event):
    """An agency's entry in the directory, whole; the newest per code counts (compacted)."""

    code: Annotated[AgencyCode, "the code in force: key of the agency"]
    name: Annotated[str, "name"]
    kind: Annotated[str, "ministry, central, province or unit"]
    parent: Annotated[AgencyCode, "code of the agency above; empty at the top level"]
    state: Annotated[AgencyState, "active, locked or dissolved"]
    signature_policy: Annotated[SignaturePolicy, "what happens when its signatures do not hold"]
    identifiers: Annotated[tuple[Identifier, ...], "all its codes, the one in force among them"]
    contacts: Annotated[tuple[Contact, ...], "persons to warn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged(Event):
    """A connected system's entry in the directory, whole; the newest per system counts (compacted)."""

    system_id: Annotated[SystemId, "the connected system"]
    agencies: Annotated[tuple[AgencyCode, ...], "agencies it may act for"]
    sealed_secret: Annotated[str, "shared secret, AES-256-GCM under the hub's seal key, base64"]
    active: Annotated[bool, "false: refused at every door"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Event):
    """The shown state of one recipient's line moved up."""

    hub_id: Annotated[HubId, "the document"]
    document_id: Annotated[DocumentId, "the sender's DocumentId"]
    sender: Annotated[AgencyCode, "the document's sender as written"]
    recipient: Annotated[AgencyCode, "the recipient as written in To"]
    previous: Annotated[str, "state shown before; empty when the line is new"]
    current: Annotated[str, "state shown now"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """Somebody must be warned. Appended before anything leaves the hub: the intent."""

    delivery_id: Annotated[DeliveryId, "the inbox item it is about"]
    hub_id: Annotated[HubId, "the document"]
    document_id: Annotated[DocumentId, "the sender's DocumentId"]
    recipient: Annotated[AgencyCode, "the recipient as written in To"]
    agency: Annotated[AgencyCode, "whose contacts are warned"]
    level: Annotated[str, "`not_fetched`: not downloaded in time"]
    channel: Annotated[Channel, "email or sms"]
    contacts: Annotated[tuple[str, ...], "names of the persons warned"]
    addresses: Annotated[tuple[str, ...], "mailboxes, or the one mobile number; empty: nobody is registered for it"]
    subject: Annotated[str, "Subject of the document, shortened"]
    code: Annotated[str, "number/notation"]
    waiting_since: Annotated[datetime, "when the item came into the inbox, UTC"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSent(Event):
    """What became of an alert."""

    alert_id: Annotated[EventId, "event id of its alert.raised"]
    hub_id: Annotated[HubId, "the document"]
    recipient: Annotated[AgencyCode, "the recipient as written in To"]
    level: Annotated[str, "level of the alert"]
    channel: Annotated[Channel, "email or sms"]
    outcome: Annotated[AlertOutcome, "sent, failed, unknown, needless or no_contact"]
    detail: Annotated[str, "answer of the gateway, shortened; no text of the document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventParked(Event):
    """A record that a service could not handle, kept whole for the operator."""

    service: Annotated[str, "who parked it"]
    topic: Annotated[str, "where it was read"]
    partition: Annotated[int, "where it was read"]
    offset: Annotated[int, "where it was read"]
    reason: Annotated[str, "stable word for grouping"]
    detail: Annotated[str, "one sentence for a person"]
    attempts: Annotated[int, "how often it was tried"]
    key: Annotated[bytes, "key of the record"]
    value: Annotated[bytes, "value of the record, unchanged"]
