"""The way from a certificate to a trust anchor at one moment, as the service asks for it; nothing is fetched.

The rules are in `pki`. What is remembered between documents are signatures of certificates and lists that were checked,
by the very bytes; every judgement is made anew.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from services.signature.facts import ChainFacts
from services.signature.pki.anchors import Reading, may_issue, pool
from services.signature.pki.evidence import Evidence, evidence, kept
from services.signature.pki.standing import DOCUMENT_USES, MOST_OTHERS, Grounds, Purpose, judged_by
from services.signature.verification import RevocationMode


class Revocation(StrEnum):
    """What is asked of each certificate but the anchor."""

    OFF = "off"
    REQUIRE = "require"
    """A CRL must say that it stands; without one in force nobody can say."""


class TrustUnreadable(Exception):  # noqa: N818 - says what the anchors are
    """There is no anchor among what was given."""


class NoAnchors(BaseException):
    """There is nothing to judge by yet. Passes by every handler for what a hostile document may raise."""


class Chains:
    """Judges certificates under one set of anchors and CRLs."""

    def __init__(
        self,
        anchors: bytes,
        crls: Iterable[bytes],
        revocation: Revocation,
        *,
        before: "Chains | None" = None,
        purposes: Collection[str] = (),
    ) -> None:
        """Anchors as PEM, CRLs as PEM or DER; a CRL that cannot be read is named in `faults`.

        An end-entity certificate is no anchor: it is left out. Empty anchors are taken, but nothing can be judged by
        them; anchors that are not empty and hold none raise TrustUnreadable. Where a CRL is bad or older than one of
        `before`, the one of before stays in force. `purposes` are extended key usages, as OIDs, that let a
        certificate sign documents besides those that every one knows.
        """
        self._anchors = _anchors(anchors)
        self._evidence = evidence(crls, ())
        self.faults = list(self._evidence.faults)
        if before is not None:
            self._evidence = kept(self._evidence, before.lists)
        self._revocation = RevocationMode(revocation.value)
        self._uses = DOCUMENT_USES | frozenset(purposes)

    @property
    def lists(self) -> Evidence:
        """The CRLs in use."""
        return self._evidence

    @property
    def size(self) -> tuple[int, int]:
        """How many anchors and CRLs there are."""
        return len(self._anchors), sum(len(lists) for lists in self._evidence.lists.values())

    def judge(self, certificate: bytes, others: Sequence[bytes], moment: datetime) -> ChainFacts:
        """Facts of the way from `certificate` (DER) over `others` to an anchor at `moment` (with a zone).

        Only the first 32 of `others` count: nobody needs more. Raises NoAnchors when there are none to judge by:
        "untrusted" would then be said of everybody. A CRL newer than the moment says more about it than an older
        one: the hub judges after receipt.
        """
        if not self._anchors:
            raise NoAnchors
        grounds = Grounds(
            pool=pool(self._anchors, (), others[:MOST_OTHERS]),
            evidence=self._evidence,
            revocation=self._revocation,
            later_counts=True,
            document_uses=self._uses,
        )
        found = judged_by(certificate, grounds, moment, Purpose.DOCUMENTS)
        return ChainFacts(standing=found.standing, weak=found.weak)


def _anchors(content: bytes) -> list[bytes]:
    """Certificates of authorities in DER."""
    if not content.strip():
        return []
    reading = Reading()
    reading.files([content])
    if reading.unreadable:
        raise TrustUnreadable("the trust anchors cannot be read")
    found = [cert.der for cert in reading.certs.values() if may_issue(cert)]
    if not found:
        raise TrustUnreadable("no certificate of an authority among the trust anchors")
    return found
