"""The one place where a PDF's certificates meet trust: the service's own anchors, or those of a request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from services.signature.chain import Chains
from services.signature.facts import Standing
from services.signature.pki.anchors import pool
from services.signature.pki.evidence import evidence
from services.signature.pki.standing import DOCUMENT_USES, MOST_OTHERS, Grounds, Judged, Purpose, judged_by
from services.signature.verification import EmbeddedKey, TrustBase

_TURNS_WITH_TIME = (Standing.EXPIRED, Standing.REVOKED, Standing.REVOCATION_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What the document itself brings to judge by; it is worth what its own signatures are worth."""

    certificates: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()

    def and_also(self, certificates: Sequence[bytes], lists: Sequence[bytes], answers: Sequence[bytes]) -> "Brought":
        """More of it, first of all."""
        return Brought(
            certificates=(*certificates, *self.certificates),
            lists=(*lists, *self.lists),
            answers=(*answers, *self.answers),
        )


NOTHING = Brought()


class Trust(Protocol):
    """Judges certificates."""

    def judge(
        self, certificate: bytes, brought: Brought, at: datetime, purpose: Purpose, *, past: bool = False
    ) -> Judged:
        """Where the certificate stands. `past`: later evidence tells more about that moment than earlier one does."""


class Pinned:
    """The service's anchors and lists. What a document brings counts as certificates only."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains

    def judge(
        self,
        certificate: bytes,
        brought: Brought,
        at: datetime,
        purpose: Purpose,
        *,
        past: bool = False,  # noqa: ARG002 - these lists always count backwards
    ) -> Judged:
        """Where the certificate stands. Raises NoAnchors."""
        chains = self._chains
        if purpose is Purpose.TIME_STAMPS and chains.size[0]:
            grounds = Grounds(
                pool=pool(chains._anchors, (), brought.certificates[:MOST_OTHERS]),  # noqa: SLF001 - knows documents only
                evidence=chains.lists,
                revocation=chains._revocation,  # noqa: SLF001 - the same
                later_counts=True,
            )
            return judged_by(certificate, grounds, at, purpose)
        found = chains.judge(certificate, brought.certificates, at)
        return Judged(standing=found.standing, weak=found.weak)


class Given:
    """What a request gives."""

    def __init__(self, base: TrustBase, embedded_key: EmbeddedKey = EmbeddedKey.NEVER) -> None:
        self._base, self._embedded_key = base, embedded_key

    def judge(
        self, certificate: bytes, brought: Brought, at: datetime, purpose: Purpose, *, past: bool = False
    ) -> Judged:
        """Where the certificate stands; a signer's anywhere when only integrity is asked, which proves no time."""
        if self._embedded_key is EmbeddedKey.ANY and purpose is Purpose.DOCUMENTS:
            return Judged(standing=Standing.TRUSTED)
        base = self._base
        rules = base.rules if purpose is Purpose.DOCUMENTS else replace(base.rules, eku=(), key_usage=())
        grounds = Grounds(
            pool=pool(base.trust, base.intermediates, brought.certificates[:MOST_OTHERS]),
            evidence=evidence((*base.crls, *brought.lists), (*base.ocsps, *brought.answers)),
            revocation=base.revocation,
            rules=rules,
            later_counts=past,
            document_uses=DOCUMENT_USES | frozenset(base.rules.eku),
        )
        return judged_by(certificate, grounds, at, purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The moment of judgement, and an earlier one at which something is proven to have been there."""

    now: datetime
    proven: datetime | None = None

    @property
    def latest(self) -> datetime:
        """When what is judged was there at the latest."""
        return self.proven or self.now

    def and_proven(self, moment: datetime | None) -> "Moments":
        """With what one more time stamp proves."""
        if moment is None or moment >= self.latest:
            return self
        return Moments(now=self.now, proven=moment)


def over_time(trust: Trust, certificate: bytes, brought: Brought, moments: Moments, purpose: Purpose) -> Judged:
    """Where a certificate stands now, or stood when what it signed is proven to have been there."""
    now = trust.judge(certificate, brought, moments.now, purpose)
    if moments.proven is None or now.standing not in (Standing.TRUSTED, *_TURNS_WITH_TIME):
        return now
    then = trust.judge(certificate, brought, moments.proven, purpose, past=True)
    if then.standing is Standing.TRUSTED or now.standing is Standing.TRUSTED:
        return _held_then(now, then)
    return now


def _held_then(now: Judged, then: Judged) -> Judged:
    """A certificate that stands now and was not valid yet when it signed does not stand."""
    if now.standing is Standing.TRUSTED and then.standing is not Standing.NOT_YET_VALID:
        return now
    return then
