"""DSA keys that inherit their parameters (RFC 5280 §6.1.4): of certificates, and of who signs lists."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.signature.pki import der
from services.signature.pki.standing import standing
from services.signature.reasons import Reason
from services.signature.verification import RevocationMode, TrustBase
from tests.unit.signature import authority
from tests.unit.signature.hierarchy import AT, DAY, named


def issued(subject: str, public: dsa.DSAPublicKey, issuer: str, by: dsa.DSAPrivateKey, *, ca: bool) -> bytes:
    builder = x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer)).public_key(public)
    builder = builder.serial_number(9).not_valid_before(AT - DAY).not_valid_after(AT + DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(by, hashes.SHA256()).public_bytes(Encoding.DER)


def without_parameters(certificate: bytes, key: dsa.DSAPublicKey, by: dsa.DSAPrivateKey) -> bytes:
    """The same certificate, its key's parameters left out, signed anew."""
    whole = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm, bits = der.parts(der.only(whole).content)
    bare = der.wrapped(der.SEQUENCE, der.wrapped(der.SEQUENCE, next(der.parts(algorithm.content)).whole) + bits.whole)
    tbs, signed_with, _ = der.parts(der.only(certificate).content)
    changed = der.wrapped(der.SEQUENCE, tbs.content.replace(whole, bare))
    signature = der.wrapped(der.BIT_STRING, b"\0" + by.sign(changed, hashes.SHA256()))
    return der.wrapped(der.SEQUENCE, changed + signed_with.whole + signature)


def listed(issuer: str, by: dsa.DSAPrivateKey, *serials: int) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(named(issuer))
    builder = builder.last_update(AT - DAY).next_update(AT + DAY)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(AT - DAY).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(by, hashes.SHA256()).public_bytes(Encoding.DER)


def test_parameters_are_inherited_from_above() -> None:
    top, middle = authority.dsa_key(), authority.dsa_key().parameters().generate_private_key()
    root = issued("Root", top.public_key(), "Root", top, ca=True)
    between = without_parameters(issued("Middle", middle.public_key(), "Root", top, ca=True), middle.public_key(), top)
    leaf = issued("Leaf", top.public_key(), "Middle", middle, ca=False)
    lists = listed("Root", top), listed("Middle", middle)
    base = TrustBase(trust=(root,), crls=lists, revocation=RevocationMode.REQUIRE)
    assert standing(leaf, [between], base, AT).reason is Reason.WEAK_ALGORITHM  # 1024 bits, and all else holds
    revoked = TrustBase(trust=(root,), crls=(lists[0], listed("Middle", middle, 9)), revocation=RevocationMode.REQUIRE)
    assert standing(leaf, [between], revoked, AT).reason is Reason.REVOKED
    stranger = issued("Leaf", top.public_key(), "Middle", top, ca=False)
    assert standing(stranger, [between], base, AT).reason is Reason.UNTRUSTED
