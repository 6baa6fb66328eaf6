"""The judges of XML: signatures by either profile, and canonical forms."""

import hashlib
from collections.abc import Sequence

from hub.model.statuses import Outcome
from services.signature.dsig import canonical, coverage, production
from services.signature.dsig.expressions import Expression
from services.signature.dsig.nodes import Element, Nodes, Tree
from services.signature.dsig.reading import Document, read
from services.signature.dsig.refusal import Refused
from services.signature.dsig.validation import Finding, judged
from services.signature.reasons import Reason
from services.signature.verification import Answer, Profile, Request, SignatureAnswer, refusal

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_MOST_SIGNATURES = 64
_WORST_FIRST = (Outcome.INVALID, Outcome.INDETERMINATE, Outcome.ABSENT, Outcome.VALID)
_FORMS = ("Signature", "DigitalSignature")
_CORE_ONLY = ("", "none")


def judge_xml(request: Request) -> Answer:
    """Kind `xmldsig`."""
    if request.profile is Profile.EDXML:
        return production.judge(request)
    try:
        return _judge(request)
    except Refused as refused:
        return refusal(refused.reason, refused.detail)


def _judge(request: Request) -> Answer:
    document = read(request.content, request.id_attributes, request.external)
    signatures = list(document.root.iter(_SIGNATURE))
    if len(signatures) > _MOST_SIGNATURES:
        return refusal(Reason.LIMITS, "more signatures than there may be")
    filled = [one for one in signatures if len(one) or (one.text or "").strip()]
    if not filled:
        return _absent(document.root, signatures)
    if document.relative:
        return refusal(Reason.MALFORMED, "a relative namespace URI has no canonical form")
    findings = [judged(one, document, request) for one in filled]
    answers = [finding.answer() for finding in findings]
    answers += [SignatureAnswer(reason=Reason.PLACEHOLDER, detail="an empty signature")] * (
        len(signatures) - len(filled)
    )
    return Answer(whole=_whole(document, request, findings, answers), signatures=tuple(answers))


def _absent(root: Element, signatures: Sequence[Element]) -> Answer:
    if signatures or any(coverage.local_name(one) in _FORMS for one in root.iter("{*}*")):
        return refusal(Reason.PLACEHOLDER, "an empty signature, or one of another namespace")
    return refusal(Reason.NO_SIGNATURE, "there is no signature")


def _whole(
    document: Document, request: Request, findings: Sequence[Finding], answers: Sequence[SignatureAnswer]
) -> SignatureAnswer:
    """The worst of all; what is consumed must be covered by those that hold."""
    worst = min(answers, key=lambda answer: _WORST_FIRST.index(answer.outcome))
    unbroken = all(not finding.breaks for finding in findings)
    path = request.consumed
    if path not in _CORE_ONLY and unbroken and worst.outcome in (Outcome.VALID, Outcome.INDETERMINATE):
        try:
            coverage.check(document.root, path, [cover for finding in findings for cover in finding.covers])
        except Refused as refused:
            if worst.outcome is Outcome.VALID or worst.reason is Reason.WEAK_ALGORITHM:
                return _with(worst, refused, ())
    covered = tuple(dict.fromkeys(part for answer in answers for part in answer.covered))
    return SignatureAnswer(
        reason=worst.reason,
        detail=worst.detail,
        covered=covered if worst.outcome is Outcome.VALID or worst.reason is Reason.WEAK_ALGORITHM else (),
        signer=worst.signer,
        signing_time=worst.signing_time,
    )


def _with(answer: SignatureAnswer, refused: Refused, covered: tuple[()]) -> SignatureAnswer:
    return SignatureAnswer(
        reason=refused.reason,
        detail=refused.detail,
        covered=covered,
        signer=answer.signer,
        signing_time=answer.signing_time,
    )


def judge_c14n(request: Request) -> Answer:
    """Kind `c14n`."""
    form = canonical.method(request.method, request.prefixes)
    if form is None:
        return refusal(Reason.UNSUPPORTED_TRANSFORM, request.method[:200])
    try:
        document = read(request.content, request.id_attributes, request.external)
        if document.relative:
            return refusal(Reason.MALFORMED, "a relative namespace URI has no canonical form")
        octets = canonical.of(_nodes(document, request), form)
    except Refused as refused:
        if refused.reason is Reason.STRUCTURE:
            return refusal(Reason.BAD_REQUEST, f"xpath: {refused.detail}")
        return refusal(refused.reason, refused.detail)
    sha256 = hashlib.sha256(octets).hexdigest()
    return Answer(whole=SignatureAnswer(reason=Reason.OK, detail=f"{len(octets)} bytes"), sha256=sha256)


def _nodes(document: Document, request: Request) -> Nodes:
    whole = Tree(top=document.root, document=True)
    asked = request.node_set
    if asked is None:
        return whole
    return Expression(asked.expression, dict(asked.namespaces), document, None).node_set()
