"""Facts of one signature's message, by the SubFilter that says in which form it is (ISO 32000-2 table 255).

A form of its own is `adbe.x509.rsa_sha1`: the bare PKCS #1 value, its certificate in the dictionary beside it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError

from services.signature import certificates
from services.signature.facts import ChainFacts, Permission, SignatureFacts
from services.signature.pades.messages import (
    WEAK_HASHES,
    Checked,
    Digest,
    Message,
    Odd,
    Unsupported,
    check,
    hashed,
    message,
)
from services.signature.pades.stamps import Stamp, earliest, of_signature
from services.signature.pades.trust import Brought, Moments, Trust, over_time
from services.signature.pades.validation_data import adobe
from services.signature.pdf_reader import value_of
from services.signature.pki.standing import Judged, Purpose
from services.signature.verification import Profile

CADES = "/ETSI.CAdES.detached"
_DETACHED = ("/adbe.pkcs7.detached", CADES)
_SHA1, _RAW = "/adbe.pkcs7.sha1", "/adbe.x509.rsa_sha1"
_SHA1_ALGORITHM = hashes.SHA1()  # noqa: S303 - the form prescribes it; the verdict says that it is weak


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """By what a file is judged."""

    trust: Trust
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signature's message judged."""

    facts: SignatureFacts
    standing: Judged | None = None
    proven: datetime | None = None
    """The earliest moment at which a time stamp proves it to have been there."""
    stamps: tuple[Stamp, ...] = ()
    names_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What the signature is over, and what is known of when it was there."""

    contents: bytes
    digest: Digest
    brought: Brought
    moments: Moments


def signer(dictionary: generic.DictionaryObject, covered: Covered, question: Question) -> Signer:
    """Facts of the signature in this dictionary; never raises but MemoryError and NoAnchors."""
    claimed = claimed_time(dictionary)
    try:
        found = _by_form(dictionary, covered, question)
    except Odd as odd:
        found = Signer(facts=SignatureFacts(oddity=str(odd)))
    except Unsupported:
        found = Signer(facts=SignatureFacts(methods=Permission.UNSUPPORTED))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - asn1crypto parses late and raises anything on hostile bytes
        found = Signer(facts=SignatureFacts(malformed=True, oddity=type(error).__name__))
    facts = found.facts
    return found if facts.signing_time else replace(found, facts=replace(facts, signing_time=claimed))


def claimed_time(dictionary: generic.DictionaryObject) -> str:
    """The dictionary's /M in RFC 3339; empty when it has none that can be read."""
    try:
        moment: datetime = generic.parse_pdf_date(dictionary["/M"], strict=False)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (KeyError, ValueError, TypeError, OverflowError, PdfError):
        return ""


def _by_form(dictionary: generic.DictionaryObject, covered: Covered, question: Question) -> Signer:
    form = value_of(dictionary, "/SubFilter")
    if form in _DETACHED:
        one = message(covered.contents)
        if one.content_type != "data" or one.content is not None:
            raise Odd("content inside a detached signature")
        _check_attributes(one, form, question.profile)
        return _signer(one, covered.digest, covered, question)
    if form == _SHA1:
        return _over_sha1(message(covered.contents), covered, question)
    if form == _RAW:
        return _bare(dictionary, covered, question)
    raise Unsupported(f"SubFilter {form}")


def _check_attributes(one: Message, form: Any, profile: Profile) -> None:
    """CAdES wants signed attributes, one of them naming the certificate (EN 319 122-1 §5.2.2)."""
    if form != CADES:
        return
    if not one.values:
        raise Odd("a CAdES signature without signed attributes")
    if profile is Profile.EDXML and not one.names_signer:
        raise Odd("a CAdES signature that does not name its certificate")


def _over_sha1(one: Message, covered: Covered, question: Question) -> Signer:
    """The message encloses the SHA-1 digest of the document (ISO 32000-1 §12.8.3.3)."""
    content = one.content
    if one.content_type != "data" or content is None:
        raise Odd("no digest inside")
    found = _signer(one, lambda name: hashed(name, content), covered, question)
    holds = found.facts.digest_holds and content == covered.digest("sha1")
    weak = tuple(sorted({*found.facts.weak, "sha1"}))
    return replace(found, facts=replace(found.facts, digest_holds=holds, weak=weak))


def _bare(dictionary: generic.DictionaryObject, covered: Covered, question: Question) -> Signer:
    given = value_of(dictionary, "/Cert")
    ders = [_bytes(each) for each in given] if isinstance(given, generic.ArrayObject) else [_bytes(given)]
    certificate = certificates.read(ders[0]) if ders and ders[0] else None
    if certificate is None:
        return Signer(facts=SignatureFacts())
    key = x509.load_der_x509_certificate(certificate.der).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Odd("no RSA key for an RSA signature")
    value = core.OctetString.load(covered.contents.rstrip(b"\x00"), strict=False).native
    try:
        signed: bytes | None = key.recover_data_from_signature(value, padding.PKCS1v15(), _SHA1_ALGORITHM)
    except InvalidSignature:
        signed = None
    facts = SignatureFacts(
        weak=tuple(sorted({"sha1", certificate.weak} - {""})),
        digest_holds=signed in (None, covered.digest("sha1")),
        signature_holds=signed is not None,
        signer=certificate.signer,
    )
    return _judged(Signer(facts=facts), certificate.der, covered.brought.and_also(ders[1:], (), ()), covered, question)


def _bytes(given: Any) -> bytes:
    return given.original_bytes if isinstance(given, generic.TextStringObject | generic.ByteStringObject) else b""


def _signer(one: Message, digest: Digest, covered: Covered, question: Question) -> Signer:
    """Facts of a CMS message whose digest this is."""
    der = one.signer
    certificate = certificates.read(der) if der is not None else None
    if certificate is None:
        return Signer(facts=SignatureFacts(signing_time=one.signing_time))
    try:
        hash_name, checked = one.hash_name, check(one, certificate.der, digest)
    except Unsupported:
        facts = SignatureFacts(methods=Permission.UNSUPPORTED, signer=certificate.signer, signing_time=one.signing_time)
        return Signer(facts=facts)
    found = Signer(facts=_facts(one, certificate, hash_name, checked), names_certificate=one.names_signer)
    if not (checked.digest_holds and checked.signature_holds):
        return found
    along = covered.brought.and_also(one.others, one.lists, one.answers)
    kept = adobe(one)
    along = along.and_also((), kept.lists, kept.answers)
    found = replace(found, stamps=of_signature(one, question.trust, along, covered.moments))
    return _judged(found, certificate.der, along, covered, question)


def _facts(one: Message, certificate: certificates.Certificate, hash_name: str, checked: Checked) -> SignatureFacts:
    weak = {hash_name if hash_name in WEAK_HASHES else "", certificate.weak} - {""}
    return SignatureFacts(
        weak=tuple(sorted(weak)),
        digest_holds=checked.digest_holds,
        signature_holds=checked.signature_holds,
        signer=certificate.signer,
        signing_time=one.signing_time,
    )


def _judged(found: Signer, certificate: bytes, along: Brought, covered: Covered, question: Question) -> Signer:
    """With where the certificate stands at the moment that counts."""
    moments = covered.moments.and_proven(earliest(found.stamps))
    standing = over_time(question.trust, certificate, along, moments, Purpose.DOCUMENTS)
    chain = ChainFacts(standing=standing.standing, weak=standing.weak)
    return replace(found, facts=replace(found.facts, chain=chain), standing=standing, proven=moments.proven)
