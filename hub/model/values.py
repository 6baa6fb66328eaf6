"""Values that events are made of."""

from dataclasses import dataclass
from typing import Annotated

from hub.model.ids import AgencyCode, Digest, DocumentId, HubId
from hub.model.statuses import BusinessType, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The bytes as the sender sent them; kept once in the blob store under the digest."""

    digest: Annotated[Digest, "SHA-256 of the package, lower-case hexadecimal; its name in the blob store"]
    size: Annotated[int, "bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a document."""

    content_id: Annotated[str, "ContentId without the prefix cid:"]
    name: Annotated[str, "AttachmentName as announced, shortened to 255 characters"]
    content_type: Annotated[str, "ContentType as announced"]
    size: Annotated[int, "bytes after base64 decoding"]
    digest: Annotated[Digest, "SHA-256 of the decoded bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHeader:
    """What the hub needs to know of a document; free texts are shortened, the package keeps them whole."""

    hub_id: Annotated[HubId, "the hub's id of the document"]
    document_id: Annotated[DocumentId, "the sender's DocumentId, unchanged"]
    business_type: Annotated[BusinessType, "BussinessDocType: 0 new, 1 recall, 2 update, 3 replace"]
    sender: Annotated[AgencyCode, "From/OrganId as written"]
    sender_name: Annotated[str, "From/OrganName as written"]
    recipients: Annotated[tuple[AgencyCode, ...], "To/OrganId as written, in order"]
    number: Annotated[str, "CodeNumber"]
    notation: Annotated[str, "CodeNotation"]
    subject: Annotated[str, "Subject (trích yếu), shortened to 500 characters"]
    type_name: Annotated[str, "DocumentType/TypeName as written"]
    promulgation_date: Annotated[str, "PromulgationDate as yyyy-mm-dd"]
    priority: Annotated[int, "0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ"]
    paper: Annotated[bool, "a paper copy follows"]
    attachments: Annotated[tuple[Attachment, ...], "files in the order of the manifest"]
    package: Annotated[Package, "the package itself"]

    @property
    def code(self) -> str:
        """Number and notation in one, as people write it: `125/SM-VP`."""
        return f"{self.number}/{self.notation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Outcome and reason of a judgement on signatures."""

    outcome: Annotated[Outcome, "VALID, INVALID, INDETERMINATE or ABSENT"]
    reason: Annotated[str, "one word of the closed list of reasons"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinding:
    """One signature found (or found missing) in a document."""

    part: Annotated[str, "`envelope`, or the attachment's content id"]
    name: Annotated[str, "attachment's name; empty for the envelope"]
    verdict: Annotated[Verdict, "judgement on this signature"]
    signer: Annotated[str, "subject of the signer's certificate, RFC 4514; empty when unknown"]
    issuer: Annotated[str, "issuer of the signer's certificate, RFC 4514; empty when unknown"]
    serial: Annotated[str, "serial number of the certificate, hexadecimal; empty when unknown"]
    signing_time: Annotated[str, "time of signing as claimed, RFC 3339; empty when not given"]
    covered: Annotated[str, "what it covers: element path, WHOLE_FILE, REVISION, PARTIAL; empty when nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason why something is refused. Texts for people belong to the code (`hub.model.reasons`)."""

    code: Annotated[str, "stable code of the refusal catalogue"]
    field: Annotated[str, "element or file at fault; empty when it is the whole"]
    detail: Annotated[str, "the value at fault or a figure, shortened; empty when the code says all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Person who acted (StaffInfo)."""

    department: Annotated[str, "Department"]
    name: Annotated[str, "Staff"]
    email: Annotated[str, "Email"]
    mobile: Annotated[str, "Mobile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One code of an agency with its time of validity. Every code routes for ever; validity says which to show."""

    code: Annotated[AgencyCode, "the code"]
    scheme: Annotated[str, "qcvn2016, qd20 or legacy"]
    valid_from: Annotated[str, "RFC 3339 moment; empty when unknown"]
    valid_to: Annotated[str, "RFC 3339 moment; empty while in force"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Person registered by an agency to be warned (letter 2887/VPCP-KSTT)."""

    name: Annotated[str, "full name"]
    position: Annotated[str, "position"]
    unit: Annotated[str, "unit"]
    mobile: Annotated[str, "mobile number for SMS; empty when none"]
    email: Annotated[str, "official mailbox; empty when none"]
