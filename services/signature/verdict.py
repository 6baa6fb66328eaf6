"""Judges facts. Pure: the same facts about the same document always give the same verdict.

Checks of the envelope (reliability contract, profile `edxml`), in this order; the first that fails gives the reason:

 1. The package can be read: no DOCTYPE, XML 1.0 in UTF-8, within limits.   DOCTYPE_FORBIDDEN, MALFORMED, LIMITS
 2. There is a signature, and it is no placeholder.                         NO_SIGNATURE, PLACEHOLDER
 3. It is the only one, at its place, in the form the profile demands,
    and no comment splits an identifying field.                             STRUCTURE
 4. Its one reference is the whole document.                   WRAPPING, NOT_COVERED, EXTERNAL_REFERENCE
 5. Its transforms are on the list.                                         TRANSFORM_FORBIDDEN
 then 10 to 15, and last
16. The certificate's UID is a code of the agency in the signed From.       SENDER_MISMATCH
    (A From that is missing or stands there twice covers nothing.)          NOT_COVERED
17. The signed fields and attachments are those the hub acts on.            NOT_COVERED
 then 18 and 19.

Checks of a PDF's signature (each is judged; the file's verdict is on each of them):

 6. The file can be read.                                                   MALFORMED, ENCRYPTED, LIMITS
 7. There is a signature.                                                   NO_SIGNATURE
 8. Its byte range is the file around its own contents.                     PDF_BYTERANGE
 9. Nothing came after it but what may: after the last one only time stamps
    and validation data, before that form fields as the signer allows.      MODIFIED_AFTER_SIGNING
 then 10 to 15, 18 and 19.

Checks of both:

10. The message is one signature in its standard's form.                    MALFORMED, STRUCTURE
11. Its algorithms are on the list.                    ALGORITHM_FORBIDDEN, UNSUPPORTED_ALGORITHM
12. There is a certificate to check it with.                                NO_KEY
13. The digest of what it covers is the signed one.                         DIGEST_MISMATCH
14. The signature verifies.                                                 SIGNATURE_MISMATCH
15. The certificate leads to an anchor, at the time of receipt.  UNTRUSTED, PATH, NOT_YET_VALID, EXPIRED, REVOKED
18. Its revocation is known.                                                REVOCATION_UNKNOWN
19. Nothing about it is weak.                                               WEAK_ALGORITHM

What cannot be judged comes last, so that what is wrong is never hidden behind it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator

from hub.model.ids import AgencyCode, Digest
from hub.model.values import DocumentHeader, SignatureFinding
from services.signature.facts import (
    AttachmentFacts,
    ChainFacts,
    Changes,
    Coverage,
    DocumentFacts,
    EnvelopeFacts,
    PdfSignatureFacts,
    Permission,
    Place,
    Reading,
    Reference,
    SignatureFacts,
    SignerFacts,
    Standing,
)
from services.signature.reasons import Reason, verdict_for

ENVELOPE = "envelope"

_SHORT = 100

_READINGS = {
    Reading.DOCTYPE: Reason.DOCTYPE_FORBIDDEN,
    Reading.MALFORMED: Reason.MALFORMED,
    Reading.ENCRYPTED: Reason.ENCRYPTED,
    Reading.LIMITS: Reason.LIMITS,
}
_PLACES = {
    Place.NOTHING: Reason.NO_SIGNATURE,
    Place.PLACEHOLDER: Reason.PLACEHOLDER,
    Place.ELSEWHERE: Reason.STRUCTURE,
    Place.SEVERAL: Reason.STRUCTURE,
}
_REFERENCES = {
    Reference.AMBIGUOUS: Reason.WRAPPING,
    Reference.ELEMENT: Reason.NOT_COVERED,
    Reference.EXTERNAL: Reason.EXTERNAL_REFERENCE,
}
_METHODS = {
    Permission.FORBIDDEN: Reason.ALGORITHM_FORBIDDEN,
    Permission.UNSUPPORTED: Reason.UNSUPPORTED_ALGORITHM,
}
_STANDINGS = {
    Standing.UNTRUSTED: Reason.UNTRUSTED,
    Standing.PATH: Reason.PATH,
    Standing.NOT_YET_VALID: Reason.NOT_YET_VALID,
    Standing.EXPIRED: Reason.EXPIRED,
    Standing.REVOKED: Reason.REVOKED,
}
_NO_SIGNER = SignerFacts(subject="", issuer="", serial="", agency="")
_NO_SIGNATURE = SignatureFacts()

Check = Callable[[], Reason | None]


def findings(
    facts: DocumentFacts, document: DocumentHeader, sender_codes: Collection[AgencyCode]
) -> tuple[SignatureFinding, ...]:
    """A finding on the envelope, then on each signature of each PDF; an unsigned PDF has one finding too.

    `sender_codes` are all codes, present and past, of the agency in the document's From; empty when it is unknown.
    """
    judged = [_envelope_finding(facts, document, sender_codes)]
    known = {attachment.digest: attachment for attachment in document.attachments}
    for attachment in facts.attachments:
        same = known.get(Digest(attachment.digest))
        part, name = (same.content_id, same.name) if same else (attachment.content_id, attachment.name)
        judged += _pdf_findings(attachment, part, name)
    return tuple(judged)


def only(reason: Reason) -> tuple[SignatureFinding, ...]:
    """The finding on a document of which nothing else is known: its worker hung, died or ran out of memory."""
    return (_finding(ENVELOPE, "", reason, _NO_SIGNATURE, ""),)


def _first(*checks: Check) -> Reason:
    return next((reason for check in checks if (reason := check()) is not None), Reason.OK)


def _envelope_finding(
    facts: DocumentFacts, document: DocumentHeader, sender_codes: Collection[AgencyCode]
) -> SignatureFinding:
    envelope, signature = facts.envelope, facts.envelope.signature or _NO_SIGNATURE
    reason = _first(
        lambda: _READINGS.get(envelope.reading),  # 1
        lambda: _PLACES.get(envelope.place),  # 2, 3
        lambda: _odd(signature),  # 3, 10
        lambda: _REFERENCES.get(envelope.reference),  # 4
        lambda: Reason.TRANSFORM_FORBIDDEN if envelope.transforms is not Permission.ALLOWED else None,  # 5
        lambda: _broken(signature),  # 11 to 15
        lambda: _sender(envelope, signature, document, sender_codes),  # 16
        lambda: _covered(facts, document),  # 17
        lambda: _uncertain(signature),  # 18, 19
    )
    return _finding(ENVELOPE, "", reason, signature, "/edXML[1]" if signature.digest_holds else "")


def _pdf_findings(attachment: AttachmentFacts, part: str, name: str) -> Iterator[SignatureFinding]:
    if attachment.pdf is None:
        return
    unread = _READINGS.get(attachment.pdf.reading)  # 6
    if unread is not None or not attachment.pdf.signatures:  # 7
        reason = unread or Reason.NO_SIGNATURE
        yield _finding(part, name, reason, _NO_SIGNATURE, "")
    for one in attachment.pdf.signatures:
        reason = _pdf_reason(one)
        covered = one.coverage if one.byte_range else ""
        yield _finding(part, name, reason, one.signature, covered)


def _pdf_reason(one: PdfSignatureFacts) -> Reason:
    signature = one.signature
    return _first(
        lambda: None if one.byte_range else Reason.PDF_BYTERANGE,  # 8
        lambda: _modified(one),  # 9
        lambda: _odd(signature),  # 10
        lambda: _broken(signature),  # 11 to 15
        lambda: _uncertain(signature),  # 18, 19
    )


def _modified(one: PdfSignatureFacts) -> Reason | None:
    """Check 9."""
    harmless = {Changes.NONE, Changes.ARCHIVAL} if one.last else {Changes.NONE, Changes.ARCHIVAL, Changes.FORM}
    if one.coverage is Coverage.PARTIAL or one.changes not in harmless:
        return Reason.MODIFIED_AFTER_SIGNING
    return None


def _odd(signature: SignatureFacts) -> Reason | None:
    """Check 10."""
    if signature.malformed:
        return Reason.MALFORMED
    return Reason.STRUCTURE if signature.oddity else None


def _broken(signature: SignatureFacts) -> Reason | None:
    """Checks 11 to 15. What was not computed does not hold."""
    return _METHODS.get(signature.methods) or (
        Reason.NO_KEY
        if signature.signer is None
        else Reason.DIGEST_MISMATCH
        if not signature.digest_holds
        else Reason.SIGNATURE_MISMATCH
        if not signature.signature_holds
        else _STANDINGS.get(_chain(signature).standing)
    )


def _chain(signature: SignatureFacts) -> ChainFacts:
    return signature.chain or ChainFacts(standing=Standing.UNTRUSTED)


def _sender(
    envelope: EnvelopeFacts, signature: SignatureFacts, document: DocumentHeader, codes: Collection[AgencyCode]
) -> Reason | None:
    """Check 16: certificate, signed From and the sender that the hub acts on are one agency."""
    if envelope.header is None:
        return Reason.NOT_COVERED
    signer = signature.signer or _NO_SIGNER
    if envelope.header.sender != document.sender.strip() or AgencyCode(signer.agency) not in codes:
        return Reason.SENDER_MISMATCH
    return None


def _covered(facts: DocumentFacts, document: DocumentHeader) -> Reason | None:
    """Check 17: what was signed is what is routed, shown and stored."""
    header = facts.envelope.header
    same = header is not None and (
        header.recipients == tuple(code.strip() for code in document.recipients)
        and header.document_id == document.document_id.strip()
        and (header.business_type.lstrip("0") or "0") == document.business_type
        and _one_line(header.number) == document.number
        and _one_line(header.notation) == document.notation
    )
    signed = Counter(attachment.digest for attachment in facts.attachments)
    announced = Counter(str(attachment.digest) for attachment in document.attachments)
    return None if same and signed == announced else Reason.NOT_COVERED


def _one_line(text: str) -> str:
    """As intake shortens the parts of a document's code."""
    return " ".join(text.split())[:_SHORT]


def _uncertain(signature: SignatureFacts) -> Reason | None:
    """Checks 18 and 19."""
    chain = _chain(signature)
    if chain.standing is Standing.REVOCATION_UNKNOWN:
        return Reason.REVOCATION_UNKNOWN
    return Reason.WEAK_ALGORITHM if signature.weak or chain.weak else None


def _finding(part: str, name: str, reason: Reason, signature: SignatureFacts, covered: str) -> SignatureFinding:
    signer = signature.signer or _NO_SIGNER
    return SignatureFinding(
        part=part,
        name=name,
        verdict=verdict_for(reason),
        signer=signer.subject,
        issuer=signer.issuer,
        serial=signer.serial,
        signing_time=signature.signing_time,
        covered=covered,
    )
