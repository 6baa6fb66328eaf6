"""◆ Intake: is this package acceptable, and if not, why not: all reasons at once (edXML notes §1.13).

Numbered as the checks are made: 1 the sender is the caller's and takes part, 2 the file itself, 3 required fields,
4 identifiers, 5 recipients, 6 dates, 7 business type, 8 attachments.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hub.model.directory import Directory
from hub.model.ids import AgencyCode, DocumentId, HubId, SystemId, hub_id, is_code
from hub.model.reasons import Code
from hub.model.statuses import AgencyState, BusinessType
from hub.model.values import Package, Refusal
from hub.wire.edxml import ReadDocument
from hub.wire.edxml_dates import VIETNAM, read_date

MOST_RECIPIENTS = 1000
MOST_ATTACHMENTS = 50
MOST_REPLACED = 100
MOST_REASONS = 50
LONGEST_DOCUMENT_ID = 300
_FUTURE_TOLERANCE = timedelta(days=1)
"""A sender's clock may be ahead, and a document dated tomorrow may be sent in the evening before."""
_BUSINESS = "TraceHeaderList/Bussiness"
_REPLACED = f"{_BUSINESS}/ReplacementInfoList/ReplacementInfo"
_NAMED_BY_STATE = {
    AgencyState.LOCKED: Code.RECIPIENT_LOCKED,
    AgencyState.DISSOLVED: Code.RECIPIENT_DISSOLVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Submit this package. `read` is a refusal when the bytes could not be read."""

    moment: datetime
    """When its turn came, all its bytes being there: from here on the hub's time runs."""
    system_id: SystemId
    package: Package
    content: bytes | Path
    """The bytes, or the file they are spooled in; for the blob store alone."""
    read: ReadDocument | Refusal


def business_type(text: str) -> BusinessType | None:
    """BussinessDocType as clients write it; absent means a new document (edXML notes §1.5); None for no such type."""
    digits = text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text
    if digits == "":
        return BusinessType.NEW
    return BusinessType(digits) if digits in BusinessType.__members__.values() else None


def identity(submission: Submission, document: ReadDocument) -> HubId:
    """The hub's id of a package: a function of its bytes alone.

    The sender is taken as written, not by its code in force: the directory may change between a sending and its
    repeat, and the repeat must still be the same package.
    """
    kind = business_type(document.business_type) or BusinessType.NEW
    return hub_id(document.sender, document.document_id, int(kind), submission.package.digest)


def may_send(document: ReadDocument, system_id: SystemId, directory: Directory) -> Refusal | None:
    """Check 1: the sender belongs to the caller and takes part.

    Whose sender is not the caller's (anything but SENDER_LOCKED) is a stranger: earlier sendings are not its business.
    """
    field = "MessageHeader/From/OrganId"
    if not document.sender:
        return Refusal(code=Code.MISSING_FIELD, field=field, detail="")
    if not directory.may_act_for(system_id, document.sender):
        return Refusal(code=Code.SENDER_MISMATCH, field=field, detail=document.sender[:100])
    agency = directory.resolve(document.sender)
    if agency is not None and agency.state is not AgencyState.ACTIVE:
        return Refusal(code=Code.SENDER_LOCKED, field=field, detail=document.sender)
    return None


def may_be_looked_up(document: ReadDocument) -> bool:
    """True when what it names is short and little enough to be compared with what is known.

    What is not is refused as it stands: comparing takes time that grows with the square of an id's length.
    """
    named = (document.document_id, document.concerned, *document.replaced)
    return (
        len(document.recipients) <= MOST_RECIPIENTS
        and len(document.replaced) <= MOST_REPLACED
        and all(len(document_id) <= LONGEST_DOCUMENT_ID for document_id in named)
    )


def findings(document: ReadDocument, moment: datetime, directory: Directory) -> tuple[Refusal, ...]:
    """Checks 2 to 8: everything that makes a package unacceptable by itself; empty when nothing does."""
    found = [
        *document.findings,
        *_required(document),
        *_identifiers(document),
        *_recipients(document, directory),
        *_dates(document, moment),
        *_business(document),
        *_attachments(document),
    ]
    return tuple(found[:MOST_REASONS])


def _required(document: ReadDocument) -> Iterator[Refusal]:
    required = (
        ("MessageHeader/To", "x" if document.recipients else ""),
        ("MessageHeader/DocumentId", document.document_id),
        ("MessageHeader/Code/CodeNumber", document.number),
        ("MessageHeader/Code/CodeNotation", document.notation),
        ("MessageHeader/Subject", document.subject),
        ("MessageHeader/PromulgationInfo/PromulgationDate", document.promulgation_date),
    )
    for field, text in required:
        if not text:
            yield Refusal(code=Code.MISSING_FIELD, field=field, detail="")
    for place, code in enumerate(document.recipients, start=1):
        if not code:
            yield Refusal(code=Code.MISSING_FIELD, field=f"MessageHeader/To[{place}]/OrganId", detail="")


def _identifiers(document: ReadDocument) -> Iterator[Refusal]:
    """Agency codes are plain ASCII, exactly as registered; a DocumentId is opaque but has no control characters."""
    codes = [("MessageHeader/From/OrganId", document.sender)]
    codes += [(f"MessageHeader/To[{n}]/OrganId", code) for n, code in enumerate(document.recipients, start=1)]
    for field, code in codes:
        if code and not is_code(code):
            yield Refusal(code=Code.BAD_FIELD, field=field, detail=code[:100])
    named = [
        ("MessageHeader/DocumentId", document.document_id),
        (f"{_BUSINESS}/DocumentId", document.concerned),
    ]
    named += [(f"{_REPLACED}[{n}]/DocumentId", replaced) for n, replaced in enumerate(document.replaced, start=1)]
    for field, document_id in named:
        if len(document_id) > LONGEST_DOCUMENT_ID:
            yield Refusal(code=Code.BAD_FIELD, field=field, detail=f"{len(document_id)} > {LONGEST_DOCUMENT_ID}")
        elif found := _control_character(document_id):
            yield Refusal(code=Code.BAD_FIELD, field=field, detail=found)


def _recipients(document: ReadDocument, directory: Directory) -> Iterator[Refusal]:
    if len(document.recipients) > MOST_RECIPIENTS:
        count = f"{len(document.recipients)} > {MOST_RECIPIENTS}"
        yield Refusal(code=Code.TOO_MANY_RECIPIENTS, field="MessageHeader/To", detail=count)
        return
    seen: set[AgencyCode] = set()
    for place, code in enumerate(document.recipients, start=1):
        if not is_code(code):
            continue
        field = f"MessageHeader/To[{place}]/OrganId"
        agency = directory.resolve(code)
        if agency is None:
            yield Refusal(code=Code.UNKNOWN_RECIPIENT, field=field, detail=code)
        elif agency.state in _NAMED_BY_STATE:
            yield Refusal(code=_NAMED_BY_STATE[agency.state], field=field, detail=code)
        elif agency.code in seen:
            yield Refusal(code=Code.DUPLICATE_RECIPIENT, field=field, detail=code)
        if agency is not None:
            seen.add(agency.code)


def _dates(document: ReadDocument, moment: datetime) -> Iterator[Refusal]:
    text, field = document.promulgation_date, "MessageHeader/PromulgationInfo/PromulgationDate"
    if not text:
        return
    day = read_date(text)
    if day is None:
        yield Refusal(code=Code.BAD_DATE, field=field, detail=text[:40])
    elif day > (moment.astimezone(VIETNAM) + _FUTURE_TOLERANCE).date():
        yield Refusal(code=Code.DATE_IN_FUTURE, field=field, detail=text[:40])


def _business(document: ReadDocument) -> Iterator[Refusal]:
    kind = business_type(document.business_type)
    if kind is None:
        field = f"{_BUSINESS}/BussinessDocType"
        yield Refusal(code=Code.BAD_FIELD, field=field, detail=document.business_type[:40])
    if kind is BusinessType.REPLACE and not any(document.replaced):
        yield Refusal(code=Code.MISSING_FIELD, field=f"{_REPLACED}/DocumentId", detail="")
    if len(document.replaced) > MOST_REPLACED:
        yield Refusal(code=Code.BAD_FIELD, field=_REPLACED, detail=f"{len(document.replaced)} > {MOST_REPLACED}")


def _attachments(document: ReadDocument) -> Iterator[Refusal]:
    if len(document.attachments) > MOST_ATTACHMENTS:
        count = f"{len(document.attachments)} > {MOST_ATTACHMENTS}"
        yield Refusal(code=Code.TOO_MANY_ATTACHMENTS, field="edXMLManifest", detail=count)
    for place, attachment in enumerate(document.attachments, start=1):
        if found := _control_character(attachment.name):
            field = f"edXMLManifest/Reference[{place}]/AttachmentName"
            yield Refusal(code=Code.BAD_FIELD, field=field, detail=found)


def named_documents(document: ReadDocument) -> tuple[tuple[str, DocumentId], ...]:
    """Documents that a recall, update or replacement is about, each with the field that names it (§1.5, §3.2).

    A recall without Bussiness/DocumentId means its own DocumentId.
    """
    kind = business_type(document.business_type)
    if kind in (BusinessType.RECALL, BusinessType.UPDATE):
        if document.concerned:
            return ((f"{_BUSINESS}/DocumentId", document.concerned),)
        return (("MessageHeader/DocumentId", document.document_id),)
    if kind is BusinessType.REPLACE:
        entries = enumerate(document.replaced, start=1)
        return tuple((f"{_REPLACED}[{n}]/DocumentId", named) for n, named in entries if named)
    return ()


def _control_character(text: str) -> str:
    """The first control character of a text, by its number; empty when there is none."""
    if text.isprintable():
        return ""
    return next((f"U+{ord(character):04X}" for character in text if unicodedata.category(character) == "Cc"), "")
