"""◆ Repeats and conflicts: when a DocumentId is taken, and by what (DESIGN §4, edXML notes §4.3 "Resending").

Two things know of earlier sendings. Receipts follow from the log: they are certain and stay. Claims are made before
the log, because two requests can race; they only matter until the event is in the log or the request has failed.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from hub.model.directory import Directory
from hub.model.events import DocumentReceived
from hub.model.ids import AgencyCode, Digest, DocumentId, HubId
from hub.model.reasons import Code
from hub.model.statuses import BusinessType
from hub.model.values import Refusal
from hub.wire.edxml import ReadDocument
from services.ingest.intake import LONGEST_DOCUMENT_ID, MOST_RECIPIENTS, business_type

Slot = NewType("Slot", str)
"""What one package may take for itself: a DocumentId of a sender towards one recipient."""

_ONE_PACKAGE_EACH = frozenset({BusinessType.NEW, BusinessType.REPLACE})
"""Types that put a document under its DocumentId. Recalls and updates repeat the id of the document they concern, and
there may be several of them, so they only ever meet themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A package that the log holds as accepted."""

    hub_id: HubId
    document_id: DocumentId
    sender: AgencyCode
    recipients: tuple[AgencyCode, ...]
    business_type: BusinessType
    code: str
    """Number/notation."""
    promulgation_date: str
    """yyyy-mm-dd."""
    digest: Digest
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request that took a slot and may or may not have reached the log."""

    slot: Slot
    hub_id: HubId
    claimed_at: datetime


def receipt_of(event: DocumentReceived) -> Receipt:
    """The receipt that follows from the log's event."""
    header = event.header
    return Receipt(
        hub_id=header.hub_id,
        document_id=header.document_id,
        sender=header.sender,
        recipients=header.recipients,
        business_type=header.business_type,
        code=header.code,
        promulgation_date=header.promulgation_date,
        digest=header.package.digest,
        size=header.package.size,
        received_at=event.occurred_at,
    )


def document_key(document_id: str) -> str:
    """What two DocumentIds are compared by: NFC without blanks around, so that look-alikes collide (A51).

    One that is too long to be accepted is nobody's and stays as it is: NFC takes the square of its length.
    """
    if len(document_id) > LONGEST_DOCUMENT_ID:
        return document_id
    return unicodedata.normalize("NFC", document_id).strip()


def same_bytes(receipts: Sequence[Receipt], hub_id: HubId) -> Receipt | None:
    """The receipt of exactly this package; None when it was never accepted."""
    return next((receipt for receipt in receipts if receipt.hub_id == hub_id), None)


def unknown(named: Sequence[tuple[str, DocumentId]], receipts: Sequence[Receipt]) -> tuple[Refusal, ...]:
    """Documents that a recall, update or replacement names and this sender never sent; each with its field."""
    sent = {document_key(receipt.document_id) for receipt in receipts}
    return tuple(
        Refusal(code=Code.UNKNOWN_DOCUMENT, field=field, detail=document_id[:200])
        for field, document_id in named
        if document_key(document_id) not in sent
    )


def taken(document: ReadDocument, receipts: Sequence[Receipt], directory: Directory) -> tuple[Refusal, ...]:
    """The conflict with the first package that went to one of the recipients under this DocumentId; empty when none.

    `receipts` are those of the sending agency, under any code it ever had. The detail is the first package's hub id.
    """
    kind = business_type(document.business_type)
    if kind not in _ONE_PACKAGE_EACH:
        return ()
    wanted = {_agency(code, directory) for code in document.recipients}
    key = document_key(document.document_id)
    for receipt in sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.hub_id)):
        if receipt.business_type is not kind or document_key(receipt.document_id) != key:
            continue
        if wanted & {_agency(code, directory) for code in receipt.recipients}:
            return (Refusal(code=Code.DOCUMENT_CONFLICT, field="MessageHeader/DocumentId", detail=receipt.hub_id),)
    return ()


def slots(document: ReadDocument, digest: Digest, directory: Directory) -> tuple[Slot, ...]:
    """The slots a package needs, by agencies' codes in force, in the one order in which everybody claims them.

    One order for all: of requests that want the same slots one always gets through, none waits for another in turn.
    """
    kind = business_type(document.business_type) or BusinessType.NEW
    own = "" if kind in _ONE_PACKAGE_EACH else digest
    key = (_agency(document.sender, directory), document_key(document.document_id), kind.value, own)
    agencies = {_agency(code, directory) for code in document.recipients[:MOST_RECIPIENTS]}
    return tuple(sorted(Slot(_named(*key, agency)) for agency in agencies))


def codes_of(code: AgencyCode, directory: Directory) -> tuple[AgencyCode, ...]:
    """All codes the agency with this code ever had; only the code itself when there is no such agency."""
    agency = directory.resolve(code)
    if agency is None:
        return (code,)
    return tuple({agency.code, *(identifier.code for identifier in agency.identifiers)})


def abandoned(claim: Claim, moment: datetime, request_limit: timedelta) -> bool:
    """True when the request behind a claim has ended: without an event in the log, its slot is free again."""
    return moment - claim.claimed_at > request_limit


def _agency(code: AgencyCode, directory: Directory) -> AgencyCode:
    agency = directory.resolve(code)
    return agency.code if agency is not None else code


def _named(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
