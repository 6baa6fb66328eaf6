"""CMS messages (RFC 5652) with one signer, as signatures and time stamps of PDFs are: taken apart and checked.

What departs from the standard is Odd. asn1crypto parses late and raises ValueError, TypeError or KeyError on hostile
bytes wherever a field is looked at; whoever calls calls that malformed.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms as asn1_cms
from asn1crypto import core, parser
from asn1crypto import pdf as _adobe  # noqa: F401 - teaches asn1crypto Adobe's attributes
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.errors import AlgorithmNotSupported
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

HASHES = frozenset({
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512_256", "sha3_256", "sha3_384", "sha3_512",
})  # fmt: skip
WEAK_HASHES = frozenset({"md5", "sha1", "sha224"})
_SCHEMES = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa", "dsa", "ed25519", "ed448"})
_EDWARDS = frozenset({"ed25519", "ed448"})
_MOST_CERTIFICATES = 64

Digest = Callable[[str], bytes]
"""Digest of the signed bytes by a hash algorithm, in hashlib's words."""


class Odd(Exception):  # noqa: N818 - a finding about the message
    """The message departs from its standard."""


class Unsupported(Exception):  # noqa: N818 - a finding about the message
    """It uses an algorithm that is not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of one signer, and what came along with it."""

    info: Any
    certificates: tuple[bytes, ...]
    content_type: str
    content: bytes | None
    """What is enclosed; None when the signature is detached."""
    values: Mapping[str, list[Any]]
    """Signed attributes; empty when there are none."""
    lists: tuple[bytes, ...]
    answers: tuple[bytes, ...]

    @property
    def signer(self) -> bytes | None:
        """The enclosed certificate that the SignerInfo names, in DER."""
        sid = self.info["sid"]
        for der in self.certificates:
            candidate = asn1_x509.Certificate.load(der)
            if sid.name == "subject_key_identifier":
                if candidate.key_identifier == sid.chosen.native:
                    return der
            elif candidate.serial_number == sid.chosen["serial_number"].native and (
                candidate.issuer.dump() == sid.chosen["issuer"].dump() or candidate.issuer == sid.chosen["issuer"]
            ):
                return der
        return None

    @property
    def others(self) -> list[bytes]:
        """Enclosed certificates that are not the signer's."""
        signer = self.signer
        return [der for der in self.certificates if der != signer]

    @property
    def hash_name(self) -> str:
        """The digest algorithm. Raises Odd when it contradicts that of the signature, Unsupported when unknown."""
        name = self.info["digest_algorithm"]["algorithm"].native
        algorithm = self.info["signature_algorithm"]
        try:
            scheme = algorithm.signature_algo
        except ValueError:
            scheme = algorithm["algorithm"].native
        try:
            own = name if scheme in _EDWARDS else algorithm.hash_algo
        except ValueError:  # plain rsaEncryption: the digest algorithm counts
            own = name
        if own != name:
            raise Odd("digest and signature algorithm contradict each other")
        if scheme not in _SCHEMES or name not in HASHES:
            raise Unsupported(f"{scheme} with {name}")
        return str(name)

    @property
    def signing_time(self) -> str:
        """As claimed, RFC 3339; empty when it is not given."""
        given = self.values.get("signing_time", ())
        if len(given) != 1:
            return ""
        moment: datetime = given[0].native
        return moment.astimezone(UTC).isoformat(timespec="seconds")

    @property
    def names_signer(self) -> bool:
        """Whether a signed attribute says which certificate it is (RFC 5035)."""
        return "signing_certificate_v2" in self.values or "signing_certificate" in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether the digest is that of the content, and whether the signature verifies."""

    digest_holds: bool
    signature_holds: bool


def message(der: bytes) -> Message:
    """The message at the beginning of `der`; only zeros may follow. Raises Odd."""
    if der[parser.peek(der) :].strip(b"\x00"):
        raise Odd("bytes after the CMS message")  # the reserved space is filled with zeros, nothing else
    outer = asn1_cms.ContentInfo.load(der)
    if outer["content_type"].native != "signed_data":
        raise Odd("not SignedData")
    signed = outer["content"]
    if len(signed["signer_infos"]) != 1:
        raise Odd(f"{len(signed['signer_infos'])} SignerInfos")
    info, enclosed = signed["signer_infos"][0], signed["encap_content_info"]
    content = enclosed["content"]
    lists, answers = _evidence(signed)
    certificates = [choice.chosen.dump() for choice in signed["certificates"] or () if choice.name == "certificate"]
    return Message(
        info=info,
        certificates=tuple(certificates[:_MOST_CERTIFICATES]),
        content_type=enclosed["content_type"].native,
        content=None if isinstance(content, core.Void) or content.native is None else bytes(content),
        values=_values(info["signed_attrs"]),
        lists=lists,
        answers=answers,
    )


def check(one: Message, certificate: bytes, digest: Digest) -> Checked:
    """Check the message against the digest of what it is said to be over. Raises Odd and Unsupported."""
    attributes, name = one.info["signed_attrs"], one.hash_name
    actual = digest(name)
    if not one.values:  # RFC 5652 §5.4: over the content itself
        if one.info["signature_algorithm"]["algorithm"].native in _EDWARDS:
            raise Unsupported("an Edwards curve without signed attributes")
        return Checked(digest_holds=True, signature_holds=_verifies(one, certificate, actual, name, prehashed=True))
    _check_attributes(one, certificate)
    claimed = _single(one.values, "message_digest").native
    signed = attributes.untag().dump()  # RFC 5652 §5.4: as an explicit SET OF
    return Checked(
        digest_holds=claimed == actual,
        signature_holds=_verifies(one, certificate, signed, name, prehashed=False),
    )


def hashed(name: str, data: bytes) -> bytes:
    """Digest by name. Raises Odd when it is unknown."""
    if name not in HASHES:
        raise Odd(f"unknown hash {name}")
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _verifies(one: Message, certificate: bytes, data: bytes, hash_name: str, *, prehashed: bool) -> bool:
    try:
        DefaultSignatureValidator().validate_signature(
            one.info["signature"].native,
            data,
            asn1_x509.Certificate.load(certificate).public_key,
            one.info["signature_algorithm"],
            SignatureValidationContext(contextual_md_algorithm=hash_name, prehashed=prehashed),
        )
    except AlgorithmNotSupported as error:
        raise Unsupported(str(error)) from error
    except (InvalidSignature, AssertionError):  # AssertionError: the key is of another kind than the algorithm
        return False
    return True


def _values(attributes: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for attribute in () if isinstance(attributes, core.Void) else attributes:
        name = attribute["type"].native
        if name in found:
            raise Odd(f"attribute {name} twice")
        found[name] = list(attribute["values"])
    return found


def _single(values: Mapping[str, list[Any]], name: str) -> Any:
    if len(values.get(name, ())) != 1:
        raise Odd(f"not exactly one {name}")
    return values[name][0]


def _check_attributes(one: Message, certificate: bytes) -> None:
    """Content type (RFC 5652 §11.1), signing certificate (RFC 5035 §3), algorithm protection (RFC 6211 §2)."""
    if _single(one.values, "content_type").native != one.content_type:
        raise Odd("the content type is another")
    _check_named(one.values, "signing_certificate_v2", asn1_tsp.SigningCertificateV2, certificate)
    _check_named(one.values, "signing_certificate", asn1_tsp.SigningCertificate, certificate)
    if "cms_algorithm_protection" in one.values:
        protected = _single(one.values, "cms_algorithm_protection")
        if (
            protected["digest_algorithm"].native != one.info["digest_algorithm"].native
            or protected["signature_algorithm"].native != one.info["signature_algorithm"].native
        ):
            raise Odd("the protected algorithms are others")


def _check_named(values: Mapping[str, list[Any]], attribute: str, kind: Any, certificate: bytes) -> None:
    if attribute not in values:
        return
    # by its own type: reading it in place would make asn1crypto write the signed attributes anew
    named = kind.load(_single(values, attribute).dump())["certs"][0]
    name = named["hash_algorithm"]["algorithm"].native if attribute.endswith("v2") else "sha1"
    issued = named["issuer_serial"]
    same = isinstance(issued, core.Void) or (
        issued["serial_number"].native == asn1_x509.Certificate.load(certificate).serial_number
    )
    if hashed(name, certificate) != named["cert_hash"].native or not same:
        raise Odd("the signing certificate attribute names another certificate")


def _evidence(signed: Any) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CRLs and OCSP answers that came along (RFC 5652 §10.2.1, RFC 5940)."""
    lists, answers = [], []
    for choice in signed["crls"] or ():
        if choice.name == "certificate_list":
            lists.append(choice.chosen.dump())
        elif choice.chosen["other_rev_info_format"].native == "ocsp_response":
            answers.append(choice.chosen["other_rev_info"].dump())
    return tuple(lists), tuple(answers)
