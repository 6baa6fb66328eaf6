"""Whether a certificate was revoked at a moment: OCSP answers and lists weighed by RFC 6960 §3.2 and RFC 5280 §6.3.3.

Whoever says "revoked" wins over whoever says "good". What is there but cannot be used leaves the question open, unless
it is its time that is wrong: then it is as if it were not there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum

from services.signature.pki import certificate as c
from services.signature.pki.anchors import Pool
from services.signature.pki.answers import Answer, Said, Single
from services.signature.pki.certificate import Cert, Unreadable
from services.signature.pki.evidence import Evidence
from services.signature.pki.lists import Entry, RevocationList
from services.signature.pki.name_constraints import Form, Name
from services.signature.pki.path_rules import Held, judged
from services.signature.pki.paths import Search
from services.signature.pki.points import ALL_REASONS, Point, points
from services.signature.pki.signing import Check, Checks, weak_hash
from services.signature.verification import PathRules

OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
_MOST_SIGNERS, _MOST_ORPHANS, _DEEPEST = 8, 16, 3


class Status(IntEnum):
    """What is known; the greatest of several counts."""

    ABSENT = 0
    UNKNOWN = 1
    GOOD = 2
    REVOKED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """One judgement's evidence and moment. `weak` gathers weak hashes of what was relied on."""

    evidence: Evidence
    pool: Pool
    checks: Checks
    at: datetime
    later_counts: bool
    """What was said after the moment tells more about it than what was said before."""
    weak: set[str] = field(default_factory=set)
    busy: frozenset[bytes] = frozenset()
    """Certificates being looked at: their own signers may lead back to them."""

    def statuses(self, held: Held) -> list[Status]:
        """Of each certificate but the anchor."""
        return [self.status(held, place) for place in range(1, len(held.path))]

    def status(self, held: Held, place: int) -> Status:
        """Of the certificate at that place of a way."""
        cert, issuer = held.path[place], held.path[place - 1]
        if cert.digest in self.busy or len(self.busy) >= _DEEPEST:
            return Status.ABSENT
        inner = replace(self, busy=self.busy | {cert.digest})
        above = Held(path=held.path[:place], keys=held.keys[:place], weak=())
        try:
            found = max(inner.by_answers(cert, issuer, above), inner.by_lists(cert, above))
        except (Unreadable, ValueError):
            found = Status.UNKNOWN
        return Status.UNKNOWN if found is Status.ABSENT and self.evidence.faults else found

    def _in_time(self, since: datetime, until: datetime | None) -> bool:
        return (since <= self.at or self.later_counts) and (until is None or self.at <= until)

    # OCSP

    def by_answers(self, cert: Cert, issuer: Cert, above: Held) -> Status:
        """By OCSP."""
        found = Status.ABSENT
        for answer in self.evidence.answers:
            for single in answer.of(cert, issuer):
                if self._in_time(single.since, single.until):
                    found = max(found, self._said(answer, single, above))
        return found

    def _said(self, answer: Answer, single: Single, above: Held) -> Status:
        if not answer.usable or not self._authorised(answer, single, above):
            return Status.UNKNOWN
        self.weak.update(weak_hash(answer.quick))
        match single.said:
            case Said.REVOKED:
                later = single.since > self.at and single.revoked is not None and single.revoked > self.at
                return Status.GOOD if later else Status.REVOKED
            case Said.GOOD:
                return Status.GOOD
        return Status.UNKNOWN

    def _authorised(self, answer: Answer, single: Single, above: Held) -> bool:
        """Signed by the issuer itself, or by a responder to whom it gave that right (RFC 6960 §4.2.2.2)."""
        issuer, key = above.path[-1], above.keys[-1]
        if answer.by(issuer) and self._signed(answer, key):
            return True
        known = [cert for certs in self.pool.between.values() for cert in certs]
        named = [cert for cert in (*answer.certificates, *known) if answer.by(cert)]
        moment = max(self.at, single.since) if self.later_counts else self.at
        return any(self._delegate(cert, above, moment) and self._signed(answer, cert.key_info)
                   for cert in named[:_MOST_SIGNERS])  # fmt: skip

    def _delegate(self, cert: Cert, above: Held, moment: datetime) -> bool:
        issuer = above.path[-1]
        if cert.issuer != issuer.subject or OCSP_SIGNING not in (cert.extended_uses or ()):
            return False
        if cert.uses is not None and not cert.uses & {"digital_signature", "non_repudiation"}:
            return False
        way = judged((*above.path, cert), PathRules(), moment, self.checks)
        return isinstance(way, Held) and (
            c.NO_CHECK in cert.extensions or self.status(way, len(way.path) - 1) is not Status.REVOKED
        )

    def _signed(self, thing: Answer | RevocationList, key_info: bytes) -> bool:
        return self.checks.check(thing.digest, thing.quick, thing.signed, key_info) is Check.HOLDS

    # lists

    def by_lists(self, cert: Cert, above: Held) -> Status:
        """By lists; what is good must be so for every reason there is."""
        places = points(cert)
        makers = {cert.issuer}.union(*(point.issuers for point in places))
        lists = [each for maker in makers for each in self.evidence.lists.get(maker, ())
                 if self._in_time(each.since, each.until)]  # fmt: skip
        covered: frozenset[int] = frozenset()
        newest = set[tuple[object, ...]]()
        for each in sorted(lists, key=lambda one: one.age, reverse=True):
            reasons = _reasons(each, cert, places)
            if each.base is not None or not each.usable or not reasons:
                continue
            if not self._maker(each, above) or not each.known:
                continue
            self.weak.update(weak_hash(each.quick))
            said = self._entry(each, self._deltas(each, lists, above), cert)
            if said is Entry.REVOKED or (said is Entry.HELD and each.kind not in newest):
                return Status.REVOKED
            newest.add(each.kind)
            covered |= reasons
        if covered == ALL_REASONS:
            return Status.GOOD
        return Status.UNKNOWN if lists or self._misnamed(places, above) else Status.ABSENT

    def _misnamed(self, places: Iterable[Point], above: Held) -> bool:
        """There is a list that is meant for the certificate and is not its issuer's by name."""
        names = frozenset[Name]().union(*(point.names for point in places))
        known = self.pool.between.keys() | self.pool.anchors.keys() | {cert.subject for cert in above.path}
        lists = [
            each for made in self.evidence.lists.values() for each in made if self._in_time(each.since, each.until)
        ]
        orphans = [each for each in lists if each.issuer not in known]
        return any(each.scope.names & names for each in lists) or any(
            self._signed(each, above.keys[-1]) for each in orphans[:_MOST_ORPHANS]
        )

    def _deltas(self, base: RevocationList, lists: Iterable[RevocationList], above: Held) -> Iterator[RevocationList]:
        """Lists of changes since this base, the newest first (§6.3.3 (c))."""
        found = [
            each
            for each in lists
            if each.base is not None and base.number is not None and each.number is not None
            and each.usable and each.base <= base.number < each.number
            and (each.issuer, each.scope.der, each.authority_key) == (base.issuer, base.scope.der, base.authority_key)
        ]  # fmt: skip
        for each in sorted(found, key=lambda one: one.number or 0, reverse=True):
            if self._maker(each, above) and each.known:
                yield each

    def _entry(self, base: RevocationList, deltas: Iterator[RevocationList], cert: Cert) -> Entry:
        newest = next(deltas, None)
        said = Entry.NOTHING if newest is None else newest.entry(cert, self.at)
        if said is Entry.NOTHING:
            said = base.entry(cert, self.at)
            return Entry.REVOKED if said is Entry.REMOVED else said  # only a delta may take back
        return said

    def _maker(self, made: RevocationList, above: Held) -> bool:
        """Who signed the list may make it: the issuer, or whom the same anchor vouches for (§6.3.3 (f), (g))."""
        issuer = above.path[-1]
        if issuer.subject == made.issuer and _may_list(issuer) and self._signed(made, above.keys[-1]):
            return True
        known = (self.pool.between, self.pool.anchors)
        named = [cert for certs in known for cert in certs.get(made.issuer, ()) if cert != issuer and _may_list(cert)]
        moment = max(self.at, made.since) if self.later_counts else self.at
        return any(self._vouched(cert, made, above, moment) for cert in named[:_MOST_SIGNERS])

    def _vouched(self, cert: Cert, made: RevocationList, above: Held, moment: datetime) -> bool:
        search = Search(pool=self.pool, checks=self.checks)
        if not any(self._signed(made, key) for key in search.keys(cert)):
            return False
        anchor = above.path[0]
        for path in search.paths(cert):
            way = judged(path, PathRules(), moment, self.checks)
            if isinstance(way, Held) and (path[0].subject, path[0].key_info) == (anchor.subject, anchor.key_info):
                return self._signed(made, way.keys[-1]) and Status.REVOKED not in self.statuses(way)
        return False


def _may_list(cert: Cert) -> bool:
    return cert.uses is None or "crl_sign" in cert.uses


def _reasons(made: RevocationList, cert: Cert, places: Iterable[Point]) -> frozenset[int]:
    """For which reasons the list speaks of the certificate (§6.3.3 (b), (d)); none: it does not."""
    scope = made.scope
    if scope.attribute_certs or (scope.user_certs and cert.authority) or (scope.ca_certs and not cert.authority):
        return frozenset()
    found: frozenset[int] = frozenset()
    for point in places:
        if point.issuers:
            if made.issuer not in point.issuers or not scope.indirect:
                continue
        elif made.issuer != cert.issuer:
            continue
        names = point.names or {Name(Form.DIRECTORY, issuer) for issuer in point.issuers}
        if not scope.names or scope.names & names:
            found |= point.reasons & scope.reasons
    return found
