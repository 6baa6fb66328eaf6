"""edXML messages as they were read: texts as the sender wrote them, attachments by size and digest, without bytes."""

from dataclasses import dataclass

from hub.model.errors import Invalid
from hub.model.ids import AgencyCode, Digest, DocumentId
from hub.model.reasons import Code
from hub.model.values import Refusal, Staff


class Unreadable(Invalid):
    """The bytes are no edXML message that could be read: they stop at the first reason."""

    def __init__(self, code: Code, field: str = "", detail: str = "") -> None:
        """`field` is the element at fault; `detail` a figure or a place, never text of the document."""
        super().__init__(code, detail)
        self.refusal = Refusal(code=code, field=field, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAttachment:
    """One attachment: what was announced of it, and what the decoded bytes are."""

    content_id: str
    """ContentId without `cid:`."""
    name: str
    content_type: str
    size: int
    """Bytes after base64 decoding."""
    digest: Digest
    """SHA-256 of the decoded bytes."""
    head: bytes
    """The first 16 decoded bytes, to tell the type by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document message. Absent and empty elements are empty texts; identifiers are verbatim, other texts trimmed."""

    sender: AgencyCode
    sender_name: str
    recipients: tuple[AgencyCode, ...]
    """To/OrganId in order; empty texts where an OrganId is missing."""
    document_id: DocumentId
    number: str
    notation: str
    subject: str
    type_name: str
    promulgation_date: str
    priority: str
    business_type: str
    paper: str
    concerned: DocumentId
    """Bussiness/DocumentId: the document recalled or updated."""
    replaced: tuple[DocumentId, ...]
    """ReplacementInfo/DocumentId: the documents replaced."""
    attachments: tuple[ReadAttachment, ...]
    """In the order of the manifest; only those that were both announced and sent."""
    findings: tuple[Refusal, ...]
    """Everything wrong with the file itself. Whether its content is acceptable is not the reader's to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStatus:
    """A status message, read by the same rules."""

    reporter: AgencyCode
    addressee: AgencyCode
    """ResponseFor/OrganId."""
    code: str
    """ResponseFor/Code: number/notation."""
    promulgation_date: str
    document_id: DocumentId
    """ResponseFor/DocumentId."""
    status: str
    description: str
    staff: Staff
    timestamp: str
    findings: tuple[Refusal, ...]
