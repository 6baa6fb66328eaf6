"""The production profile for `hubctl verify`: the facts and the order of checks are the service's own.

There is no registry of agencies here: whoever the certificate names must be the signed sender; a certificate that names
no agency is judged by its chain alone. What the hub acts on is what was signed, for nothing else is known.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hub.model.ids import AgencyCode, Digest, DocumentId, HubId
from hub.model.statuses import BusinessType, Outcome
from hub.model.values import DocumentHeader, Package
from services.signature import document, verdict
from services.signature.dsig import trust
from services.signature.facts import ChainFacts, DocumentFacts, SignedHeader, SignerFacts
from services.signature.reasons import Reason
from services.signature.verification import Answer, CoveredPart, Request, SignatureAnswer, SignerName

_SHORT = 100
_NOBODY = SignedHeader(sender="", recipients=(), document_id="", business_type="0", number="", notation="")


class _Given:
    """Chains by what a request gives."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def judge(self, certificate: bytes, others: Sequence[bytes], moment: datetime) -> ChainFacts:  # noqa: ARG002
        """The request's own moment counts."""
        return trust.chain_facts(certificate, tuple(others), self._request)


def judge(request: Request) -> Answer:
    """The verdict on the envelope."""
    sha256 = hashlib.sha256(request.content).hexdigest()
    envelope, covered = document.envelope_alone(request.content, sha256, _Given(request), request.at)
    found = DocumentFacts(envelope=envelope)
    signer = envelope.signature.signer if envelope.signature is not None else None
    header = envelope.header or _NOBODY
    codes = [signer.agency if signer is not None and signer.agency else header.sender]
    if signer is not None and not signer.agency and envelope.signature is not None:
        named = replace(signer, agency=header.sender)
        found = DocumentFacts(envelope=replace(envelope, signature=replace(envelope.signature, signer=named)))
    finding = verdict.findings(found, _acted_on(header, sha256), [AgencyCode(code) for code in codes])[0]
    reason = Reason(finding.verdict.reason)
    if reason is Reason.OK and header.sender not in codes:
        reason = Reason.SENDER_MISMATCH
    part = CoveredPart(path="/edXML[1]", sha256=covered)
    holds = finding.verdict.outcome is Outcome.VALID or reason is Reason.WEAK_ALGORITHM
    answer = SignatureAnswer(
        reason=reason,
        detail=_detail(envelope.signature.oddity if envelope.signature is not None else "", reason),
        covered=(part,) if holds else (),
        signer=_signer(signer),
    )
    return Answer(whole=answer, signatures=() if answer.outcome is Outcome.ABSENT else (answer,))


def _acted_on(header: SignedHeader, sha256: str) -> DocumentHeader:
    return DocumentHeader(
        hub_id=HubId(""),
        document_id=DocumentId(header.document_id),
        business_type=_business_type(header),
        sender=AgencyCode(header.sender),
        sender_name="",
        recipients=tuple(map(AgencyCode, header.recipients)),
        number=" ".join(header.number.split())[:_SHORT],
        notation=" ".join(header.notation.split())[:_SHORT],
        subject="",
        type_name="",
        promulgation_date="",
        priority=0,
        paper=False,
        attachments=(),
        package=Package(digest=Digest(sha256), size=0),
    )


def _business_type(header: SignedHeader) -> BusinessType:
    """One that is none stays none: NOT_COVERED."""
    try:
        return BusinessType(header.business_type.lstrip("0") or "0")
    except ValueError:
        return BusinessType.NEW


def _signer(facts: SignerFacts | None) -> SignerName | None:
    if facts is None or not facts.subject:
        return None
    return SignerName(subject=facts.subject, issuer=facts.issuer, serial=str(int(facts.serial or "0", 16)))


def _detail(oddity: str, reason: Reason) -> str:
    return oddity or ("the whole package is signed" if reason is Reason.OK else f"the envelope's signature: {reason}")
