"""Core validation of one signature (XMLDSig §3.2), and what its key is worth.

In this order, so that what is wrong is never hidden behind what cannot be judged:

1. The structure.                                                              STRUCTURE, LIMITS
2. What is forbidden, before anything is evaluated.                            TRANSFORM_FORBIDDEN, ALGORITHM_FORBIDDEN
3. Every reference: what it points at and its digest.                          WRAPPING, NOT_COVERED, DIGEST_MISMATCH …
4. A key, and the value of the signature.                                      NO_KEY, SIGNATURE_MISMATCH
5. What the key is worth.                                                      UNTRUSTED, PATH, EXPIRED, REVOKED …
6. What could not be judged.                            UNSUPPORTED_…, EXTERNAL_REFERENCE, LIMITS, REVOCATION_UNKNOWN
7. What is weak.                                                               WEAK_ALGORITHM
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub.model.statuses import Outcome
from services.signature.dsig import canonical, key_values, methods, parameters, transforms, trust
from services.signature.dsig.coverage import Cover, covers_of
from services.signature.dsig.keys import Candidate, KeyRing, Origin, ring
from services.signature.dsig.methods import DIGESTS
from services.signature.dsig.nodes import Element, Tree
from services.signature.dsig.reading import Document
from services.signature.dsig.references import found
from services.signature.dsig.refusal import Refused
from services.signature.dsig.structure import Parts, Reference, reference, taken_apart
from services.signature.reasons import Reason, verdict_for
from services.signature.verification import EmbeddedKey, Request, SignatureAnswer, SignerName

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_MOST_CERTIFICATES = 8
_MOST_IN_MANIFESTS = 256


@dataclass(slots=True, kw_only=True)
class Finding:
    """What is known of one signature so far."""

    breaks: list[Refused] = field(default_factory=list)
    doubts: list[Refused] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    signer: SignerName | None = None
    signing_time: str = ""

    def note(self, refused: Refused) -> None:
        """A break or a doubt, by what its reason stands for."""
        invalid = verdict_for(refused.reason).outcome is Outcome.INVALID
        (self.breaks if invalid else self.doubts).append(refused)

    @property
    def holds(self) -> bool:
        """True when nothing is wrong and nothing is open; weak ones hold."""
        return not self.breaks and not self.doubts

    def answer(self) -> SignatureAnswer:
        """The first break, else the first doubt, else what is weak."""
        first = next(iter([*self.breaks, *self.doubts]), None)
        if first is None and self.weak:
            first = Refused(Reason.WEAK_ALGORITHM, f"holds, but is weak: {', '.join(dict.fromkeys(self.weak))}"[:300])
        told = "; ".join(self.manifests)[:200]
        return SignatureAnswer(
            reason=first.reason if first else Reason.OK,
            detail=(first.detail if first else "the signature holds") + (f"; {told}" if told else ""),
            covered=tuple(cover.part for cover in self.covers) if self.holds else (),
            signer=self.signer,
            signing_time=self.signing_time,
        )


def judged(signature: Element, document: Document, request: Request) -> Finding:
    """Everything about one Signature element. Never raises for what the document holds."""
    finding = Finding(signing_time=_signing_time(signature))
    try:
        parts = taken_apart(signature)
        _check_forbidden(parts)
        agreed = _agreed(parts, request, finding)
    except Refused as refused:
        finding.note(refused)
        return finding
    for one in parts.references:
        _attempt(finding, lambda one=one: _referred(one, parts, document, request, finding))  # type: ignore[misc]
    _attempt(finding, lambda: _valued(parts, agreed, document, request, finding))
    if not finding.breaks:
        _manifests(parts, document, request, finding)
    return finding


def _attempt(finding: Finding, step: Callable[[], None]) -> None:
    try:
        step()
    except Refused as refused:
        finding.note(refused)


def _check_forbidden(parts: Parts) -> None:
    """XSLT anywhere comes before what is unknown elsewhere."""
    open_ones = []
    for one in parts.references:
        try:
            transforms.check(one.transforms)
        except Refused as refused:
            if refused.reason is Reason.TRANSFORM_FORBIDDEN:
                raise
            open_ones.append(refused)
    if parts.canonicalization.get("Algorithm") == transforms.XSLT:
        raise Refused(Reason.TRANSFORM_FORBIDDEN, "XSLT")


def _agreed(parts: Parts, request: Request, finding: Finding) -> parameters.Agreed | None:
    try:
        agreed = parameters.agreed(parts.method, secret=request.hmac_key, least_bits=request.hmac_min_bits)
    except Refused as refused:
        if refused.reason is not Reason.UNSUPPORTED_ALGORITHM:
            raise
        finding.note(refused)
        return None
    secret = request.hmac_key or b""
    if agreed.bits and (not secret or key_values.public_key(secret) is not None):
        raise Refused(Reason.ALGORITHM_FORBIDDEN, "a public key is no secret")
    if agreed.method.weak:
        finding.weak.append(f"{agreed.method.scheme}-{agreed.method.hash}")
    return agreed


def _referred(one: Reference, parts: Parts, document: Document, request: Request, finding: Finding) -> None:
    data = _digested(one, parts, document, request)
    name = DIGESTS[one.digest_method]
    if not hmac.compare_digest(methods.digest(name, data.octets), one.digest):
        raise Refused(Reason.DIGEST_MISMATCH, f"of {one.uri!r}"[:200])
    if methods.is_weak_hash(name):
        finding.weak.append(name)
    if data.source is not None and data.document is document:
        finding.covers += covers_of(data.source, data.octets)


def _digested(one: Reference, parts: Parts, document: Document, request: Request) -> transforms.Data:
    transforms.check(one.transforms)
    if one.digest_method not in DIGESTS:
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, one.digest_method[:200])
    start = found(one.uri, document, request.external)
    return transforms.digested(transforms.applied(start, one.transforms, parts.element))


def _said(parts: Parts, document: Document) -> bytes:
    """The canonical bytes of SignedInfo."""
    form = transforms.form_of(parts.canonicalization)
    if form is None:
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, parts.canonicalization.get("Algorithm", "")[:200])
    if document.relative:
        raise Refused(Reason.MALFORMED, "a relative namespace URI has no canonical form")
    return canonical.of(Tree(top=parts.signed_info), form)


def _valued(
    parts: Parts, agreed: parameters.Agreed | None, document: Document, request: Request, finding: Finding
) -> None:
    said = _said(parts, document)
    if agreed is None:
        return
    if agreed.bits:
        if not methods.hmac_holds(agreed.method, request.hmac_key or b"", parts.value, said, agreed.bits):
            raise Refused(Reason.SIGNATURE_MISMATCH, "the HMAC is another")
        return
    keys = ring(parts.key_info, document, request, parts.element)
    held = [one for one in keys.candidates if methods.holds(agreed.method, one.key, parts.value, said)]
    named = next((one for one in held or keys.candidates if one.certificate is not None), None)
    if named is not None and named.certificate is not None:
        finding.signer = trust.signer(named.certificate)
    if not keys.candidates:
        raise Refused(Reason.NO_KEY, "there is no key to check it with")
    if not held:
        raise Refused(Reason.SIGNATURE_MISMATCH, "no key that is offered verifies the value")
    _weigh(held, keys, request, finding)


def _weigh(held: Sequence[Candidate], keys: KeyRing, request: Request, finding: Finding) -> None:
    """By the best of the keys that verify the value: one key may have several certificates."""
    weakness = methods.weakness(held[0].key)
    if weakness:
        finding.weak.append(weakness)
    certified = [one.certificate for one in held if one.certificate is not None]
    given = any(one.origin is not Origin.CERTIFICATE for one in held)
    if given or request.embedded_key is EmbeddedKey.ANY or not certified:
        return
    found = []
    for one in certified[:_MOST_CERTIFICATES]:
        others = tuple(key_values.der(other) for other in keys.certificates if other != one)
        found.append((trust.worth(key_values.der(one), others, tuple(keys.lists), request), one))
    worth, best = min(found, key=lambda each: each[0].reason not in (Reason.OK, Reason.WEAK_ALGORITHM))
    finding.signer = trust.signer(best)
    if worth.weak:
        finding.weak.append(worth.weak)
    if worth.reason not in (Reason.OK, Reason.WEAK_ALGORITHM):
        finding.note(Refused(worth.reason, worth.detail))


def _manifests(parts: Parts, document: Document, request: Request, finding: Finding) -> None:
    """Told, but no part of core validity (XMLDSig §5.1)."""
    tops = [cover.top for cover in finding.covers if cover.top.tag == f"{_DSIG}Manifest"]
    listed = [one for top in tops for one in top.iterchildren(f"{_DSIG}Reference")]
    for element in listed[:_MOST_IN_MANIFESTS]:
        try:
            one = reference(element)
            data = _digested(one, parts, document, request)
            same = methods.digest(DIGESTS[one.digest_method], data.octets) == one.digest
            finding.manifests.append(f"manifest {one.uri!r}: " + ("holds" if same else "DIGEST_MISMATCH"))
        except Refused as refused:
            finding.manifests.append(f"manifest: {refused.reason}")


def _signing_time(signature: Element) -> str:
    """As XAdES claims it."""
    times = [str(one.text or "").strip() for one in signature.iter("{*}SigningTime")]
    return times[0][:40] if len(times) == 1 else ""
