"""Reads identifying fields and attachments from canonical bytes: from what was signed, and from nothing else.

Elements are met by local name, and a name that stands twice where one is due is refused: two readers must not be able
to read two things.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from services.signature.facts import SignedHeader
from services.signature.sheet import Sheet
from services.signature.xmldsig import Element, Oddity, children

_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """One attachment; `content` is None when its base64 is broken."""

    content_id: str
    name: str
    content_type: str
    content: io.BytesIO | None


def header(root: Element) -> SignedHeader:
    """Raises Oddity when a field is missing or stands there twice."""
    envelope_header = _one(_one(root, "edXMLEnvelope"), "edXMLHeader")
    message = _one(envelope_header, "MessageHeader")
    code = _one_or_none(message, "Code")
    recipients = children(message, "To")
    if not recipients:
        raise Oddity("no To")
    return SignedHeader(
        sender=_text(_one(_one(message, "From"), "OrganId")),
        recipients=tuple(_text(_one(recipient, "OrganId")) for recipient in recipients),
        document_id=_text(_one(message, "DocumentId")),
        business_type=_business_type(envelope_header),
        number=_text(_one_or_none(code, "CodeNumber")),
        notation=_text(_one_or_none(code, "CodeNotation")),
    )


def _business_type(envelope_header: Element) -> str:
    trace = _one_or_none(envelope_header, "TraceHeaderList")
    business = _one_or_none(trace, "Bussiness")
    return _text(_one_or_none(business, "BussinessDocType")) or "0"  # absent means a new document (edXML §1.5)


def attached(root: Element, sheet: Sheet) -> Iterator[AttachedFile]:
    """The attachments in their order. Each is decoded in full: take one after the other."""
    for block in children(root, "AttachmentEncoded"):
        for attachment in children(block, "Attachment"):
            yield _file(attachment, sheet)


def _file(attachment: Element, sheet: Sheet) -> AttachedFile:
    contents = children(attachment, "ContentTransferEncoded")
    return AttachedFile(
        content_id=_first(attachment, "ContentId").removeprefix("cid:"),
        name=_first(attachment, "AttachmentName")[:_NAME_LENGTH],
        content_type=_first(attachment, "ContentType"),
        content=sheet.decoded(contents[0].text or "") if len(contents) == 1 else None,
    )


def _first(node: Element, name: str) -> str:
    found = children(node, name)
    return "".join(map(str, found[0].itertext())).strip() if found else ""


def _one(node: Element, name: str) -> Element:
    found = children(node, name)
    if len(found) != 1:
        raise Oddity(f"{len(found)} elements {name}")
    return found[0]


def _one_or_none(node: Element | None, name: str) -> Element | None:
    if node is None or not children(node, name):
        return None
    return _one(node, name)


def _text(node: Element | None) -> str:
    if node is None:
        return ""
    if len(node) > 0:
        raise Oddity(f"markup inside {node.tag}")
    return (node.text or "").strip()
