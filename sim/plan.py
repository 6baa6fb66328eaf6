"""The seeded plan: which documents a run sends, to whom, and how each recipient will behave.

Everything about document number `index` follows from (seed, index) alone, so a longer plan begins with the
shorter one; only the places of the special cases depend on the length.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sim.agencies import UNKNOWN_AGENCY, Agency, AgencyCode
from sim.kinds import Kind, KindKey, load_kinds


class Character(StrEnum):
    """How a recipient treats one document."""

    PROMPT = "prompt"
    """Fetches at once, accepts, finishes."""
    SLOW = "slow"
    """The same, with pauses."""
    REFUSES = "refuses"
    """Fetches and returns status 02."""
    SILENT = "silent"
    """Never fetches."""


class Special(StrEnum):
    """What is out of the ordinary about a document."""

    NONE = "none"
    TAMPERED = "tampered"
    """One byte of the signed Subject is changed after signing."""
    SENT_TWICE = "sent_twice"
    """The driver sends the same bytes twice."""
    UNKNOWN_RECIPIENT = "unknown_recipient"
    """One of the recipients is in no directory."""
    SILENT_RECIPIENT = "silent_recipient"
    """The first recipient never fetches it."""
    UNSIGNED = "unsigned"
    """No envelope signature, and an unsigned PDF."""
    EXPIRED_CERTIFICATE = "expired_certificate"
    REVOKED_CERTIFICATE = "revoked_certificate"
    UNKNOWN_AUTHORITY = "unknown_authority"
    """Signed under an authority of the same names that nobody trusts."""
    OTHER_AGENCY = "other_agency"
    """Signed with the good key of another agency."""


DEMO_SPECIALS = (Special.TAMPERED, Special.SENT_TWICE, Special.UNKNOWN_RECIPIENT, Special.SILENT_RECIPIENT)
"""One of each that `make demo` shows."""


class SizeClass(StrEnum):
    """How big the signed PDF is."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


_SIZES = {
    SizeClass.SMALL: (60_000, 150_000),
    SizeClass.MEDIUM: (500_000, 1_000_000),
    SizeClass.LARGE: (1_000_000, 2_000_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How often what happens. The weights of each mapping are relative."""

    fan_out_mean: float = 3.0
    fan_out_max: int = 20
    annex_share: float = 0.15
    """Share of documents with a workbook beside the PDF."""
    priorities: tuple[int, ...] = (85, 8, 4, 3)
    """Weights of Priority 0, 1, 2, 3."""
    sizes: tuple[int, int, int] = (90, 7, 3)
    """Weights of small, medium, large."""
    characters: tuple[int, int, int] = (80, 13, 7)
    """Weights of prompt, slow, refuses. Silent recipients are special cases only, so that alerts can be counted."""


DEFAULT_MIX = Mix()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRecipient:
    """One line of `To`, and what its system will do."""

    code: AgencyCode
    character: Character


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDocument:
    """One document of the plan. Its text follows from `seed` and `index`."""

    seed: int
    index: int
    sender: AgencyCode
    recipients: tuple[PlannedRecipient, ...]
    kind: KindKey
    priority: int
    size: SizeClass
    pdf_bytes: int
    """Size the signed PDF aims at, within a few KB; never below what its text needs."""
    annex: bool
    special: Special
    promulgated: date

    @property
    def codes(self) -> tuple[AgencyCode, ...]:
        """The recipients' codes, as in `To`."""
        return tuple(recipient.code for recipient in self.recipients)

    def rng(self, purpose: str) -> random.Random:
        """Repeatable random numbers of this document for one purpose."""
        return random.Random(f"{self.seed}/{self.index}/{purpose}")


def plan(
    *,
    seed: int,
    documents: int,
    agencies: Sequence[Agency],
    promulgated: date,
    specials: Sequence[Special] = (),
    mix: Mix = DEFAULT_MIX,
) -> tuple[PlannedDocument, ...]:
    """`documents` planned documents; `promulgated` is today's date in Vietnam.

    Each of `specials` falls on a document of its own. Raises ValueError when there are more of them than
    documents, or fewer than two agencies.
    """
    if len(agencies) < 2:  # noqa: PLR2004 - a sender and somebody else
        raise ValueError("a plan needs at least two agencies")
    if len(specials) > documents:
        raise ValueError(f"{len(specials)} special cases do not fit into {documents} documents")
    kinds = load_kinds()
    planned = [
        _document(seed, index, agencies=agencies, promulgated=promulgated, mix=mix, kinds=kinds)
        for index in range(documents)
    ]
    places = random.Random(f"{seed}/specials").sample(range(documents), len(specials))
    for place, special in zip(places, specials, strict=True):
        planned[place] = _with_special(planned[place], special)
    return tuple(planned)


def _document(
    seed: int,
    index: int,
    *,
    agencies: Sequence[Agency],
    promulgated: date,
    mix: Mix,
    kinds: Mapping[KindKey, Kind],
) -> PlannedDocument:
    rng = random.Random(f"{seed}/{index}/plan")
    sender = rng.choice(agencies)
    issuable = [kind for kind in kinds.values() if kind.may_issue(sender)]
    size = rng.choices(tuple(_SIZES), mix.sizes)[0]
    return PlannedDocument(
        seed=seed,
        index=index,
        sender=sender.code,
        recipients=_recipients(rng, [agency.code for agency in agencies if agency is not sender], mix),
        kind=rng.choices(issuable, [kind.weight for kind in issuable])[0].key,
        priority=rng.choices(range(len(mix.priorities)), mix.priorities)[0],
        size=size,
        pdf_bytes=rng.randint(*_SIZES[size]),
        annex=rng.random() < mix.annex_share,
        special=Special.NONE,
        promulgated=promulgated,
    )


def _recipients(rng: random.Random, others: Sequence[AgencyCode], mix: Mix) -> tuple[PlannedRecipient, ...]:
    fan_out = 1
    while fan_out < mix.fan_out_max and rng.random() > 1 / mix.fan_out_mean:  # geometric: its mean is fan_out_mean
        fan_out += 1
    codes = rng.sample(others, min(fan_out, len(others)))
    characters = rng.choices((Character.PROMPT, Character.SLOW, Character.REFUSES), mix.characters, k=len(codes))
    return tuple(
        PlannedRecipient(code=code, character=character) for code, character in zip(codes, characters, strict=True)
    )


def _with_special(document: PlannedDocument, special: Special) -> PlannedDocument:
    recipients = document.recipients
    if special is Special.SILENT_RECIPIENT:
        recipients = (replace(recipients[0], character=Character.SILENT), *recipients[1:])
    elif special is Special.UNKNOWN_RECIPIENT:
        recipients = (*recipients, PlannedRecipient(code=UNKNOWN_AGENCY, character=Character.SILENT))
    return replace(document, special=special, recipients=recipients)
