"""Certificates with one named flaw each, for the rules of paths: elliptic curves, so that hundreds cost nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from services.signature.pki.judging import judge_chain
from services.signature.reasons import Reason
from services.signature.verification import (
    Answer,
    Kind,
    PathRules,
    Profile,
    Request,
    RevocationMode,
    TrustBase,
)
from tests.unit.signature.authority import uses

AT = datetime(2026, 11, 20, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)

Extension = tuple[x509.ExtensionType, bool]


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def named(common: str, **more: str) -> x509.Name:
    assert common
    more = {"COUNTRY_NAME": "VN", "COMMON_NAME": common} | more
    return x509.Name([x509.NameAttribute(getattr(NameOID, kind), value) for kind, value in more.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A certificate and its key's name."""

    cert: x509.Certificate
    key: str

    @property
    def der(self) -> bytes:
        return self.cert.public_bytes(Encoding.DER)

    @property
    def name(self) -> x509.Name:
        return self.cert.subject


def made(
    subject: x509.Name | str, by: Made | None = None, *, ca: bool = False, key_name: str = "",
    usage: x509.KeyUsage | None = None, extensions: Iterable[Extension] = (), since: datetime = AT - YEAR,
    until: datetime = AT + YEAR, serial: int = 0, path_length: int | None = None, basic: bool = True,
    issuer: x509.Name | None = None,
) -> Made:  # fmt: skip
    """Self-signed where `by` is nobody."""
    name = named(subject) if isinstance(subject, str) else subject
    own = key_name or name.rfc4514_string()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or (name if by is None else by.name))
        .public_key(key(own).public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )
    granted = usage or (uses("key_cert_sign", "crl_sign") if ca else uses("digital_signature"))
    standard: list[Extension] = [(granted, True)]
    if basic:
        standard.append((x509.BasicConstraints(ca=ca, path_length=path_length), True))
    for extension, critical in (*standard, *extensions):
        builder = builder.add_extension(extension, critical=critical)
    return Made(cert=builder.sign(key(own if by is None else by.key), hashes.SHA256()), key=own)


@cache
def root() -> Made:
    return made("Root", ca=True)


@cache
def middle() -> Made:
    return made("Middle", root(), ca=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry of a list."""

    serial: int
    since: datetime = AT - 2 * DAY
    extensions: Sequence[Extension] = ()


def revoked_list(
    by: Made, *entries: Listed, since: datetime = AT - DAY, until: datetime = AT + DAY, number: int = 1,
    extensions: Iterable[Extension] = (), issuer: x509.Name | None = None,
) -> bytes:  # fmt: skip
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer or by.name)
        .last_update(since)
        .next_update(until)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for entry in entries:
        listed = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.since)
        for extension, critical in entry.extensions:
            listed = listed.add_extension(extension, critical=critical)
        builder = builder.add_revoked_certificate(listed.build())
    return builder.sign(key(by.key), hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a certificate is judged by."""

    trust: Sequence[Made] = field(default_factory=lambda: (root(),))
    between: Sequence[Made] = ()
    crls: Sequence[bytes] = ()
    ocsps: Sequence[bytes] = ()
    revocation: RevocationMode = RevocationMode.IF_PRESENT
    at: datetime = AT
    rules: PathRules = field(default_factory=PathRules)
    profile: Profile = Profile.INTEROP


def answered(leaf: Made | bytes, **given: Any) -> Answer:
    by = Given(**given)
    base = TrustBase(
        trust=tuple(one.der for one in by.trust), intermediates=tuple(one.der for one in by.between),
        crls=tuple(by.crls), ocsps=tuple(by.ocsps), revocation=by.revocation, rules=by.rules,
    )  # fmt: skip
    content = leaf if isinstance(leaf, bytes) else leaf.der
    return judge_chain(Request(kind=Kind.CHAIN, profile=by.profile, content=content, at=by.at, base=base))


def judged(leaf: Made | bytes, **given: Any) -> Reason:
    return answered(leaf, **given).whole.reason
