"""All facts about one package: reads it once, takes its envelope's signature apart, then its attachments."""

import hashlib
from dataclasses import replace
from datetime import datetime

from lxml import etree

from services.signature import attachments, pdf, signed_header, xmldsig
from services.signature.chain import Chains
from services.signature.dsig.canonical import C14N, METHODS, written
from services.signature.dsig.nodes import Tree
from services.signature.facts import (
    AttachmentFacts,
    DocumentFacts,
    EnvelopeFacts,
    PdfFacts,
    Permission,
    Place,
    Reading,
    Reference,
    SignatureFacts,
    SignedHeader,
)
from services.signature.sheet import Buffer, Sheet, Unreadable, lay_out, parse, parse_canonical
from services.signature.xmldsig import Canonicalization, Element, Judging, Oddity

_FOR_READING = Canonicalization()


def facts(data: Buffer, sha256: str, chains: Chains, moment: datetime) -> DocumentFacts:
    """Facts of a package whose SHA-256 is `sha256` (hexadecimal), its certificates judged at `moment`."""
    sheet = lay_out(data, sha256)
    envelope, canonical = _judged_envelope(sheet, chains, moment)
    if not canonical:
        return DocumentFacts(envelope=envelope)
    signed_root = parse_canonical(canonical)
    return DocumentFacts(
        envelope=replace(envelope, header=_header(signed_root)),
        attachments=tuple(_attachment(one, chains, moment) for one in signed_header.attached(signed_root, sheet)),
    )


def envelope_alone(data: Buffer, sha256: str, chains: Judging, moment: datetime) -> tuple[EnvelopeFacts, str]:
    """As `facts`, without the attachments; and the SHA-256 of the canonical bytes, empty when there are none."""
    sheet = lay_out(data, sha256)
    envelope, canonical = _judged_envelope(sheet, chains, moment)
    if not canonical:
        return envelope, ""
    return replace(envelope, header=_header(parse_canonical(canonical))), sheet.digest(canonical, "sha256").hex()


def _judged_envelope(sheet: Sheet, chains: Judging, moment: datetime) -> tuple[EnvelopeFacts, bytes]:
    """Facts of the envelope, and the canonical bytes of what it is over; none when they cannot be had."""
    try:
        root = parse(sheet.text).getroot()
    except Unreadable as unreadable:
        return EnvelopeFacts(reading=unreadable.reading), b""
    place, signature = xmldsig.find(root)
    if signature is None:
        return EnvelopeFacts(place=place), _readable(root)
    try:
        return _envelope(root, signature, sheet, chains, moment)
    except etree.C14NError:  # a relative namespace URI: there is no canonical form (C14N 1.0 §1.3)
        return EnvelopeFacts(place=place, signature=SignatureFacts(malformed=True)), b""


def _envelope(
    root: Element, signature: Element, sheet: Sheet, chains: Judging, moment: datetime
) -> tuple[EnvelopeFacts, bytes]:
    """Facts of the signature, and the canonical bytes of what it is over."""
    markup = xmldsig.markup_in_header(root)
    try:
        parts = xmldsig.take_apart(signature)
    except Oddity as oddity:
        return _odd(str(oddity)), _FOR_READING.of(root)
    if markup:
        return _odd(f"a comment or processing instruction in {markup}"), _FOR_READING.of(root)
    reference, methods = xmldsig.reference_of(parts, root), xmldsig.methods_permission(parts)
    judged = reference in (Reference.DOCUMENT, Reference.ROOT) and parts.transforms is Permission.ALLOWED
    if not judged or methods is not Permission.ALLOWED:
        forbidden = EnvelopeFacts(
            place=Place.SIGNATURE,
            reference=reference,
            transforms=parts.transforms,
            signature=SignatureFacts(methods=methods),
        )
        return forbidden, _FOR_READING.of(root)
    signed_info = xmldsig.signed_info_bytes(parts)
    xmldsig.detach(signature)
    canonical = parts.document_form.of(root.getroottree() if reference is Reference.DOCUMENT else root)
    digest = sheet.digest(canonical, xmldsig.digest_algorithm(parts))
    found = xmldsig.facts(parts, signed_info, digest, chains, moment)
    return EnvelopeFacts(place=Place.SIGNATURE, reference=reference, signature=found), canonical


def _readable(root: Element) -> bytes:
    """Bytes to read an unsigned package from: canonical where there is such a form."""
    try:
        return _FOR_READING.of(root)
    except etree.C14NError:
        return written(Tree(top=root), METHODS[C14N])


def _odd(oddity: str) -> EnvelopeFacts:
    return EnvelopeFacts(place=Place.SIGNATURE, signature=SignatureFacts(oddity=oddity))


def _header(signed_root: Element) -> SignedHeader | None:
    try:
        return signed_header.header(signed_root)
    except Oddity:
        return None


def _attachment(file: signed_header.AttachedFile, chains: Chains, moment: datetime) -> AttachmentFacts:
    digest, found = "", None
    if file.content is not None:
        with file.content.getbuffer() as view:
            digest = hashlib.sha256(view).hexdigest()
        candidate = attachments.pdf_in(file.name, file.content_type, file.content)
        if candidate is not None and candidate.reading is Reading.READ:
            found = pdf.facts(candidate.file, chains, moment)
        elif candidate is not None:
            found = PdfFacts(reading=candidate.reading)
    return AttachmentFacts(content_id=file.content_id, name=file.name, digest=digest, pdf=found)
