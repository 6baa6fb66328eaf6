"""X.509 of the test authority: how its certificates and CRLs are made. Keys, moments and names are given.

An agency's certificate names the agency in its subject only, in three attributes:
`UID` (0.9.2342.19200300.100.1.1) = the agency's code, `O` and `CN` = its name. Who maps a certificate to
`From/OrganId` reads `UID`; there is no subject alternative name.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sim.agencies import Agency

CRL_LIFETIME = timedelta(days=30)

_YEAR = timedelta(days=365)
_SKEW = timedelta(minutes=5)
_ORGANISATION = "Hệ thống giả lập trục liên thông văn bản"
_KEY_USES = (
    "digital_signature",
    "content_commitment",  # X.509's newer word for nonRepudiation
    "key_cert_sign",
    "crl_sign",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)
_CRL_SITE = "http://crl.thu-nghiem.invalid"  # never resolves (RFC 6761); says that revocation is published


class CaName(StrEnum):
    """The two authorities' common names."""

    ROOT = "Cơ quan chứng thực thử nghiệm"
    ISSUING = "Cơ quan cấp chứng thư thử nghiệm"

    @property
    def file(self) -> str:
        """Stem of its files."""
        return self.name.lower()


def root_certificate(key: RSAPrivateKey, moment: datetime) -> x509.Certificate:
    """The self-signed root, valid 20 years around `moment`."""
    subject = _ca_subject(CaName.ROOT)
    builder = _builder(subject, subject, key.public_key(), moment - 6 * _YEAR, moment + 14 * _YEAR)
    return _ca(builder, path_length=1, issuer=key).sign(key, hashes.SHA256())


def issuing_certificate(key: RSAPublicKey, root_key: RSAPrivateKey, moment: datetime) -> x509.Certificate:
    """The issuing authority under the root, valid 15 years around `moment`."""
    builder = _builder(
        _ca_subject(CaName.ISSUING), _ca_subject(CaName.ROOT), key, moment - 5 * _YEAR, moment + 10 * _YEAR
    )
    builder = builder.add_extension(_crl_point(CaName.ROOT), critical=False)
    return _ca(builder, path_length=0, issuer=root_key).sign(root_key, hashes.SHA256())


def agency_certificate(
    agency: Agency, key: RSAPublicKey, issuing_key: RSAPrivateKey, not_before: datetime, not_after: datetime
) -> x509.Certificate:
    """An organisation's signing certificate: digitalSignature and nonRepudiation."""
    builder = _builder(agency_subject(agency), _ca_subject(CaName.ISSUING), key, not_before, not_after)
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key()), critical=False)
        .add_extension(_crl_point(CaName.ISSUING), critical=False)
        .sign(issuing_key, hashes.SHA256())
    )


def agency_subject(agency: Agency) -> x509.Name:
    """Subject of an agency's certificate."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, agency.name),
            x509.NameAttribute(NameOID.COMMON_NAME, agency.name),
            x509.NameAttribute(NameOID.USER_ID, agency.code),
        ]
    )


def revocation_list(name: CaName, key: RSAPrivateKey, revoked: Sequence[int], moment: datetime) -> bytes:
    """A CRL in DER, valid 30 days from `moment`; `revoked` are serial numbers, revoked a week earlier."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_ca_subject(name))
        .last_update(moment - _SKEW)
        .next_update(moment + CRL_LIFETIME)
        .add_extension(x509.CRLNumber(int(moment.timestamp())), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment - timedelta(days=7))
        reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
        builder = builder.add_revoked_certificate(entry.add_extension(reason, critical=False).build())
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: RSAPublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _ca(builder: x509.CertificateBuilder, *, path_length: int, issuer: RSAPrivateKey) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
    )


def _ca_subject(name: CaName) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(**uses: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: uses.get(use, False) for use in _KEY_USES})


def _crl_point(issuer: CaName) -> x509.CRLDistributionPoints:
    address = x509.UniformResourceIdentifier(f"{_CRL_SITE}/{issuer.file}.crl")
    return x509.CRLDistributionPoints([x509.DistributionPoint([address], None, None, None)])
