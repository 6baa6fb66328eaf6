"""What follows from the findings: the verdict on the document as a whole, and whether its sender's policy stops it.

The rule for the whole: the worst of its parts, in the order INVALID, INDETERMINATE, ABSENT, VALID; among equally bad
ones the first, envelope before attachments. So a document is VALID only when its envelope and every PDF in it are.

The rule for stopping:

| policy          | VALID | INDETERMINATE | ABSENT | INVALID |
|-----------------|-------|---------------|--------|---------|
| required        | goes  | stops         | stops  | stops   |
| optional        | goes  | goes          | goes   | stops   |
| legacy_unsigned | goes  | goes          | goes   | goes    |

What goes without being VALID goes with its verdict in plain sight. `legacy_unsigned` is for agencies whose systems
write placeholders (edXML §1.6): nothing of theirs is ever stopped for a signature, and nothing of theirs is ever called
VALID unless it is. A sender that is in no directory is treated as `required`.
"""

from collections.abc import Sequence

from hub.model.statuses import Outcome, SignaturePolicy
from hub.model.values import SignatureFinding, Verdict

MOST_FINDINGS = 128
"""Findings in an event, whatever a hostile package holds; `fitting` sees to its bytes."""

_WORST_FIRST = (Outcome.INVALID, Outcome.INDETERMINATE, Outcome.ABSENT, Outcome.VALID)
_STOPPED = {
    SignaturePolicy.REQUIRED: frozenset({Outcome.INVALID, Outcome.INDETERMINATE, Outcome.ABSENT}),
    SignaturePolicy.OPTIONAL: frozenset({Outcome.INVALID}),
    SignaturePolicy.LEGACY_UNSIGNED: frozenset[Outcome](),
}


def verdict_on_document(findings: Sequence[SignatureFinding]) -> Verdict:
    """The worst of the parts. Raises ValueError for no findings: an empty list is a refusal, never a pass."""
    return min((finding.verdict for finding in findings), key=lambda verdict: _WORST_FIRST.index(verdict.outcome))


def shown(findings: Sequence[SignatureFinding], most: int = MOST_FINDINGS) -> tuple[SignatureFinding, ...]:
    """The findings that an event carries: all, or the worst of them in their order."""
    by_weight = sorted(range(len(findings)), key=lambda place: _WORST_FIRST.index(findings[place].verdict.outcome))
    return tuple(findings[place] for place in sorted(by_weight[:most]))


def stops(policy: SignaturePolicy, verdict: Verdict) -> bool:
    """True when this policy stops a document with this verdict."""
    return verdict.outcome in _STOPPED[policy]
