"""Kind `chain` of `hubctl verify`: one certificate, judged by RFC 5280 and 6960."""

from services.signature.pki import files
from services.signature.pki.anchors import parsed_certificate
from services.signature.pki.certificate import Unreadable
from services.signature.pki.standing import Judged, Purpose, standing
from services.signature.reasons import Reason
from services.signature.verification import Answer, Profile, Request, SignatureAnswer, SignerName, refusal


def judge_chain(request: Request) -> Answer:
    """The first certificate of the file is the one judged; what else is in it may help to find a way."""
    try:
        leaf, *others = files.contents(request.content, files.CERTIFICATES)
    except (files.NotArmoured, ValueError):
        return refusal(Reason.MALFORMED, "there is no certificate in the file")
    purpose = Purpose.DOCUMENTS if request.profile is Profile.EDXML else Purpose.ANY
    found = standing(leaf, others, request.base, request.at, purpose)
    return Answer(whole=SignatureAnswer(reason=found.reason, detail=_detail(found), signer=signer(leaf)))


def _detail(found: Judged) -> str:
    if found.reason is Reason.WEAK_ALGORITHM:
        return f"everything holds, but {', '.join(found.weak)} is weak"
    return found.detail or "the way to an anchor holds"


def signer(certificate_der: bytes) -> SignerName | None:
    """Whom a certificate names; None when it cannot be read."""
    try:
        cert = parsed_certificate(certificate_der)
    except Unreadable:
        return None
    return SignerName(subject=cert.subject_text, issuer=cert.issuer_text, serial=str(cert.quick.serial_number))
