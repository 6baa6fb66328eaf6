"""The one place where XML signatures ask what a certificate is worth."""

from dataclasses import dataclass, replace

from cryptography import x509

from services.signature.facts import ChainFacts, Standing
from services.signature.pki.standing import Purpose, standing
from services.signature.reasons import Reason
from services.signature.verification import Request, SignerName

_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Reason OK: it leads to an anchor. WEAK_ALGORITHM is for the end, when everything else holds."""

    reason: Reason
    weak: str = ""
    detail: str = ""


def worth(certificate: bytes, others: tuple[bytes, ...], lists: tuple[bytes, ...], request: Request) -> Worth:
    """Of the signer's certificate (DER); `others` and `lists` (CRLs) came along with the document."""
    base = replace(request.base, crls=(*request.base.crls, *lists))
    found = standing(certificate, others, base, request.at, Purpose.ANY)
    if found.standing is Standing.TRUSTED and not _may_sign(certificate):
        return Worth(reason=Reason.PATH, detail="a key that may not sign")
    return Worth(reason=found.reason, weak=", ".join(found.weak), detail=found.detail)


def chain_facts(certificate: bytes, others: tuple[bytes, ...], request: Request) -> ChainFacts:
    """The same for the production profile."""
    found = standing(certificate, others, request.base, request.at, Purpose.DOCUMENTS)
    return ChainFacts(standing=found.standing, weak=found.weak)


def _may_sign(certificate: bytes) -> bool:
    try:
        usage = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return usage.digital_signature or usage.content_commitment


def signer(certificate: x509.Certificate) -> SignerName:
    """Whom a certificate names."""
    return SignerName(
        subject=certificate.subject.rfc4514_string()[:_LONGEST],
        issuer=certificate.issuer.rfc4514_string()[:_LONGEST],
        serial=str(certificate.serial_number),
    )
