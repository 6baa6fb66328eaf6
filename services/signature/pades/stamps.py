"""RFC 3161 time stamps: over a signature's value, or over the document as a signature of its own.

A stamp proves a moment only if everything about it holds: the imprint, its own signature, a certificate for time
stamping alone (critical, RFC 3161 §2.3) that the token itself names, and a way to an anchor. Else it proves nothing,
and the signature beside it is judged as if it were not there.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from asn1crypto import tsp as asn1_tsp

from services.signature import certificates
from services.signature.facts import ChainFacts, Permission, SignatureFacts, Standing
from services.signature.pades.messages import (
    HASHES,
    WEAK_HASHES,
    Digest,
    Message,
    Odd,
    Unsupported,
    check,
    hashed,
    message,
)
from services.signature.pades.trust import Brought, Moments, Trust, over_time
from services.signature.pki.standing import Judged, Purpose

_TOKEN = "signature_time_stamp_token"  # noqa: S105 - an attribute's name
_MOST_TOKENS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time stamp judged."""

    facts: SignatureFacts
    moment: datetime | None = None
    """When it says."""
    standing: Judged | None = None
    """Where its certificate stands; None when that was not looked at."""

    @property
    def holds(self) -> bool:
        """Whether its cryptography holds, whoever made it."""
        facts = self.facts
        sound = not (facts.malformed or facts.oddity) and facts.methods is Permission.ALLOWED
        return sound and bool(facts.digest_holds) and bool(facts.signature_holds)

    @property
    def proves(self) -> datetime | None:
        """The moment that it proves; None when it proves none."""
        standing, facts = self.standing, self.facts
        trusted = standing is not None and standing.standing is Standing.TRUSTED and not standing.weak
        return self.moment if self.holds and trusted and not facts.weak else None


def stamp(der: bytes, imprint: Digest, trust: Trust, brought: Brought, moments: Moments) -> Stamp:
    """The time stamp token `der` over what has this imprint, judged at its moment; never raises but MemoryError."""
    try:
        return _stamp(message(der), imprint, trust, brought, moments)
    except Odd as odd:
        return Stamp(facts=SignatureFacts(oddity=str(odd)))
    except Unsupported:
        return Stamp(facts=SignatureFacts(methods=Permission.UNSUPPORTED))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - asn1crypto parses late and raises anything on hostile bytes
        return Stamp(facts=SignatureFacts(malformed=True, oddity=type(error).__name__))


def of_signature(one: Message, trust: Trust, brought: Brought, moments: Moments) -> tuple[Stamp, ...]:
    """The time stamps over a signature's value, among the attributes that nobody signed."""
    value = one.info["signature"].native
    try:
        tokens = [each.dump() for each in _tokens(one.info["unsigned_attrs"])]
    except (ValueError, TypeError, KeyError):
        return ()
    return tuple(stamp(der, lambda name: hashed(name, value), trust, brought, moments) for der in tokens[:_MOST_TOKENS])


def earliest(stamps: tuple[Stamp, ...]) -> datetime | None:
    """The earliest moment that one of them proves."""
    return min((moment for each in stamps if (moment := each.proves) is not None), default=None)


def _tokens(attributes: Any) -> list[Any]:
    return [
        value for attribute in attributes or () if attribute["type"].native == _TOKEN for value in attribute["values"]
    ]


def _stamp(one: Message, imprint: Digest, trust: Trust, brought: Brought, moments: Moments) -> Stamp:
    if one.content_type != "tst_info" or one.content is None:
        raise Odd("no time stamp inside")
    info = asn1_tsp.TSTInfo.load(one.content)
    moment: datetime = info["gen_time"].native.astimezone(UTC)
    hash_name = info["message_imprint"]["hash_algorithm"]["algorithm"].native
    if hash_name not in HASHES:
        raise Unsupported(f"an imprint by {hash_name}")
    der = one.signer
    certificate = certificates.read(der) if der is not None else None
    if certificate is None:
        return Stamp(facts=SignatureFacts(signing_time=moment.isoformat()), moment=moment)
    if not one.names_signer:
        raise Odd("the token does not name its certificate")  # RFC 3161 §2.4.2
    content = one.content
    checked = check(one, certificate.der, lambda name: hashed(name, content))
    weak = {name for name in (hash_name, one.hash_name) if name in WEAK_HASHES} | {certificate.weak} - {""}
    facts = SignatureFacts(
        weak=tuple(sorted(weak)),
        digest_holds=checked.digest_holds and info["message_imprint"]["hashed_message"].native == imprint(hash_name),
        signature_holds=checked.signature_holds,
        signer=certificate.signer,
        signing_time=moment.isoformat(timespec="seconds"),
    )
    made = Stamp(facts=facts, moment=moment)
    if not made.holds:  # the certificate of a stamp that does not hold is never looked at
        return made
    along = brought.and_also(one.others, one.lists, one.answers)
    standing = over_time(trust, certificate.der, along, moments, Purpose.TIME_STAMPS)
    facts = replace(facts, chain=ChainFacts(standing=standing.standing, weak=standing.weak))
    return Stamp(facts=facts, moment=moment, standing=standing)
