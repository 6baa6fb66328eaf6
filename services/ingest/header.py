"""◆ The two events of intake and the header they carry: free texts shortened so that an event stays small."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from hub.model.events import DocumentReceived, DocumentRefused
from hub.model.ids import AgencyCode, DocumentId, HubId, event_id
from hub.model.ids import hub_id as derived_hub_id
from hub.model.statuses import BusinessType
from hub.model.values import Attachment, DocumentHeader, Refusal
from hub.wire.avro import encode
from hub.wire.edxml import ReadAttachment, ReadDocument
from hub.wire.edxml_dates import read_date
from services.ingest.intake import LONGEST_DOCUMENT_ID, Submission, business_type, identity

LARGEST_EVENT = 60_000
"""Bytes of an encoded event; the log's own agreement is 64 KB (DESIGN §3)."""
_SUBJECT, _NAME, _SHORT, _TYPE = 500, 255, 100, 80
_STEPS = (255, 100, 40, 12)
"""Longest texts of an attachment, tried in turn. With the last one 50 attachments beside 1,000 recipients fit."""
_TRUE = frozenset({"1", "true"})


def received(submission: Submission, document: ReadDocument) -> DocumentReceived:
    """The event of an acceptable package. The cause is the package itself: a repeat is the same event."""
    hub_id = identity(submission, document)
    event = DocumentReceived(
        event_id=event_id(hub_id, "received"),
        occurred_at=submission.moment,
        cause_id=hub_id,
        header=header_of(submission, document, hub_id),
        system_id=submission.system_id,
    )
    return fitted(event)


def refused(submission: Submission, refusals: Sequence[Refusal]) -> DocumentRefused:
    """The event of a refusal at the door. The same bytes refused for the same reasons are the same event.

    It has a hub id of its own: whoever got hold of a package and sends it under a strange name, or sends again what
    is accepted later, must not write into the story of the document itself. The sender is as written, proved or not.
    """
    read = submission.read if isinstance(submission.read, ReadDocument) else None
    codes = sorted({refusal.code for refusal in refusals})
    attempt = AgencyCode(f"refused:{submission.system_id}")
    document_id = read.document_id[:LONGEST_DOCUMENT_ID] if read else ""
    event = DocumentRefused(
        event_id=event_id(f"{submission.system_id}/{submission.package.digest}", f"refused.{'.'.join(codes)}"),
        occurred_at=submission.moment,
        cause_id=f"{submission.system_id}/{submission.package.digest}",
        hub_id=derived_hub_id(attempt, DocumentId(document_id), 0, submission.package.digest),
        document_id=DocumentId(document_id),
        sender=AgencyCode(read.sender[:_SHORT] if read else ""),
        system_id=submission.system_id,
        subject=one_line(read.subject, _SUBJECT) if read else "",
        stage="intake",
        refusals=tuple(refusals),
        package=submission.package,
    )
    return _with_fewer(event)


def header_of(submission: Submission, document: ReadDocument, hub_id: HubId) -> DocumentHeader:
    """The header of an acceptable document."""
    day = read_date(document.promulgation_date)
    return DocumentHeader(
        hub_id=hub_id,
        document_id=document.document_id,
        business_type=business_type(document.business_type) or BusinessType.NEW,
        sender=document.sender,
        sender_name=one_line(document.sender_name, _NAME),
        recipients=document.recipients,
        number=one_line(document.number, _SHORT),
        notation=one_line(document.notation, _SHORT),
        subject=one_line(document.subject, _SUBJECT),
        type_name=one_line(document.type_name, _SHORT),
        promulgation_date=day.isoformat() if day is not None else "",
        priority=_priority(document.priority),
        paper=document.paper.lower() in _TRUE,
        attachments=tuple(_attachment(attachment) for attachment in document.attachments),
        package=submission.package,
    )


def fitted(event: DocumentReceived) -> DocumentReceived:
    """The event small enough for the log: attachments' texts give way, the package keeps them whole."""
    for longest in _STEPS:
        shorter = tuple(_fitting(file, longest) for file in event.header.attachments)
        event = replace(event, header=replace(event.header, attachments=shorter))
        if len(encode(event, 0)) <= LARGEST_EVENT:
            break
    return event


def _with_fewer(event: DocumentRefused) -> DocumentRefused:
    """The event small enough for the log: of many reasons with long texts the last are left out."""
    while len(event.refusals) > 1 and len(encode(event, 0)) > LARGEST_EVENT:
        event = replace(event, refusals=event.refusals[: len(event.refusals) // 2])
    return event


def one_line(text: str, longest: int) -> str:
    """A free text as one line without control characters, shortened."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    return " ".join(text.split())[:longest]


def _fitting(file: Attachment, longest: int) -> Attachment:
    return replace(
        file,
        content_id=_shortened(file.content_id, longest),
        name=_shortened(file.name, longest),
        content_type=_shortened(file.content_type, longest),
    )


def _shortened(text: str, longest: int) -> str:
    """Keep the end of a long text: a name's extension is worth more than the middle."""
    return text if len(text) <= longest else f"{text[: longest - 9]}…{text[-8:]}"


def _attachment(read: ReadAttachment) -> Attachment:
    return Attachment(
        content_id=one_line(read.content_id, _SHORT),
        name=one_line(read.name, _NAME),
        content_type=one_line(read.content_type, _TYPE),
        size=read.size,
        digest=read.digest,
    )


def _priority(text: str) -> int:
    """0 to 4; anything else is an ordinary document, as receivers treat it."""
    levels: Sequence[str] = ("0", "1", "2", "3", "4")
    return levels.index(text) if text in levels else 0
