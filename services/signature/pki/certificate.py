"""A certificate taken apart, with the very bytes of each part; extensions are read when they are asked for."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cryptography import x509

from services.signature.pki import der, names, signing
from services.signature.pki.der import Part
from services.signature.pki.names import NameKey

LARGEST = 64 * 1024
_LONGEST_TEXT = 300
_LONGEST_SERIAL = 21  # 20 octets (RFC 5280 §4.1.2.2), and one for the sign

SUBJECT_KEY, KEY_USAGE, SUBJECT_ALT_NAME, ISSUER_ALT_NAME = "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.18"
BASIC_CONSTRAINTS, NAME_CONSTRAINTS, CRL_POINTS, POLICIES = "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.32"
POLICY_MAPPINGS, AUTHORITY_KEY, POLICY_CONSTRAINTS = "2.5.29.33", "2.5.29.35", "2.5.29.36"
EXTENDED_USAGE, FRESHEST, INHIBIT_ANY = "2.5.29.37", "2.5.29.46", "2.5.29.54"
INFORMATION_ACCESS, SUBJECT_INFORMATION = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.11"
NO_CHECK, QC_STATEMENTS = "1.3.6.1.5.5.7.48.1.5", "1.3.6.1.5.5.7.1.3"

_USES = ("digital_signature", "non_repudiation", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip


class Unreadable(Exception):  # noqa: N818 - says what it is
    """Not the thing it should be, or not by its rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One extension; `value` is what its OCTET STRING holds."""

    critical: bool
    value: bytes


@dataclass(frozen=True, eq=False, kw_only=True)
class Cert:
    """A certificate that could be read at its surface. Equal when its bytes are."""

    der: bytes
    digest: bytes
    quick: x509.Certificate
    """For its dates and signature algorithm, never for its bytes or key: see `_with_parameters`."""
    signed: bytes
    """tbsCertificate in DER."""
    subject_der: bytes
    issuer_der: bytes
    subject: NameKey
    issuer: NameKey
    serial: bytes
    """INTEGER in DER, as lists and answers must have it."""
    key_info: bytes
    """SubjectPublicKeyInfo in DER."""
    since: datetime
    until: datetime
    extensions: dict[str, Extension]
    same_algorithms: bool
    """The algorithm named inside is the one named outside (RFC 5280 §4.1.1.2)."""
    whole_octets: bool
    """Its signature does not end within an octet, as none does: else it could be written in several ways."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cert) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are one name: a new key of the same authority."""
        return self.subject == self.issuer

    @property
    def subject_text(self) -> str:
        """RFC 4514; empty where it cannot be written so."""
        return _text(self.quick, "subject")

    @property
    def issuer_text(self) -> str:
        """RFC 4514; empty where it cannot be written so."""
        return _text(self.quick, "issuer")

    @cached_property
    def authority(self) -> bool:
        """It says it is a CA's."""
        return self._basic[0]

    @property
    def path_length(self) -> int | None:
        """Most authorities below it that are not self-issued; None: any number."""
        return self._basic[1]

    @cached_property
    def uses(self) -> frozenset[str] | None:
        """Key usage; None: any."""
        usage = self.value(KEY_USAGE)
        if usage is None:
            return None
        at = bits(usage.content)
        return frozenset(name for place, name in enumerate(_USES) if place in at)

    @cached_property
    def extended_uses(self) -> frozenset[str] | None:
        """Extended key usage as OIDs; None: any."""
        usage = self.value(EXTENDED_USAGE)
        return None if usage is None else frozenset(oids(usage.content))

    @cached_property
    def key_identifier(self) -> bytes | None:
        """Subject key identifier: a hint, so one that cannot be read is none."""
        try:
            found = self.value(SUBJECT_KEY)
        except Unreadable:
            return None
        return None if found is None else found.content

    @cached_property
    def authority_key(self) -> bytes | None:
        """The issuer's key identifier: a hint too."""
        try:
            found = self.value(AUTHORITY_KEY)
            fields = () if found is None else der.parts(found.content)
            return next((part.content for part in fields if part.identifier == 0x80), None)  # noqa: PLR2004 - [0]
        except (Unreadable, ValueError):
            return None

    def value(self, oid: str) -> Part | None:
        """An extension's value; None when it is not there. Raises Unreadable."""
        extension = self.extensions.get(oid)
        return None if extension is None else one(extension.value)

    @cached_property
    def _basic(self) -> tuple[bool, int | None]:
        basic = self.value(BASIC_CONSTRAINTS)
        found = [] if basic is None else read(basic.content)
        ca = any(part.identifier == der.BOOLEAN and part.content != b"\0" for part in found)
        length = next((number(part.content) for part in found if part.identifier == der.INTEGER), None)
        return ca, length


def _text(quick: x509.Certificate, which: str) -> str:
    try:
        name: x509.Name = getattr(quick, which)
        return name.rfc4514_string()[:_LONGEST_TEXT]
    except (ValueError, TypeError):
        return ""


def one(content: bytes) -> Part:
    """The one value in there. Raises Unreadable."""
    try:
        return der.only(content)
    except ValueError as error:
        raise Unreadable("an extension") from error


def read(content: bytes) -> list[Part]:
    """The values in there. Raises Unreadable."""
    try:
        return list(der.parts(content))
    except ValueError as error:
        raise Unreadable("an extension") from error


def oids(content: bytes) -> list[str]:
    """A sequence of object identifiers. Raises Unreadable."""
    try:
        return [der.dotted(part.content) for part in read(content)]
    except ValueError as error:
        raise Unreadable("object identifiers") from error


def bits(content: bytes) -> frozenset[int]:
    """Which bits of a BIT STRING are set. Raises Unreadable."""
    if not content or content[0] > 7:  # noqa: PLR2004 - bits of an octet that may be unused
        raise Unreadable("bits")
    octets = content[1:]
    return frozenset(at for at in range(min(8 * len(octets), 64)) if octets[at // 8] & (0x80 >> at % 8))


def number(content: bytes) -> int:
    """A number that is not negative. Raises Unreadable."""
    found = int.from_bytes(content, "big", signed=True)
    if not content or found < 0:
        raise Unreadable("a number below zero")
    return found


def certificate(content: bytes) -> Cert:
    """A certificate in DER. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable("longer than any certificate")
    try:
        return _taken_apart(content)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion) as error:
        raise Unreadable(type(error).__name__) from error


def _taken_apart(content: bytes) -> Cert:
    tbs, outer_algorithm, signature = der.parts(der.only(content).content)
    fields = [part for part in der.parts(tbs.content) if part.identifier not in (0xA0, 0x81, 0x82)]
    serial, algorithm, issuer, _, subject, key_info = fields[:6]
    if len(serial.content) > _LONGEST_SERIAL:
        raise ValueError("serial number too long")
    readable = content
    if signing.inherits(key_info.whole):
        inner = tbs.content.replace(key_info.whole, _with_parameters(key_info), 1)
        parts = der.wrapped(der.SEQUENCE, inner) + outer_algorithm.whole + signature.whole
        readable = der.wrapped(der.SEQUENCE, parts)
    quick = x509.load_der_x509_certificate(readable)
    return Cert(
        der=content,
        digest=hashlib.sha256(content).digest(),
        quick=quick,
        signed=tbs.whole,
        subject_der=subject.whole,
        issuer_der=issuer.whole,
        subject=names.key(subject.whole),
        issuer=names.key(issuer.whole),
        serial=serial.whole,
        key_info=key_info.whole,
        since=quick.not_valid_before_utc,
        until=quick.not_valid_after_utc,
        extensions=extensions(fields[6].content) if len(fields) > 6 else {},  # noqa: PLR2004 - what comes after six
        same_algorithms=algorithm.whole == outer_algorithm.whole,
        whole_octets=signature.content[:1] == b"\0",
    )


def _with_parameters(key_info: Part) -> bytes:
    """A DSA key that inherits its parameters, with some: without any the certificate could not be read at all."""
    algorithm, bits = der.parts(key_info.content)
    oid = next(der.parts(algorithm.content))
    parameters = der.wrapped(der.SEQUENCE, der.wrapped(der.INTEGER, b"\1") * 3)
    return der.wrapped(der.SEQUENCE, der.wrapped(der.SEQUENCE, oid.whole + parameters) + bits.whole)


def extensions(content: bytes) -> dict[str, Extension]:
    """Extensions by OID, of what holds them. Raises ValueError: also where one is there twice (RFC 5280 §4.2)."""
    found: dict[str, Extension] = {}
    for each in der.parts(der.only(content).content):
        oid, *flag, value = der.parts(each.content)
        name = der.dotted(oid.content)
        if name in found:
            raise ValueError("the same extension twice")
        found[name] = Extension(critical=bool(flag) and flag[0].content != b"\0", value=value.content)
    return found
