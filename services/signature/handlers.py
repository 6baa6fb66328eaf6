"""Use case of the signature service."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.model.errors import Invalid
from hub.model.events import DocumentReceived, Event, SignatureChecked
from hub.model.ids import AgencyCode, Digest, EventId, event_id
from hub.model.record import Recorded
from hub.model.statuses import SignaturePolicy
from services.signature import policy, verdict
from services.signature.evidence import digest_of, evidence_of, manifest
from services.signature.facts import DocumentFacts
from services.signature.fitting import fitted
from services.signature.frames import Trust
from services.signature.reasons import Reason

STEP = "signature.checked"

Examined = DocumentFacts | Reason | Invalid
"""What was found about a document, or why nothing could be, or that it can never be judged: then it is parked alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A document's sender as the directory knows it now; no codes when it is in no directory."""

    policy: SignaturePolicy
    codes: frozenset[AgencyCode]


class Senders(Protocol):
    """The directory, as far as verdicts need it."""

    def sender(self, code: AgencyCode) -> Sender:
        """The agency that has or had this code. Raises Transient until the directory has been read."""
        ...


class Examiner(Protocol):
    """Gathers facts."""

    def trust(self) -> Trust:
        """Anchors and CRLs to judge by now. Transient while they cannot be read."""
        ...

    async def examine(self, documents: Sequence[DocumentReceived], trust: Trust) -> Sequence[Examined]:
        """Facts about each document, in their order. Transient when a package or the trust anchors are away."""
        ...


class Evidences(Protocol):
    """What verdicts were judged by."""

    async def keep(self, trust: Trust, manifests: Sequence[bytes]) -> None:
        """Keep manifests under their digests, and what they name. Raises Transient."""
        ...


class Verdicts(Protocol):
    """The verdicts given so far."""

    async def given(self, ids: Collection[EventId]) -> frozenset[EventId]:
        """Which of these `signature.checked` have been appended before. Raises Transient."""
        ...

    async def add(self, events: Sequence[SignatureChecked]) -> None:
        """Keep verdicts; one that is known already stays as it is. Raises Transient."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What deciding about a batch needs. Documents that were judged before are not in `examined`."""

    examined: Mapping[EventId, Examined]
    senders: Mapping[AgencyCode, Sender]
    moment: datetime
    evidence: Mapping[EventId, Digest]


class CheckSignatures:
    """document.received -> signature.checked, one for each document."""

    def __init__(
        self,
        senders: Senders,
        examiner: Examiner,
        evidences: Evidences,
        verdicts: Verdicts,
        clock: Callable[[], datetime],
    ) -> None:
        self._evidences = evidences
        self._senders = senders
        self._examiner = examiner
        self._verdicts = verdicts
        self._clock = clock

    async def facts(self, causes: Sequence[Recorded[DocumentReceived]]) -> Facts:
        """Examine the documents of a batch that have no verdict yet, side by side."""
        documents = {_checked_id(cause.event): cause.event for cause in causes}
        given = await self._verdicts.given(documents.keys())
        waiting = {key: document for key, document in documents.items() if key not in given}
        senders = {
            document.header.sender: self._senders.sender(document.header.sender) for document in waiting.values()
        }
        if not waiting:
            return Facts(examined={}, senders={}, moment=self._clock(), evidence={})
        trust = self._examiner.trust()  # one for all, and the one that is kept
        found = await self._examiner.examine(list(waiting.values()), trust)
        manifests = {
            key: manifest(evidence_of(document, senders[document.header.sender].codes, trust))
            for key, document in waiting.items()
        }
        await self._evidences.keep(trust, list(manifests.values()))  # before a verdict names it
        return Facts(
            examined=dict(zip(waiting, found, strict=True)),
            senders=senders,
            moment=self._clock(),
            evidence={key: digest_of(content) for key, content in manifests.items()},
        )

    def decide(self, cause: Recorded[DocumentReceived], facts: Facts) -> Sequence[Event]:
        """The verdict on one document; nothing when it was judged before. Invalid when its package is damaged."""
        key = _checked_id(cause.event)
        if key not in facts.examined:
            return ()
        header = cause.event.header
        sender = facts.senders[header.sender]
        examined = facts.examined[key]
        if isinstance(examined, Invalid):
            raise examined
        if isinstance(examined, Reason):
            findings = verdict.only(examined)
        else:
            findings = verdict.findings(examined, header, sender.codes)
        judged = policy.verdict_on_document(findings)
        checked = SignatureChecked(
            event_id=key,
            occurred_at=facts.moment,
            cause_id=cause.event.event_id,
            header=header,
            system_id=cause.event.system_id,
            verdict=judged,
            findings=findings,
            policy=sender.policy,
            stop=policy.stops(sender.policy, judged),
            evidence=facts.evidence[key],
        )
        return (fitted(checked),)

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Keep the verdicts."""
        await self._verdicts.add([record.event for record in records if isinstance(record.event, SignatureChecked)])


def _checked_id(document: DocumentReceived) -> EventId:
    return event_id(document.event_id, STEP)
