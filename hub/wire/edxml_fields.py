"""From the elements of an edXML file to a message: which element is which field, and what is wrong with the file.

Children are found by name in any order and under any prefix, but only in the namespace of the standard: receivers'
software matches names alone, so a second reading of the same file must not be possible.
"""

from collections.abc import Sequence

from hub.model.ids import AgencyCode, DocumentId, digest
from hub.model.reasons import Code
from hub.model.values import Refusal, Staff
from hub.wire.edxml import ReadAttachment, ReadDocument, ReadStatus, Unreadable
from hub.wire.edxml_names import CHARACTERS, WHITE_SPACE, without_cid
from hub.wire.edxml_tree import Node, Tree

_MOST_FINDINGS = 100


def read(tree: Tree) -> ReadDocument | ReadStatus:
    """The message in a file; Unreadable when it has no message header."""
    fields = _Fields()
    for place in tree.marked:
        fields.find(Code.HEADER_MARKUP, place)
    envelope = fields.one(tree.root, "edXMLEnvelope")
    header = fields.one(envelope, "edXMLHeader")
    message = fields.one(header, "MessageHeader")
    if tree.root is None or message is None:
        raise Unreadable(Code.NOT_EDXML, "edXMLEnvelope/edXMLHeader/MessageHeader")
    if any(child.name == "StatusCode" for child in message.children):
        return _status(fields, message)
    return _document(fields, tree.root, envelope, header, message)


class _Fields:
    """Reads elements and remembers what is wrong with them. Paths in findings start below the part they are in."""

    def __init__(self) -> None:
        self.findings: list[Refusal] = []

    def find(self, code: Code, field: str, detail: str = "") -> None:
        finding = Refusal(code=code, field=field[:200], detail=detail[:200])
        if finding not in self.findings and len(self.findings) < _MOST_FINDINGS:
            self.findings.append(finding)

    def many(self, parent: Node | None, name: str) -> list[Node]:
        """Children with this name; one under a foreign namespace is a finding."""
        named = [child for child in parent.children if child.name == name] if parent is not None else []
        if any(child.foreign for child in named):
            self.find(Code.NOT_EDXML, name)
        return [child for child in named if not child.foreign]

    def one(self, parent: Node | None, name: str) -> Node | None:
        """The child with this name; None when absent, a finding when there are several."""
        named = self.many(parent, name)
        if len(named) > 1:
            self.find(Code.BAD_FIELD, f"{parent.name}/{name}" if parent else name, f"{len(named)} > 1")
        return named[0] if named else None

    def verbatim(self, parent: Node | None, path: str, name: str) -> str:
        """Text of a child, unchanged; empty when absent or blank."""
        node = self.one(parent, name)
        if node is None:
            return ""
        if node.children:
            self.find(Code.BAD_FIELD, f"{path}/{name}", f"<{node.children[0].name}>")
        text, limit = node.text, CHARACTERS[name]
        if len(text) > limit:
            self.find(Code.BAD_FIELD, f"{path}/{name}", f"{len(text)} > {limit}")
        return text if text.strip(WHITE_SPACE) else ""

    def text(self, parent: Node | None, path: str, name: str) -> str:
        """Text of a child without the blanks around it."""
        return self.verbatim(parent, path, name).strip(WHITE_SPACE)


def _document(fields: _Fields, root: Node, envelope: Node | None, header: Node | None, message: Node) -> ReadDocument:
    sender = fields.one(message, "From")
    code = fields.one(message, "Code")
    trace = fields.one(header, "TraceHeaderList")
    business = fields.one(trace, "Bussiness")
    recipients = tuple(
        AgencyCode(fields.verbatim(node, f"MessageHeader/To[{place}]", "OrganId"))
        for place, node in enumerate(fields.many(message, "To"), start=1)
    )
    other = fields.one(message, "OtherInfo")
    return ReadDocument(
        sender=AgencyCode(fields.verbatim(sender, "MessageHeader/From", "OrganId")),
        sender_name=fields.text(sender, "MessageHeader/From", "OrganName"),
        recipients=recipients,
        document_id=DocumentId(fields.verbatim(message, "MessageHeader", "DocumentId")),
        number=fields.text(code, "MessageHeader/Code", "CodeNumber"),
        notation=fields.text(code, "MessageHeader/Code", "CodeNotation"),
        subject=fields.text(message, "MessageHeader", "Subject"),
        type_name=fields.text(fields.one(message, "DocumentType"), "MessageHeader/DocumentType", "TypeName"),
        promulgation_date=fields.text(
            fields.one(message, "PromulgationInfo"), "MessageHeader/PromulgationInfo", "PromulgationDate"
        ),
        priority=fields.text(other, "MessageHeader/OtherInfo", "Priority"),
        business_type=fields.text(business, "TraceHeaderList/Bussiness", "BussinessDocType"),
        paper=fields.text(business, "TraceHeaderList/Bussiness", "Paper")
        or fields.text(trace, "TraceHeaderList", "Paper"),
        concerned=DocumentId(fields.verbatim(business, "TraceHeaderList/Bussiness", "DocumentId")),
        replaced=_replaced(fields, business),
        attachments=_attachments(fields, root, envelope),
        findings=tuple(fields.findings),
    )


def _replaced(fields: _Fields, business: Node | None) -> tuple[DocumentId, ...]:
    entries = fields.many(fields.one(business, "ReplacementInfoList"), "ReplacementInfo")
    path = "TraceHeaderList/Bussiness/ReplacementInfoList/ReplacementInfo"
    return tuple(
        DocumentId(fields.verbatim(entry, f"{path}[{place}]", "DocumentId"))
        for place, entry in enumerate(entries, start=1)
    )


def _attachments(fields: _Fields, root: Node, envelope: Node | None) -> tuple[ReadAttachment, ...]:
    manifest = fields.one(fields.one(envelope, "edXMLBody"), "edXMLManifest")
    references = fields.many(manifest, "Reference")
    parts = fields.many(fields.one(root, "AttachmentEncoded"), "Attachment")
    announced = [_content_id(fields, node, f"edXMLManifest/Reference[{n}]") for n, node in enumerate(references, 1)]
    sent = [_content_id(fields, node, f"AttachmentEncoded/Attachment[{n}]") for n, node in enumerate(parts, 1)]
    pairs = pair(announced, sent)
    for place in sorted(set(range(len(sent))) - set(pairs)):
        fields.find(Code.ATTACHMENT_UNANNOUNCED, f"AttachmentEncoded/Attachment[{place + 1}]", sent[place])
    found = []
    for place, (reference, partner) in enumerate(zip(references, pairs, strict=True)):
        if partner is None:
            fields.find(Code.ATTACHMENT_MISSING, f"edXMLManifest/Reference[{place + 1}]", announced[place])
        else:
            found.append(_attachment(fields, (place, reference), (partner, parts[partner])))
    return tuple(found)


def pair(announced: Sequence[str], sent: Sequence[str]) -> list[int | None]:
    """For each announced content id the place of the part sent under it.

    By position when not one of them matches, and those left over when there are as many on both sides (§1.8).
    """
    if not set(filter(None, announced)) & set(sent):
        return [place if place < len(sent) else None for place in range(len(announced))]
    waiting: dict[str, list[int]] = {}
    for place, content_id in enumerate(sent):
        waiting.setdefault(content_id, []).append(place)
    pairs = [waiting[content_id].pop(0) if waiting.get(content_id) else None for content_id in announced]
    if len(announced) != len(sent):
        return pairs
    left = iter(sorted(place for places in waiting.values() for place in places))
    return [next(left) if partner is None else partner for partner in pairs]


def _content_id(fields: _Fields, node: Node, path: str) -> str:
    return without_cid(fields.text(node, path, "ContentId"))


def _attachment(fields: _Fields, announced: tuple[int, Node], sent: tuple[int, Node]) -> ReadAttachment:
    """One attachment; what the manifest leaves open is taken from the part itself."""
    (place, reference), (position, part) = announced, sent
    told, path = f"edXMLManifest/Reference[{place + 1}]", f"AttachmentEncoded/Attachment[{position + 1}]"
    node = fields.one(part, "ContentTransferEncoded")
    content = node.content if node is not None else None
    own_name, own_type = fields.text(part, path, "AttachmentName"), fields.text(part, path, "ContentType")
    name = fields.text(reference, told, "AttachmentName") or own_name
    if content is None or (not content.size and not content.faulty):
        fields.find(Code.ATTACHMENT_EMPTY, path, name)
    elif content.faulty or (node is not None and node.children):
        fields.find(Code.BASE64, f"{path}/ContentTransferEncoded", name)
    return ReadAttachment(
        content_id=_content_id(fields, reference, told) or _content_id(fields, part, path),
        name=name,
        content_type=fields.text(reference, told, "ContentType") or own_type,
        size=content.size if content is not None else 0,
        digest=content.digest if content is not None else digest(b""),
        head=content.head if content is not None else b"",
    )


def _status(fields: _Fields, message: Node) -> ReadStatus:
    about = fields.one(message, "ResponseFor")
    staff = fields.one(message, "StaffInfo")
    path = "MessageHeader/ResponseFor"
    return ReadStatus(
        reporter=AgencyCode(fields.verbatim(fields.one(message, "From"), "MessageHeader/From", "OrganId")),
        addressee=AgencyCode(fields.verbatim(about, path, "OrganId")),
        code=fields.text(about, path, "Code"),
        promulgation_date=fields.text(about, path, "PromulgationDate"),
        document_id=DocumentId(fields.verbatim(about, path, "DocumentId")),
        status=fields.text(message, "MessageHeader", "StatusCode"),
        description=fields.text(message, "MessageHeader", "Description"),
        staff=Staff(
            department=fields.text(staff, "StaffInfo", "Department"),
            name=fields.text(staff, "StaffInfo", "Staff"),
            email=fields.text(staff, "StaffInfo", "Email"),
            mobile=fields.text(staff, "StaffInfo", "Mobile"),
        ),
        timestamp=fields.text(message, "MessageHeader", "Timestamp"),
        findings=tuple(fields.findings),
    )
