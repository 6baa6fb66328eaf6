"""Where a certificate stands: the best of all its ways to an anchor. The judges of documents ask here.

First every way without revocation, so that a missing list hides neither forgery nor expiry nor a wrong usage; then
revocation along the ways that lead, and "revoked" before "nobody can say".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.signature.facts import Standing
from services.signature.pki.anchors import Pool, parsed_certificate, pool
from services.signature.pki.certificate import EXTENDED_USAGE, Cert, Unreadable
from services.signature.pki.evidence import Evidence, evidence
from services.signature.pki.path_rules import ANY_USE, Failed, Held, judged
from services.signature.pki.paths import DEEPEST, Path, Search
from services.signature.pki.revocation import Status, Weighing
from services.signature.pki.signing import Checks
from services.signature.reasons import Reason
from services.signature.verification import PathRules, RevocationMode, TrustBase

DOCUMENT_USES = frozenset({
    ANY_USE,
    "1.3.6.1.5.5.7.3.4",  # emailProtection
    "1.3.6.1.5.5.7.3.36",  # documentSigning (RFC 9336)
    "1.2.840.113583.1.1.5",  # Adobe: PDF signing
    "1.3.6.1.4.1.311.10.3.12",  # Microsoft: document signing
})  # fmt: skip
"""Extended usages that let a certificate sign documents; without any it may as well."""
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
MOST_OTHERS = 32
_MOST_WEIGHED, _DEEPEST_OF_ALL = 8, 34
_SIGNING = frozenset({"digital_signature", "non_repudiation"})

_CHECKS = Checks()
"""Of this process: a signature that held once holds."""
_REASONS = {
    Standing.UNTRUSTED: Reason.UNTRUSTED,
    Standing.PATH: Reason.PATH,
    Standing.NOT_YET_VALID: Reason.NOT_YET_VALID,
    Standing.EXPIRED: Reason.EXPIRED,
    Standing.REVOKED: Reason.REVOKED,
    Standing.REVOCATION_UNKNOWN: Reason.REVOCATION_UNKNOWN,
}


class Purpose(StrEnum):
    """What the end certificate is used for."""

    ANY = "any"
    """Only what the path's rules demand."""
    DOCUMENTS = "documents"
    TIME_STAMPS = "time_stamps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Where a certificate stands. `unsupported` and `malformed` say why it is not trusted."""

    standing: Standing
    weak: tuple[str, ...] = ()
    detail: str = ""
    unsupported: bool = False
    malformed: bool = False

    @property
    def reason(self) -> Reason:
        """The reason a judge gives for it."""
        if self.malformed:
            return Reason.MALFORMED
        if self.unsupported:
            return Reason.UNSUPPORTED_ALGORITHM
        if self.standing is Standing.TRUSTED:
            return Reason.WEAK_ALGORITHM if self.weak else Reason.OK
        return _REASONS[self.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a certificate is judged by, parsed."""

    pool: Pool
    evidence: Evidence
    revocation: RevocationMode
    rules: PathRules = field(default_factory=PathRules)
    later_counts: bool = False
    document_uses: frozenset[str] = DOCUMENT_USES


def standing(
    certificate_der: bytes,
    other_ders: Sequence[bytes],
    base: TrustBase,
    at: datetime,
    purpose: Purpose = Purpose.DOCUMENTS,
) -> Judged:
    """Of a certificate in DER at a moment with a zone; `other_ders` came along with it: only the first 32 count."""
    grounds = Grounds(
        pool=pool(base.trust, base.intermediates, other_ders[:MOST_OTHERS]),
        evidence=evidence(base.crls, base.ocsps),
        revocation=base.revocation,
        rules=base.rules,
        document_uses=DOCUMENT_USES | frozenset(base.rules.eku),
    )
    return judged_by(certificate_der, grounds, at, purpose)


def judged_by(certificate_der: bytes, grounds: Grounds, at: datetime, purpose: Purpose) -> Judged:
    """Of a certificate, by what is parsed already."""
    try:
        leaf = parsed_certificate(certificate_der)
    except Unreadable as error:
        return Judged(standing=Standing.PATH, malformed=True, detail=f"the certificate cannot be read: {error}")
    search = Search(pool=grounds.pool, checks=_CHECKS, deepest=_deepest(grounds.rules))
    try:
        wrong = _misused(leaf, grounds, purpose)
    except Unreadable as error:
        return Judged(standing=Standing.PATH, malformed=True, detail=f"an extension cannot be read: {error}")
    ways = [judged(path, grounds.rules, at, _CHECKS) for path in search.paths(leaf)]
    held = [way for way in ways if isinstance(way, Held)]
    if not ways:
        return _nowhere(leaf, grounds, search)
    if not held:
        return _failed(way for way in ways if isinstance(way, Failed))
    if wrong:
        return Judged(standing=Standing.PATH, detail=wrong, weak=held[0].weak)
    return _weighed(held[:_MOST_WEIGHED], grounds, at)


def _deepest(rules: PathRules) -> int:
    """As long as a way may be; who asks for more certificates between gets them, within reason."""
    return max(DEEPEST, min((rules.max_path or 0) + 2, _DEEPEST_OF_ALL))


def _misused(leaf: Cert, grounds: Grounds, purpose: Purpose) -> str:
    """Why the certificate is none for that purpose, or empty."""
    match purpose:
        case Purpose.ANY:
            return ""
        case Purpose.DOCUMENTS:
            if leaf.extended_uses is not None and not leaf.extended_uses & grounds.document_uses:
                return "a certificate for another purpose than documents"
        case Purpose.TIME_STAMPS:
            extension = leaf.extensions.get(EXTENDED_USAGE)
            if leaf.extended_uses != frozenset({TIME_STAMPING}) or extension is None or not extension.critical:
                return "a certificate that is not for time stamps alone"  # RFC 3161 §2.3
    return "" if leaf.uses is None or leaf.uses & _SIGNING else "a key that may not sign"


def _nowhere(leaf: Cert, grounds: Grounds, search: Search) -> Judged:
    if search.exhausted:
        detail = "no way to an anchor within the bounds of the search"
    elif not grounds.pool.anchors:
        unread = f"; {grounds.pool.unreadable} files or certificates cannot be read" if grounds.pool.unreadable else ""
        detail = f"there is no anchor to trust{unread}"
    else:
        detail = f"no way to an anchor from {leaf.issuer_text}"
    return Judged(standing=Standing.UNTRUSTED, unsupported=search.unsupported, detail=detail)


def _failed(ways: Iterable[Failed]) -> Judged:
    """The first, which is the shortest; a way whose signatures do not hold together is no way."""
    found = sorted(ways, key=lambda way: way.standing is Standing.UNTRUSTED)
    return Judged(standing=found[0].standing, detail=found[0].detail)


def _weighed(held: Sequence[Held], grounds: Grounds, at: datetime) -> Judged:
    """Revocation along the ways, until one stands."""
    worst: Judged | None = None
    for way in held:
        found = _along(way, grounds, at)
        if found.standing is Standing.TRUSTED:
            return found
        if worst is None or found.standing is Standing.REVOKED:
            worst = found
    return worst or Judged(standing=Standing.UNTRUSTED)


def _along(way: Held, grounds: Grounds, at: datetime) -> Judged:
    if grounds.revocation is RevocationMode.OFF:
        return Judged(standing=Standing.TRUSTED, weak=way.weak)
    weighing = Weighing(evidence=grounds.evidence, pool=grounds.pool, checks=_CHECKS, at=at,
                        later_counts=grounds.later_counts)  # fmt: skip
    statuses = weighing.statuses(way)
    weak = tuple(sorted({*way.weak, *weighing.weak}))
    if Status.REVOKED in statuses:
        return Judged(standing=Standing.REVOKED, weak=weak, detail=_which(way.path, statuses.index(Status.REVOKED)))
    open_ones = (Status.UNKNOWN, Status.ABSENT) if grounds.revocation is RevocationMode.REQUIRE else (Status.UNKNOWN,)
    unknown = next((place for place, status in enumerate(statuses) if status in open_ones), None)
    if unknown is not None:
        detail = "nobody can say whether it is revoked: " + _which(way.path, unknown)
        return Judged(standing=Standing.REVOCATION_UNKNOWN, weak=weak, detail=detail)
    return Judged(standing=Standing.TRUSTED, weak=weak)


def _which(path: Path, place: int) -> str:
    return path[place + 1].subject_text
