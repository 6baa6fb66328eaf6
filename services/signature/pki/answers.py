"""OCSP answers (RFC 6960, 5019): what a responder said of certificates, and when.

Whether it may say so is judged by `revocation.py`. A nonce is a matter between responder and asker; we are neither.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from services.signature.pki import der, names
from services.signature.pki.anchors import parsed_certificate
from services.signature.pki.certificate import Cert, Unreadable
from services.signature.pki.names import NameKey

FRESH = timedelta(days=1)
"""How long an answer holds that does not say so: newer ones are always to be had (RFC 6960 §2.4)."""
_UNDERSTOOD = frozenset({"1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.9"})  # nonce, extended revoke
_ODD = (UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")


class Said(StrEnum):
    """What an answer says of one certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """What was said of one certificate."""

    hash_name: str
    issuer_name: bytes
    issuer_key: bytes
    serial: int
    said: Said
    since: datetime
    until: datetime
    revoked: datetime | None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Answer:
    """A responder's answer."""

    digest: bytes
    quick: ocsp.OCSPResponse
    signed: bytes
    name: NameKey | None
    key_hash: bytes | None
    singles: tuple[Single, ...]
    certificates: tuple[Cert, ...]
    usable: bool

    def of(self, cert: Cert, issuer: Cert) -> Iterator[Single]:
        """What is said of `cert`, issued by `issuer`."""
        for single in self.singles:
            if single.serial == cert.quick.serial_number and single.hash_name in _HASHES:
                digest = hashlib.new(single.hash_name, key_bits(issuer.key_info), usedforsecurity=False).digest()
                name = hashlib.new(single.hash_name, cert.issuer_der, usedforsecurity=False).digest()
                if (single.issuer_name, single.issuer_key) == (name, digest):
                    yield single

    def by(self, cert: Cert) -> bool:
        """The responder names itself as this certificate does."""
        if self.name is not None:
            return cert.subject == self.name
        return hashlib.sha1(key_bits(cert.key_info), usedforsecurity=False).digest() == self.key_hash


def key_bits(key_info: bytes) -> bytes:
    """The public key alone, as responders hash it."""
    _, bits = der.parts(der.only(key_info).content)
    return bits.content[1:]


def answer(content: bytes) -> Answer | None:
    """An answer in DER; None: a responder that says nothing, as `tryLater`. Raises Unreadable."""
    try:
        quick = ocsp.load_der_ocsp_response(content)
        if quick.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        return _read(content, quick)
    except (ValueError, TypeError, OverflowError, *_ODD) as error:
        raise Unreadable(type(error).__name__) from error


def _read(content: bytes, quick: ocsp.OCSPResponse) -> Answer:
    responder = quick.responder_name
    return Answer(
        digest=hashlib.sha256(content).digest(),
        quick=quick,
        signed=quick.tbs_response_bytes,
        name=None if responder is None else names.key(responder.public_bytes()),
        key_hash=quick.responder_key_hash,
        singles=tuple(_single(each) for each in quick.responses),
        certificates=tuple(_certificates(quick)),
        usable=all(each.oid.dotted_string in _UNDERSTOOD for each in quick.extensions if each.critical),
    )


def _single(each: ocsp.OCSPSingleResponse) -> Single:
    since = each.this_update_utc
    said = {ocsp.OCSPCertStatus.GOOD: Said.GOOD, ocsp.OCSPCertStatus.REVOKED: Said.REVOKED}
    return Single(
        hash_name=each.hash_algorithm.name,
        issuer_name=each.issuer_name_hash,
        issuer_key=each.issuer_key_hash,
        serial=each.serial_number,
        said=said.get(each.certificate_status, Said.UNKNOWN),
        since=since,
        until=each.next_update_utc or since + FRESH,
        revoked=each.revocation_time_utc,
    )


def _certificates(quick: ocsp.OCSPResponse) -> Iterator[Cert]:
    for each in quick.certificates[:8]:
        try:
            yield parsed_certificate(each.public_bytes(Encoding.DER))
        except Unreadable:
            continue
