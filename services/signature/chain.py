"""The way from a certificate to a trust anchor at one moment, by RFC 5280 with the CRLs at hand; nothing is fetched.

Building and checking a path costs ten times what a document's own signature costs, so a path that held is remembered:
for the same certificates, anchors and CRLs, and for moments at which nothing in it begins or ends. What is remembered
is a fact about certificates; every document's digest and signature are computed anew.
"""

from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from asn1crypto import crl as asn1_crl
from asn1crypto import keys, pem
from asn1crypto import x509 as asn1_x509
from asn1crypto.algos import DigestAlgorithm, SignedDigestAlgorithm
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers, derive_quals_from_cert
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    InvalidCertificateError,
    NotYetValidError,
    PathBuildingError,
    RevokedError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    REQUIRE_REVINFO,
    AlgorithmUsageConstraint,
    AlgorithmUsagePolicy,
    CertRevTrustPolicy,
)

from services.signature.facts import ChainFacts, Standing

_SIGNING_USES = {"digital_signature", "non_repudiation"}
_WEAK_HASHES = ("md2", "md5", "sha1", "sha224")
_SMALLEST_RSA = 2048
_MOST_OTHERS = 32
_MOST_REMEMBERED = 4096

T = TypeVar("T")


class Revocation(StrEnum):
    """What is asked of each certificate but the anchor."""

    OFF = "off"
    REQUIRE = "require"
    """A CRL must say that it stands; without one in force nobody can say."""


class TrustUnreadable(Exception):  # noqa: N818 - says what the anchors are
    """There is no anchor among what was given."""


class NoAnchors(BaseException):
    """There is nothing to judge by yet. Passes by every handler for what a hostile document may raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    facts: ChainFacts
    since: datetime
    until: datetime


class Chains:
    """Judges certificates under one set of anchors and CRLs."""

    def __init__(self, anchors: bytes, crls: Iterable[bytes], revocation: Revocation) -> None:
        """Anchors as PEM, CRLs as PEM or DER; a CRL that cannot be read is named in `faults`.

        An end-entity certificate is no anchor: it is left out. Empty anchors are taken, but nothing can be judged by
        them; anchors that are not empty and hold none raise TrustUnreadable.
        """
        self._anchors = [
            CertTrustAnchor(certificate, _qualifiers(certificate))
            for certificate in _certificates(anchors)
            if _may_issue(certificate)
        ]
        if anchors.strip() and not self._anchors:
            raise TrustUnreadable("no certificate of an authority among the trust anchors")
        self._crls: list[asn1_crl.CertificateList] = []
        self._lists: list[x509.CertificateRevocationList] = []  # the same, quick to look serial numbers up in
        self.faults: list[str] = []
        self._revocation = revocation
        self._remembered: dict[tuple[bytes, ...], _Remembered] = {}
        for number, content in enumerate(crls):
            self._learn(number, content)

    def _learn(self, number: int, content: bytes) -> None:
        try:
            der = pem.unarmor(content)[2] if pem.detect(content) else content
            quick = x509.load_der_x509_crl(der)
            slow = asn1_crl.CertificateList.load(der, strict=True)
        except (ValueError, TypeError) as error:
            self.faults.append(f"CRL {number}: {type(error).__name__}")
            return
        self._lists.append(quick)
        self._crls.append(slow)

    @property
    def size(self) -> tuple[int, int]:
        """How many anchors and CRLs there are."""
        return len(self._anchors), len(self._crls)

    def judge(self, certificate: bytes, others: Sequence[bytes], moment: datetime) -> ChainFacts:
        """Facts of the way from `certificate` (DER) over `others` to an anchor at `moment` (with a zone).

        Only the first 32 of `others` count: nobody needs more, and the paths through more can be made to explode.
        Raises NoAnchors when there are none to judge by: "untrusted" would then be said of everybody.
        """
        if not self._anchors:
            raise NoAnchors
        others = others[:_MOST_OTHERS]
        known = (certificate, *sorted(others))
        remembered = self._remembered.get(known)
        if remembered is not None and remembered.since <= moment < remembered.until:
            return remembered.facts
        weak = _Weak()
        try:
            leaf = asn1_x509.Certificate.load(certificate, strict=True)
            context = self._context([asn1_x509.Certificate.load(other, strict=True) for other in others], weak, moment)
            path = _at_once(CertificateValidator(leaf, validation_context=context).async_validate_path())
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - hostile certificates make the parser raise anything
            return ChainFacts(standing=_standing(error), weak=weak.names)
        if not _may_sign(leaf):
            return ChainFacts(standing=Standing.PATH, weak=weak.names)
        facts = ChainFacts(standing=Standing.TRUSTED, weak=weak.names)
        self._remember(known, facts, path, moment)
        return facts

    def _context(self, others: Iterable[asn1_x509.Certificate], weak: "_Weak", moment: datetime) -> ValidationContext:
        asked = REQUIRE_REVINFO if self._revocation is Revocation.REQUIRE else NO_REVOCATION
        return ValidationContext(
            trust_roots=self._anchors,
            other_certs=others,
            crls=self._crls,
            moment=moment,
            # a CRL newer than the moment says more about it than an older one: the hub judges after receipt
            revinfo_policy=CertRevTrustPolicy(asked, retroactive_revinfo=True),
            algorithm_usage_policy=weak,
            allow_fetching=False,
        )

    def _remember(self, known: tuple[bytes, ...], facts: ChainFacts, path: ValidationPath, moment: datetime) -> None:
        chain = list(path.iter_certs(include_root=True))
        serials = [certificate.serial_number for certificate in chain]
        if any(one.get_revoked_certificate_by_serial_number(serial) for one in self._lists for serial in serials):
            return  # revoked at another moment, or a namesake's number: look closely each time
        ends = [certificate.not_valid_after for certificate in chain]
        if self._revocation is Revocation.REQUIRE:
            updates = [one.next_update_utc or moment for one in self._lists]  # a list without an end lasts for no time
            ends += [update for update in updates if update >= moment]
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[known] = _Remembered(
            facts=facts, since=max(certificate.not_valid_before for certificate in chain), until=min(ends)
        )


class _Weak(AlgorithmUsagePolicy):
    """Lets everything pass and notes what is weak: weak and broken is reported as broken."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._names))

    def digest_algorithm_allowed(
        self,
        algo: DigestAlgorithm,
        moment: datetime | None,  # noqa: ARG002 - the port is pyHanko's
    ) -> AlgorithmUsageConstraint:
        self._note_hash(algo["algorithm"].native)
        return AlgorithmUsageConstraint(allowed=True)

    def signature_algorithm_allowed(
        self,
        algo: SignedDigestAlgorithm,
        moment: datetime | None,  # noqa: ARG002 - the same
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        if public_key is not None and public_key.algorithm == "rsa" and public_key.bit_size < _SMALLEST_RSA:
            self._names.add(f"rsa-{public_key.bit_size}")
        try:
            self._note_hash(algo.hash_algo)
        except ValueError:  # the algorithm has no hash of its own, as Ed25519
            return AlgorithmUsageConstraint(allowed=True)
        return AlgorithmUsageConstraint(allowed=True)

    def _note_hash(self, name: str) -> None:
        if name in _WEAK_HASHES:
            self._names.add(name)


def _standing(error: Exception) -> Standing:
    """One place where the library's errors become facts."""
    match error:
        case RevokedError():
            return Standing.REVOKED
        case InsufficientRevinfoError():
            return Standing.REVOCATION_UNKNOWN
        case ExpiredError():
            return Standing.EXPIRED
        case NotYetValidError():
            return Standing.NOT_YET_VALID
        case PathBuildingError() | InvalidCertificateError():
            return Standing.UNTRUSTED
    # a signature on the path that does not verify: somebody else's authority under the same name
    return Standing.UNTRUSTED if isinstance(error.__context__, InvalidSignature) else Standing.PATH


def _certificates(content: bytes) -> list[asn1_x509.Certificate]:
    if not content.strip():
        return []
    try:
        armoured = list(pem.unarmor(content, multiple=True))
        found = [asn1_x509.Certificate.load(der, strict=True) for name, _, der in armoured if name == "CERTIFICATE"]
        for certificate in found:
            _ = certificate.subject.native, certificate.public_key  # asn1crypto parses late: fail now, not in use
    except (ValueError, TypeError, KeyError) as error:
        raise TrustUnreadable(f"the trust anchors cannot be read: {type(error).__name__}") from error
    return found


def _qualifiers(certificate: asn1_x509.Certificate) -> TrustQualifiers:
    """An anchor's dates, path length and constraints hold as those of any certificate on the path."""
    # certvalidator 0.33 fails on an anchor with a path length unless the one for attribute authorities is set too
    return replace(derive_quals_from_cert(certificate), max_aa_path_length=certificate.max_path_length)


def _may_issue(certificate: asn1_x509.Certificate) -> bool:
    uses = certificate.key_usage_value
    return bool(certificate.ca) and (uses is None or "key_cert_sign" in uses.native)


def _may_sign(certificate: asn1_x509.Certificate) -> bool:
    uses = certificate.key_usage_value
    return uses is None or bool(_SIGNING_USES & uses.native)


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """Result of a coroutine that never waits: nothing is fetched, so the validator has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    work.close()
    raise RuntimeError("the validator waits although it may not fetch")
