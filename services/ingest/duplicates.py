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
from hub.model.ids import AgencyCode, Digest, DocumentId, HubId
from hub.model.statuses import BusinessType

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The DocumentId was sent with other bytes to some of the recipients."""

    first: Receipt
    recipients: tuple[AgencyCode, ...]


def document_key(document_id: str) -> str:
    """What two DocumentIds are compared by: NFC without blanks around, so that look-alikes collide (A51)."""
    return unicodedata.normalize("NFC", document_id).strip()


def same_bytes(receipts: Sequence[Receipt], hub_id: HubId) -> Receipt | None:
    """The receipt of exactly this package; None when it was never accepted."""
    return next((receipt for receipt in receipts if receipt.hub_id == hub_id), None)


def conflict(
    receipts: Sequence[Receipt],
    document_id: DocumentId,
    business_type: BusinessType,
    recipients: Sequence[AgencyCode],
    directory: Directory,
) -> Conflict | None:
    """The first package of this sender that already went to one of the recipients under this DocumentId.

    `receipts` are those of the sending agency, under any code it ever had. Recipients are compared as agencies.
    """
    if business_type not in _ONE_PACKAGE_EACH:
        return None
    wanted = {_agency(code, directory): code for code in recipients}
    for receipt in sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.hub_id)):
        if receipt.business_type is not business_type:
            continue
        if document_key(receipt.document_id) != document_key(document_id):
            continue
        shared = {_agency(code, directory) for code in receipt.recipients} & set(wanted)
        if shared:
            return Conflict(first=receipt, recipients=tuple(code for key, code in wanted.items() if key in shared))
    return None


def slots(
    sender: AgencyCode,
    document_id: DocumentId,
    business_type: BusinessType,
    recipients: Sequence[AgencyCode],
    digest: Digest,
    directory: Directory,
) -> tuple[Slot, ...]:
    """The slots a package needs, by agencies' codes in force, in the one order in which everybody claims them.

    One order for all: of requests that want the same slots one always gets through, none waits for another in turn.
    """
    own = "" if business_type in _ONE_PACKAGE_EACH else digest
    key = (_agency(sender, directory), document_key(document_id), business_type.value, own)
    return tuple(sorted(Slot(_named(*key, _agency(code, directory))) for code in recipients))


def abandoned(claim: Claim, moment: datetime, request_limit: timedelta) -> bool:
    """True when the request behind a claim has ended: without an event in the log, its slot is free again."""
    return moment - claim.claimed_at > request_limit


def _agency(code: AgencyCode, directory: Directory) -> AgencyCode:
    agency = directory.resolve(code)
    return agency.code if agency is not None else code


def _named(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
