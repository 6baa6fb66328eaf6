"""edXML messages for tests: small, whole, and with any part replaced by what a test wants to vary."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
SENDER, RECIPIENT, OTHER = "000.00.07.H99", "000.00.00.G99", "H98.12"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One attachment; `encoded` replaces the base64 of `content` where a flaw is wanted."""

    content_id: str = "cid:1"
    name: str = "125-SM-VP.signed.pdf"
    content_type: str = "application/pdf"
    content: bytes = b"%PDF-1.4\n"
    encoded: str | None = None

    @property
    def text(self) -> str:
        return base64.b64encode(self.content).decode() if self.encoded is None else self.encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The fields of a document message; an empty text leaves the element out."""

    sender: str = SENDER
    recipients: Sequence[str] = (RECIPIENT, OTHER)
    document_id: str = "000.00.07.H99,2026/11/20,125/SM-VP"
    number: str = "125"
    notation: str = "SM-VP"
    subject: str = "V/v lấy ý kiến dự thảo kế hoạch mẫu năm 2027"
    date: str = "2026/11/20"
    business_type: str = "0"
    concerned: str = ""
    replaced: Sequence[str] = ()
    priority: str = "1"
    files: Sequence[File] = field(default_factory=lambda: (File(),))
    announced: Sequence[File] | None = None
    extra: str = ""
    """Markup at the end of MessageHeader."""

    def but(self, **changes: object) -> "Letter":
        return replace(self, **changes)  # type: ignore[arg-type]

    def xml(self) -> str:
        announced = self.files if self.announced is None else self.announced
        manifest = "".join(
            tag("Reference", tag("ContentId", f.content_id), tag("ContentType", f.content_type),
                tag("AttachmentName", f.name)) for f in announced
        )  # fmt: skip
        return wrapped(
            tag("edXMLHeader", self._message(), self._trace())
            + tag("edXMLBody", f'<edXML:edXMLManifest version="1.0">{manifest}</edXML:edXMLManifest>'),
            self._encoded(),
        )

    def bytes(self) -> bytes:
        return self.xml().encode()

    def _message(self) -> str:
        return tag(
            "MessageHeader",
            tag("From", tag("OrganId", self.sender), tag("OrganName", "Sở Mẫu tỉnh Ví Dụ")),
            *(tag("To", tag("OrganId", code), tag("OrganName", "Nơi nhận")) for code in self.recipients),
            tag("DocumentId", self.document_id),
            tag("Code", tag("CodeNumber", self.number), tag("CodeNotation", self.notation)),
            tag("PromulgationInfo", tag("Place", "Ví Dụ"), tag("PromulgationDate", self.date)),
            tag("DocumentType", tag("Type", "2"), tag("TypeDetail", "18"), tag("TypeName", "Công văn")),
            tag("Subject", self.subject),
            tag("OtherInfo", tag("Priority", self.priority)),
            self.extra,
        )

    def _trace(self) -> str:
        entries = "".join(tag("ReplacementInfo", tag("DocumentId", document)) for document in self.replaced)
        return tag(
            "TraceHeaderList",
            tag("TraceHeader", tag("OrganId", self.sender), tag("Timestamp", "2026/11/20 09:15:02")),
            tag("Bussiness", tag("DocumentId", self.concerned), tag("BussinessDocType", self.business_type),
                tag("Paper", "0"), tag("ReplacementInfoList", entries)),
        )  # fmt: skip

    def _encoded(self) -> str:
        parts = "".join(
            f"<Attachment><ContentId>{f.content_id}</ContentId><AttachmentName>{f.name}</AttachmentName>"
            f"<ContentType>{f.content_type}</ContentType>"
            f"<ContentTransferEncoded>{f.text}</ContentTransferEncoded></Attachment>"
            for f in self.files
        )
        return f"<AttachmentEncoded>{parts}</AttachmentEncoded>"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLetter:
    """The fields of a status message; an empty text leaves the element out."""

    reporter: str = RECIPIENT
    addressee: str = SENDER
    code: str = "125/SM-VP"
    date: str = "2026/11/20"
    document_id: str = "000.00.07.H99,2026/11/20,125/SM-VP"
    status: str = "03"
    description: str = "Văn thư đã tiếp nhận"
    timestamp: str = "2026/11/20 10:02:41"

    def but(self, **changes: str) -> "StatusLetter":
        return replace(self, **changes)

    def bytes(self) -> bytes:
        about = tag("ResponseFor", tag("OrganId", self.addressee), tag("Code", self.code),
                    tag("PromulgationDate", self.date), tag("DocumentId", self.document_id))  # fmt: skip
        message = tag(
            "MessageHeader", tag("From", tag("OrganId", self.reporter)), about,
            tag("StaffInfo", tag("Department", "Văn phòng"), tag("Staff", "Phạm Thị Mẫu")),
            tag("StatusCode", self.status), tag("Description", self.description), tag("Timestamp", self.timestamp),
        )  # fmt: skip
        return wrapped(tag("edXMLHeader", message), "").encode()


def tag(name: str, *content: str) -> str:
    """An element of the envelope; nothing when it would be empty."""
    inside = "".join(content)
    return f"<edXML:{name}>{inside}</edXML:{name}>" if inside else ""


def wrapped(envelope: str, attachments: str) -> str:
    """The file around an envelope, as the Java library writes it."""
    return (
        f'{DECLARATION}<edXML xmlns="{NAMESPACE}"><edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">'
        f"{envelope}</edXML:edXMLEnvelope>{attachments}</edXML>"
    )
