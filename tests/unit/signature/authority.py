"""A small authority for tests: a root, an issuing authority, agencies, and certificates with one named flaw each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import x509 as asn1_x509
from asn1crypto.core import Null
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from services.signature.chain import Chains, Revocation

RECEIVED = datetime(2026, 11, 20, 2, 15, 2, tzinfo=UTC)
"""The moment at which the test documents were received."""
YEAR = timedelta(days=365)
SENDER, OTHER = "000.00.07.H99", "000.00.00.G22"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey
_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A key with its certificate, and the certificates that go along."""

    key: Key
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()

    @property
    def ders(self) -> tuple[bytes, ...]:
        return tuple(one.public_bytes(Encoding.DER) for one in (self.certificate, *self.issuers))


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key by name: the same name gives the same key within a run."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    assert name
    return ec.generate_private_key(ec.SECP256R1())


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(1024)  # noqa: S505 - parameters of 2048 bits take seconds


def name(common: str, *codes: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cơ quan thử nghiệm"),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
        *(x509.NameAttribute(NameOID.USER_ID, code) for code in codes),
    ])  # fmt: skip


def uses(*granted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in granted for use in _USES})


def certificate(
    subject: x509.Name, public: Key, issuer: x509.Name, signer: rsa.RSAPrivateKey, *, serial: int = 0,
    since: datetime = RECEIVED - YEAR, until: datetime = RECEIVED + YEAR, authority: bool = False,
    path_length: int | None = None, usage: x509.KeyUsage | None = None,
) -> x509.Certificate:  # fmt: skip
    granted = usage or (
        uses("key_cert_sign", "crl_sign") if authority else uses("digital_signature", "content_commitment")
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(granted, critical=True)
        .sign(signer, hashes.SHA256())
    )


def weakly_issued() -> Identity:
    """An identity whose certificate the issuing authority signed with SHA-1, which cryptography no longer does."""
    strong = issued(key("sender"), SENDER)
    made = asn1_x509.Certificate.load(strong.ders[0])
    made["tbs_certificate"]["signature"] = made["signature_algorithm"] = {"algorithm": "sha1_rsa", "parameters": Null()}
    tbs = made["tbs_certificate"].dump(force=True)
    made["signature_value"] = key("issuing").sign(tbs, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - weak on purpose
    weak = x509.load_der_x509_certificate(made.dump(force=True))
    return Identity(key=strong.key, certificate=weak, issuers=strong.issuers)


ROOT_NAME, ISSUING_NAME = name("Gốc"), name("Cấp chứng thư")
REVOKED_SERIAL, REVOKED_LATER_SERIAL = 0x5EC0ED, 0x1A7E
REVOKED_LATER = RECEIVED + timedelta(days=2)


@cache
def root() -> x509.Certificate:
    return certificate(ROOT_NAME, key("root"), ROOT_NAME, key("root"), authority=True, path_length=1,
                       since=RECEIVED - 5 * YEAR, until=RECEIVED + 5 * YEAR)  # fmt: skip


@cache
def issuing() -> x509.Certificate:
    return certificate(ISSUING_NAME, key("issuing"), ROOT_NAME, key("root"), authority=True, path_length=0,
                       since=RECEIVED - 4 * YEAR, until=RECEIVED + 4 * YEAR)  # fmt: skip


def issued(public: Key, *codes: str, serial: int = 0, **more: object) -> Identity:
    """An identity whose certificate the issuing authority signed."""
    made = certificate(name("Sở Mẫu", *codes), public, ISSUING_NAME, key("issuing"), serial=serial, **more)  # type: ignore[arg-type]
    return Identity(key=public, certificate=made, issuers=(issuing(),))


@cache
def sender() -> Identity:
    return issued(key("sender"), SENDER)


@cache
def other() -> Identity:
    return issued(key("other"), OTHER)


@cache
def rogue() -> Identity:
    """Everything named as the real ones, under keys of its own."""
    forged = certificate(ISSUING_NAME, key("rogue"), ROOT_NAME, key("rogue root"), authority=True, path_length=0)
    made = certificate(name("Sở Mẫu", SENDER), key("attacker"), ISSUING_NAME, key("rogue"))
    return Identity(key=key("attacker"), certificate=made, issuers=(forged,))


def crl(issuer: x509.Name, signer: rsa.RSAPrivateKey, *, published: datetime = RECEIVED - timedelta(days=1),
        until: datetime = RECEIVED + timedelta(days=29)) -> bytes:  # fmt: skip
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(published).next_update(until)
    for serial, since in ((REVOKED_SERIAL, RECEIVED - timedelta(days=7)), (REVOKED_LATER_SERIAL, REVOKED_LATER)):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


def crls(**when: datetime) -> list[bytes]:
    return [crl(ROOT_NAME, key("root"), **when), crl(ISSUING_NAME, key("issuing"), **when)]


def anchors(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates or (root(),))


@cache
def usual() -> Chains:
    """The anchors and CRLs that most tests judge by."""
    return chains()


def chains(revocation: Revocation = Revocation.REQUIRE, lists: list[bytes] | None = None) -> Chains:
    return Chains(anchors(), crls() if lists is None else lists, revocation)
