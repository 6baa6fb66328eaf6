"""Certificates as signers: whom they name, and their key. Parsing is remembered by the bytes; judging never is.

Real certificates have 1 to 4 KB. Long ones are not remembered, else a file that carries many would fill the memory of
its worker for good; and very long ones are not read at all.
"""

from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import NameOID

from services.signature.facts import SignerFacts

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey
"""Kinds of keys that sign documents here."""

LARGEST = 64 * 1024
LARGEST_REMEMBERED = 16 * 1024
_RSA_BITS = 2048
_LONGEST_NAME = 300
_LONGEST_SERIAL = 40  # 20 octets (RFC 5280 §4.1.2.2)
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that could be read. `key` is None when it is of a kind that we do not know."""

    der: bytes
    signer: SignerFacts
    key: PublicKey | None
    weak: str
    """Why its key is weak, empty when it is not."""


def read(der: bytes) -> Certificate | None:
    """A certificate in DER; None when it cannot be read."""
    if len(der) > LARGEST:
        return None
    return _remembered(der) if len(der) <= LARGEST_REMEMBERED else _read(der)


@lru_cache(maxsize=1024)
def _remembered(der: bytes) -> Certificate | None:
    return _read(der)


def _read(der: bytes) -> Certificate | None:
    try:
        certificate = x509.load_der_x509_certificate(der)
        signer = SignerFacts(
            subject=certificate.subject.rfc4514_string()[:_LONGEST_NAME],
            issuer=certificate.issuer.rfc4514_string()[:_LONGEST_NAME],
            serial=format(certificate.serial_number, "x")[:_LONGEST_SERIAL],
            agency=_agency(certificate.subject),
        )
        key = _key(certificate)
    except (ValueError, TypeError, x509.InvalidVersion):
        return None
    return Certificate(der=der, signer=signer, key=key, weak=_weakness(key))


def _agency(subject: x509.Name) -> str:
    """The subject's UID is the agency's code. Two of them name nobody."""
    named = subject.get_attributes_for_oid(NameOID.USER_ID)
    value = named[0].value if len(named) == 1 else ""
    return value if isinstance(value, str) else ""


def _key(certificate: x509.Certificate) -> PublicKey | None:
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return None
    return key if isinstance(key, PublicKey) else None


def _weakness(key: PublicKey | None) -> str:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        return key.curve.name
    return "dsa" if isinstance(key, dsa.DSAPublicKey) else ""
