"""Kind `pdf` of `hubctl verify`: all signatures of a PDF judged, and the file by them."""

from hub.model.statuses import Outcome
from services.signature.facts import Changes, Coverage, Permission, Reading, SignerFacts, Standing
from services.signature.pades.examining import Examined, Signed, examine
from services.signature.pades.signers import Question
from services.signature.pades.trust import Given
from services.signature.reasons import Reason
from services.signature.verification import (
    Answer,
    CoveredPart,
    Profile,
    Request,
    SignatureAnswer,
    SignerName,
    refusal,
)

_UNREAD = {
    Reading.MALFORMED: (Reason.MALFORMED, "the file cannot be read as a PDF"),
    Reading.DOCTYPE: (Reason.MALFORMED, "the file cannot be read as a PDF"),
    Reading.ENCRYPTED: (Reason.ENCRYPTED, "the file is encrypted, and the password given does not open it"),
    Reading.LIMITS: (Reason.LIMITS, "the file is built larger or deeper than a file may be"),
}
_STANDINGS = {
    Standing.UNTRUSTED: Reason.UNTRUSTED,
    Standing.PATH: Reason.PATH,
    Standing.NOT_YET_VALID: Reason.NOT_YET_VALID,
    Standing.EXPIRED: Reason.EXPIRED,
    Standing.REVOKED: Reason.REVOKED,
}
_DETAILS = {
    Reason.PDF_BYTERANGE: "the byte range is not the file around the signature's own contents",
    Reason.MODIFIED_AFTER_SIGNING: "something came after the signature that may not",
    Reason.MALFORMED: "the signature's message cannot be read",
    Reason.UNSUPPORTED_ALGORITHM: "the form of the signature or one of its algorithms is not supported",
    Reason.NO_KEY: "the certificate to check the signature with is not there",
    Reason.DIGEST_MISMATCH: "the signed bytes are not those that were signed",
    Reason.SIGNATURE_MISMATCH: "the signature does not verify",
}
_OF_ITS_MAKER = frozenset({*_STANDINGS.values(), Reason.OK, Reason.REVOCATION_UNKNOWN, Reason.WEAK_ALGORITHM})
"""What may be said of a document's time stamp whose own bytes hold: it proves nothing then, and nobody less."""


def judge_pdf(request: Request) -> Answer:
    """Judge a PDF by the request."""
    trust = Given(request.base, request.embedded_key)
    question = Question(trust=trust, profile=request.profile)
    found = examine(request.content, question, request.at, request.password)
    if found.reading is not Reading.READ:
        return refusal(*_UNREAD[found.reading])
    people = [one for one in found.signatures if not one.is_stamp]
    if not found.signatures or (not people and request.profile is Profile.EDXML):
        return refusal(Reason.NO_SIGNATURE, "there is no signature in the file")
    return _whole(found)


def reason_of(one: Signed) -> Reason:
    """The reason of the verdict on one signature; what cannot be judged comes after what is wrong."""
    facts, standing = one.facts.signature, one.signer.standing
    checks: tuple[tuple[bool, Reason], ...] = (
        (not one.facts.byte_range, Reason.PDF_BYTERANGE),
        (_modified(one), Reason.MODIFIED_AFTER_SIGNING),
        (facts.malformed, Reason.MALFORMED),
        (bool(facts.oddity), Reason.STRUCTURE),
        (facts.methods is Permission.FORBIDDEN, Reason.ALGORITHM_FORBIDDEN),
        (facts.methods is Permission.UNSUPPORTED, Reason.UNSUPPORTED_ALGORITHM),
        (facts.signer is None, Reason.NO_KEY),
        (not facts.digest_holds, Reason.DIGEST_MISMATCH),
        (not facts.signature_holds, Reason.SIGNATURE_MISMATCH),
        (standing is None, Reason.UNTRUSTED),
    )
    wrong = next((reason for holds, reason in checks if holds), None)
    if wrong is not None or standing is None:
        return wrong or Reason.UNTRUSTED
    if standing.reason is Reason.OK and facts.weak:
        return Reason.WEAK_ALGORITHM
    return standing.reason


def _modified(one: Signed) -> bool:
    """After the last signature only time stamps and validation data; before that form fields as the signer allows."""
    harmless = {Changes.NONE, Changes.ARCHIVAL} if one.facts.last else {Changes.NONE, Changes.ARCHIVAL, Changes.FORM}
    return one.facts.coverage is Coverage.PARTIAL or one.facts.changes not in harmless


def _whole(found: Examined) -> Answer:
    judged = [(one, _answer(one)) for one in found.signatures]
    people = [pair for pair in judged if not pair[0].is_stamp]
    counted = [pair[1] for pair in judged if not people or not pair[0].is_stamp or pair[1].reason not in _OF_ITS_MAKER]
    broken = next((each for each in counted if each.outcome is Outcome.INVALID), None)
    unsure = next((each for each in counted if each.outcome is not Outcome.VALID), None)
    deciding = broken or unsure
    last = (people or judged)[-1][1]
    shown = deciding or last
    whole = SignatureAnswer(
        reason=shown.reason,
        detail=shown.detail,
        covered=last.covered,
        signer=shown.signer,
        signing_time=shown.signing_time,
        timestamp=shown.timestamp,
    )
    return Answer(whole=whole, signatures=tuple(answer for _, answer in judged))


def _answer(one: Signed) -> SignatureAnswer:
    facts, reason = one.facts.signature, reason_of(one)
    extent = one.facts.coverage.value if one.facts.byte_range else Coverage.PARTIAL.value
    return SignatureAnswer(
        reason=reason,
        detail=_detail(one, reason),
        covered=(CoveredPart(extent=extent, bytes=one.covered),),
        signer=_name(facts.signer),
        signing_time=facts.signing_time,
        timestamp=one.signer.proven.isoformat(timespec="seconds") if one.signer.proven else "",
    )


def _detail(one: Signed, reason: Reason) -> str:
    facts, standing = one.facts.signature, one.signer.standing
    who = f"{'time stamp' if one.is_stamp else 'signature'} in field {one.field.name[:60]!r}"
    if reason is Reason.OK:
        level = f", PAdES {one.level}" if one.level else ""
        return f"{who} holds{level}{_failed_stamps(one)}"
    if reason is Reason.WEAK_ALGORITHM:
        weak = {*facts.weak, *(standing.weak if standing else ())}
        return f"{who}: everything holds, but {', '.join(sorted(weak))} is weak"
    if reason is Reason.STRUCTURE:
        return f"{who}: {facts.oddity}"
    said = _DETAILS.get(reason) or (standing.detail if standing else "") or str(reason)
    return f"{who}: {said}{_failed_stamps(one)}"


def _failed_stamps(one: Signed) -> str:
    failed = [each for each in one.signer.stamps if each.proves is None]
    return "; a time stamp on it proves nothing" if failed and not one.is_stamp else ""


def _name(signer: SignerFacts | None) -> SignerName | None:
    if signer is None:
        return None
    try:
        serial = str(int(signer.serial, 16))
    except ValueError:
        serial = signer.serial
    return SignerName(subject=signer.subject, issuer=signer.issuer, serial=serial)
