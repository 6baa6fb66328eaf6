"""edXML as text (QCVN 102:2016): the envelope of a document and the status message.

Written the way the Java library writes it: its order of elements, the literal prefix `edXML:` on everything from
the envelope down, no elements for empty values, `cid:` before content ids.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from xml.sax.saxutils import escape

from sim.agencies import Agency, AgencyCode
from sim.letters import Letter

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
VIETNAM = timezone(timedelta(hours=7))
"""Dates and times on the wire are Vietnam's, without a zone."""

SIGNATURE_PLACE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"></ds:Signature>'
"""Stands where the envelope's signature will be; signxml replaces it."""

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attached file as it travels: `content` is already zipped where the zip rule asks for it."""

    content_id: str
    name: str
    description: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """One status message."""

    reporter: Agency
    addressee: AgencyCode
    document_id: str
    code: str
    promulgated: date
    status: str
    """Two digits: `03`."""
    description: str
    staff: str
    moment: datetime
    """When, with a zone."""


def document_xml(letter: Letter, attachments: Sequence[Attachment], *, pages: int, moment: datetime, place: str) -> str:
    """The package as text. `moment` is when it leaves the sender; `place` stands where a signature would."""
    header = _message_header(letter, pages, attachments) + _trace(letter, moment) + place
    manifest = "".join(_reference(attachment) for attachment in attachments)
    body = _tag("edXMLBody", f'<edXML:edXMLManifest version="1.0">{manifest}</edXML:edXMLManifest>')
    encoded = "".join(_attachment(attachment) for attachment in attachments)
    return _file(_tag("edXMLHeader", header) + body, f"<AttachmentEncoded>{encoded}</AttachmentEncoded>")


def status_message(report: StatusReport) -> bytes:
    """A status message in UTF-8, unsigned as all in service are."""
    answered = (
        _field("OrganId", report.addressee)
        + _field("Code", report.code)
        + _field("PromulgationDate", _day(report.promulgated))
        + _field("DocumentId", report.document_id)
    )
    header = (
        _organization("From", report.reporter)
        + _tag("ResponseFor", answered)
        + _staff(report.staff, report.reporter.email)
        + _field("StatusCode", report.status)
        + _field("Description", report.description)
        + _field("Timestamp", _second(report.moment))
    )
    return _file(_tag("edXMLHeader", _tag("MessageHeader", header)), "").encode()


def _file(envelope: str, attachments: str) -> str:
    return (
        f'{_DECLARATION}<edXML xmlns="{NAMESPACE}"><edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">'
        f"{envelope}</edXML:edXMLEnvelope>{attachments}</edXML>"
    )


def _message_header(letter: Letter, pages: int, attachments: Sequence[Attachment]) -> str:
    kind = letter.kind
    signer = (
        _field("Competence", letter.competence)
        + _field("Position", letter.position)
        + _field("FullName", letter.signer)
    )
    return _tag(
        "MessageHeader",
        _organization("From", letter.sender),
        *(_organization("To", agency) for agency in letter.recipients),
        _field("DocumentId", letter.document_id),
        _tag("Code", _field("CodeNumber", letter.number), _field("CodeNotation", letter.notation)),
        _tag(
            "PromulgationInfo",
            _field("Place", letter.office.place),
            _field("PromulgationDate", _day(letter.promulgated)),
        ),
        _tag(
            "DocumentType",
            _field("Type", str(kind.group)),
            _field("TypeDetail", str(kind.number)),
            _field("TypeName", kind.name),
        ),
        _field("Subject", letter.subject),
        _field("Content", letter.subject),
        _tag("SignerInfo", signer),
        _field("DueDate", _day(letter.due) if letter.due else ""),
        _other_info(letter, pages, attachments),
        _field("SteeringType", "0"),
        _tag("ToPlaces", *(_field("Place", place) for place in letter.to_places)),
    )


def _other_info(letter: Letter, pages: int, attachments: Sequence[Attachment]) -> str:
    typist = "".join(word[0] for word in letter.clerk.split())
    annexes = "".join(_field("Appendix", attachment.description) for attachment in attachments[1:])
    return _tag(
        "OtherInfo",
        _field("Priority", str(letter.priority)),
        _field("SphereOfPromulgation", "Liên thông văn bản"),
        _field("TyperNotation", typist),
        _field("PromulgationAmount", str(len(letter.recipients) + 1)),
        _field("PageAmount", str(pages)),
        _field("Direction", "false"),
        _tag("Appendixes", annexes) if annexes else "",
    )


def _trace(letter: Letter, moment: datetime) -> str:
    hop = _field("OrganId", letter.sender.code) + _field("Timestamp", _second(moment))
    business = (
        _field("BussinessDocType", "0")
        + _field("BussinessDocReason", "Văn bản điện tử mới")
        + _field("Paper", "0")
        + _staff(letter.clerk, letter.sender.email)
    )
    return _tag("TraceHeaderList", _tag("TraceHeader", hop), _tag("Bussiness", business))


def _organization(element: str, agency: Agency) -> str:
    return _tag(
        element,
        _field("OrganId", agency.code),
        _field("OrganName", agency.name),
        _field("Email", agency.email),
    )


def _staff(name: str, email: str) -> str:
    return _tag("StaffInfo", _field("Department", "Văn thư"), _field("Staff", name), _field("Email", email))


def _reference(attachment: Attachment) -> str:
    return _tag(
        "Reference",
        _field("ContentId", f"cid:{attachment.content_id}"),
        _field("ContentType", attachment.content_type),
        _field("Description", attachment.description),
        _field("AttachmentName", attachment.name),
    )


def _attachment(attachment: Attachment) -> str:
    encoded = base64.b64encode(attachment.content).decode("ascii")
    return (
        f"<Attachment><ContentId>cid:{attachment.content_id}</ContentId>"
        f"<AttachmentName>{escape(attachment.name)}</AttachmentName>"
        f"<Description>{escape(attachment.description)}</Description>"
        f"<ContentType>{attachment.content_type}</ContentType>"
        f'<edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">{encoded}</edXML:ContentTransferEncoded></Attachment>'
    )


def _tag(name: str, *content: str) -> str:
    return f"<edXML:{name}>{''.join(content)}</edXML:{name}>"


def _field(name: str, value: str) -> str:
    return _tag(name, escape(value)) if value else ""


def _day(day: date) -> str:
    return f"{day:%Y/%m/%d}"


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
