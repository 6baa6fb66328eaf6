"""Facts of a CMS signature (RFC 5652, detached) as PDFs carry it, with the attributes that PAdES adds."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms as asn1_cms
from asn1crypto import core, parser
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.errors import AlgorithmNotSupported
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from services.signature import certificates
from services.signature.chain import Chains
from services.signature.facts import Permission, SignatureFacts

_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
_WEAK_HASHES = frozenset({"md5", "sha1", "sha224"})
_SCHEMES = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa", "dsa"})

Digest = Callable[[str], bytes]
"""Digest of the signed bytes by a hash algorithm, in hashlib's words."""


class _Odd(Exception):  # noqa: N818 - a finding about the message
    """The message is not one detached signature."""


def facts(message: bytes, digest: Digest, chains: Chains, moment: datetime) -> SignatureFacts:
    """Facts of one detached CMS message; never raises but MemoryError."""
    try:
        return _facts(message, digest, chains, moment)
    except _Odd as odd:
        return SignatureFacts(oddity=str(odd))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - asn1crypto parses late and raises anything on hostile bytes
        return SignatureFacts(malformed=True, oddity=type(error).__name__)


def _facts(message: bytes, digest: Digest, chains: Chains, moment: datetime) -> SignatureFacts:
    if message[parser.peek(message) :].strip(b"\x00"):
        raise _Odd("bytes after the CMS message")  # the reserved space is filled with zeros, nothing else
    content = asn1_cms.ContentInfo.load(message)
    if content["content_type"].native != "signed_data":
        raise _Odd("not SignedData")
    signed = content["content"]
    signer_infos = signed["signer_infos"]
    if len(signer_infos) != 1:
        raise _Odd(f"{len(signer_infos)} SignerInfos")
    enclosed = signed["encap_content_info"]
    if enclosed["content_type"].native != "data" or enclosed["content"].native is not None:
        raise _Odd("content inside a detached signature")
    info = signer_infos[0]
    signing_time = _signing_time(info)
    embedded = [choice.chosen.dump() for choice in signed["certificates"] or () if choice.name == "certificate"]
    der = _signer(info, embedded)
    certificate = certificates.read(der) if der is not None else None
    if certificate is None:
        return SignatureFacts(signing_time=signing_time)
    hash_name, permission = _methods(info)
    if permission is not Permission.ALLOWED or certificate.key is None:
        permission = Permission.UNSUPPORTED
        return SignatureFacts(signing_time=signing_time, methods=permission, signer=certificate.signer)
    digest_holds, signature_holds = _check(info, certificate.der, hash_name, digest)
    weak = (hash_name if hash_name in _WEAK_HASHES else "", certificate.weak)
    return SignatureFacts(
        weak=tuple(name for name in weak if name),
        digest_holds=digest_holds,
        signature_holds=signature_holds,
        signer=certificate.signer,
        chain=chains.judge(certificate.der, [other for other in embedded if other != certificate.der], moment),
        signing_time=signing_time,
    )


def _signer(info: Any, embedded: list[bytes]) -> bytes | None:
    """The embedded certificate that the SignerInfo names."""
    sid = info["sid"]
    for der in embedded:
        candidate = asn1_x509.Certificate.load(der)
        if sid.name == "subject_key_identifier":
            if candidate.key_identifier == sid.chosen.native:
                return der
        elif candidate.serial_number == sid.chosen["serial_number"].native and (
            candidate.issuer.dump() == sid.chosen["issuer"].dump() or candidate.issuer == sid.chosen["issuer"]
        ):
            return der
    return None


def _methods(info: Any) -> tuple[str, Permission]:
    """Name of the hash; forbidden when the two algorithms contradict each other, unsupported when unknown."""
    hash_name = info["digest_algorithm"]["algorithm"].native
    algorithm = info["signature_algorithm"]
    try:
        own_hash = algorithm.hash_algo
    except ValueError:  # plain rsaEncryption: the digest algorithm counts
        own_hash = hash_name
    try:
        known = algorithm.signature_algo in _SCHEMES
    except ValueError:
        known = False
    if own_hash != hash_name:
        raise _Odd("digest and signature algorithm contradict each other")
    return hash_name, Permission.ALLOWED if known and hash_name in _HASHES else Permission.UNSUPPORTED


def _check(info: Any, certificate: bytes, hash_name: str, digest: Digest) -> tuple[bool, bool]:
    """Whether the message digest is that of the signed bytes, and whether the signature verifies."""
    attributes = info["signed_attrs"]
    actual = digest(hash_name)
    if isinstance(attributes, core.Void) or len(attributes) == 0:
        return True, _verifies(info, certificate, actual, hash_name, prehashed=True)  # RFC 5652 §5.4: over the content
    values = _values(attributes)
    _check_attributes(info, values, certificate)
    claimed = _single(values, "message_digest").native
    signed = attributes.untag().dump()  # RFC 5652 §5.4: as an explicit SET OF
    return claimed == actual, _verifies(info, certificate, signed, hash_name, prehashed=False)


def _verifies(info: Any, certificate: bytes, data: bytes, hash_name: str, *, prehashed: bool) -> bool:
    try:
        DefaultSignatureValidator().validate_signature(
            info["signature"].native,
            data,
            asn1_x509.Certificate.load(certificate).public_key,
            info["signature_algorithm"],
            SignatureValidationContext(contextual_md_algorithm=hash_name, prehashed=prehashed),
        )
    except AlgorithmNotSupported:
        raise
    except InvalidSignature:
        return False
    return True


def _values(attributes: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for attribute in attributes:
        name = attribute["type"].native
        if name in found:
            raise _Odd(f"attribute {name} twice")
        found[name] = list(attribute["values"])
    return found


def _single(values: dict[str, list[Any]], name: str) -> Any:
    if len(values.get(name, ())) != 1:
        raise _Odd(f"not exactly one {name}")
    return values[name][0]


def _check_attributes(info: Any, values: dict[str, list[Any]], certificate: bytes) -> None:
    """Content type (RFC 5652 §11.1), signing certificate (RFC 5035 §3), algorithm protection (RFC 6211 §2)."""
    if _single(values, "content_type").native != "data":
        raise _Odd("the content type is not data")
    if "signing_certificate_v2" in values:
        named = _reread(asn1_tsp.SigningCertificateV2, _single(values, "signing_certificate_v2"))["certs"][0]
        if _hash(named["hash_algorithm"]["algorithm"].native, certificate) != named["cert_hash"].native:
            raise _Odd("the signing certificate attribute names another certificate")
    elif "signing_certificate" in values:
        named = _reread(asn1_tsp.SigningCertificate, _single(values, "signing_certificate"))["certs"][0]
        if _hash("sha1", certificate) != named["cert_hash"].native:
            raise _Odd("the signing certificate attribute names another certificate")
    if "cms_algorithm_protection" in values:
        protected = _single(values, "cms_algorithm_protection")
        if (
            protected["digest_algorithm"].native != info["digest_algorithm"].native
            or protected["signature_algorithm"].native != info["signature_algorithm"].native
        ):
            raise _Odd("the protected algorithms are others")


def _reread(kind: Any, value: Any) -> Any:
    """The value by its own type: reading it in place would make asn1crypto write the signed attributes anew."""
    return kind.load(value.dump())


def _hash(name: str, data: bytes) -> bytes:
    if name not in _HASHES:
        raise _Odd(f"unknown hash {name}")
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _signing_time(info: Any) -> str:
    attributes = info["signed_attrs"]
    for attribute in () if isinstance(attributes, core.Void) else attributes:
        if attribute["type"].native == "signing_time" and len(attribute["values"]) == 1:
            moment: datetime = attribute["values"][0].native
            return moment.astimezone(UTC).isoformat(timespec="seconds")
    return ""
