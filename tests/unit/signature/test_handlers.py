"""The use case: what is examined, what is decided, what is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.model.errors import Invalid, Transient
from hub.model.events import DocumentReceived, SignatureChecked
from hub.model.ids import AgencyCode, EventId, SystemId, event_id
from hub.model.record import Recorded
from hub.model.statuses import Outcome, SignaturePolicy
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from services.signature import document
from services.signature.evidence import digest_of
from services.signature.frames import Trust
from services.signature.handlers import CheckSignatures, Examined, Sender
from services.signature.reasons import Reason
from tests.fakes.log import FakeLog, FakeMarkStore
from tests.unit.signature import authority
from tests.unit.signature.documents import LETTER, header_of
from tests.unit.signature.signing import signed

CHECKED = datetime(2026, 11, 20, 2, 15, 3, tzinfo=UTC)

TRUST = Trust(version="1", anchors=b"anchors", crls=(b"one", b"two"), revocation="require")


@dataclass
class Desk:
    """The three ports in memory."""

    policies: dict[str, SignaturePolicy] = field(default_factory=dict)
    found: dict[str, Examined] = field(default_factory=dict)
    asked: list[EventId] = field(default_factory=list)
    kept: dict[EventId, SignatureChecked] = field(default_factory=dict)
    away: str = ""
    manifests: dict[str, bytes] = field(default_factory=dict)

    def sender(self, code: AgencyCode) -> Sender:
        if code not in self.policies:
            return Sender(policy=SignaturePolicy.REQUIRED, codes=frozenset())
        return Sender(policy=self.policies[code], codes=frozenset({code}))

    def trust(self) -> Trust:
        return TRUST

    async def keep(self, trust: Trust, manifests: Sequence[bytes]) -> None:
        assert trust is TRUST
        self.manifests |= {digest_of(content): content for content in manifests}

    async def examine(self, documents: Sequence[DocumentReceived], trust: Trust) -> Sequence[Examined]:
        assert trust is TRUST
        if self.away:
            raise Transient(self.away)
        self.asked += [one.event_id for one in documents]
        return [self.found[one.event_id] for one in documents]

    async def given(self, ids: Collection[EventId]) -> frozenset[EventId]:
        return frozenset(self.kept.keys() & set(ids))

    async def add(self, events: Sequence[SignatureChecked]) -> None:
        for event in events:
            self.kept.setdefault(event.event_id, event)


def received(number: int, package: bytes) -> Recorded[DocumentReceived]:
    event = DocumentReceived(
        event_id=event_id(str(number), "received"),
        occurred_at=authority.RECEIVED,
        cause_id=str(number),
        header=header_of(LETTER, package),
        system_id=SystemId("VP.99"),
    )
    return Recorded(event=event, topic="document.received.v1", partition=0, offset=number)


def examined(package: bytes) -> Examined:
    digest = header_of(LETTER, package).package.digest
    return document.facts(package, digest, authority.usual(), authority.RECEIVED)


GOOD = signed(LETTER.bytes(), authority.sender())
UNSIGNED = LETTER.bytes()


def steps(desk: Desk, log: FakeLog, moment: datetime = CHECKED) -> FourSteps[Recorded[DocumentReceived], object]:
    handler = CheckSignatures(senders=desk, examiner=desk, evidences=desk, verdicts=desk, clock=lambda: moment)
    return FourSteps("CheckSignatures", handler, log, Marks(FakeMarkStore()), (SignatureChecked,))  # type: ignore[arg-type]


async def run(desk: Desk, *causes: Recorded[DocumentReceived]) -> list[SignatureChecked]:
    log = FakeLog()
    await steps(desk, log).run(list(causes))
    return [event for event in log.events() if isinstance(event, SignatureChecked)]


async def test_a_good_document_goes_on() -> None:
    cause = received(1, GOOD)
    desk = Desk({authority.SENDER: SignaturePolicy.REQUIRED}, {cause.event.event_id: examined(GOOD)})
    (checked,) = await run(desk, cause)
    assert (checked.verdict.outcome, checked.verdict.reason, checked.stop) == (Outcome.VALID, "OK", False)
    assert checked.cause_id == cause.event.event_id
    assert checked.occurred_at == CHECKED
    assert checked.header == cause.event.header
    assert checked.system_id == "VP.99"
    assert checked.policy is SignaturePolicy.REQUIRED
    assert desk.kept == {checked.event_id: checked}


@pytest.mark.parametrize(
    ("policy", "stop"),
    [(SignaturePolicy.REQUIRED, True), (SignaturePolicy.OPTIONAL, False), (SignaturePolicy.LEGACY_UNSIGNED, False)],
)
async def test_the_policy_of_the_sender_decides_about_an_unsigned_document(policy: SignaturePolicy, stop: bool) -> None:  # noqa: FBT001 - a column of the table
    cause = received(1, UNSIGNED)
    (checked,) = await run(Desk({authority.SENDER: policy}, {cause.event.event_id: examined(UNSIGNED)}), cause)
    assert (checked.verdict.reason, checked.policy, checked.stop) == ("NO_SIGNATURE", policy, stop)


async def test_a_sender_in_no_directory_must_sign_and_cannot() -> None:
    cause = received(1, GOOD)
    (checked,) = await run(Desk({}, {cause.event.event_id: examined(GOOD)}), cause)
    assert (checked.verdict.reason, checked.policy, checked.stop) == ("SENDER_MISMATCH", SignaturePolicy.REQUIRED, True)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.TIMEOUT, Outcome.INDETERMINATE),
        (Reason.LIMITS, Outcome.INDETERMINATE),
        (Reason.VERIFIER_CRASHED, Outcome.INVALID),
    ],
)
async def test_a_document_that_nothing_is_known_of_has_one_finding(reason: Reason, outcome: Outcome) -> None:
    cause = received(1, GOOD)
    (checked,) = await run(Desk({}, {cause.event.event_id: reason}), cause)
    assert (checked.verdict.outcome, checked.verdict.reason) == (outcome, reason)
    (finding,) = checked.findings
    assert (finding.part, finding.signer) == ("envelope", "")


async def test_a_repeat_gives_nothing_and_examines_nothing() -> None:
    cause, fresh = received(1, GOOD), received(2, UNSIGNED)
    desk = Desk({}, {cause.event.event_id: examined(GOOD), fresh.event.event_id: examined(UNSIGNED)})
    (first,) = await run(desk, cause)
    again = replace(cause, offset=9)
    (second,) = await run(desk, again, fresh)
    assert second.cause_id == fresh.event.event_id
    assert desk.asked == [cause.event.event_id, fresh.event.event_id]
    assert desk.kept[first.event_id] == first


async def test_the_same_document_twice_in_a_batch_is_examined_once() -> None:
    cause = received(1, GOOD)
    desk = Desk({}, {cause.event.event_id: examined(GOOD)})
    checked = await run(desk, cause, replace(cause, offset=2))
    assert desk.asked == [cause.event.event_id]
    assert len({one.event_id for one in checked}) == 1
    assert len(desk.kept) == 1


async def test_after_a_crash_between_append_and_projection_nothing_is_decided_differently() -> None:
    """The log has the verdict; it is projected first, and then a changed policy no longer matters."""
    cause = received(1, UNSIGNED)
    desk = Desk({authority.SENDER: SignaturePolicy.OPTIONAL}, {cause.event.event_id: examined(UNSIGNED)})
    log = FakeLog()
    await steps(desk, log).run([cause])
    (appended,) = log.records
    desk.kept.clear()
    desk.policies[authority.SENDER] = SignaturePolicy.REQUIRED
    later = steps(desk, log, CHECKED + timedelta(hours=1))
    await CheckSignatures(senders=desk, examiner=desk, evidences=desk, verdicts=desk, clock=lambda: CHECKED).project(
        [appended]
    )
    await later.run([cause])
    assert log.records == [appended]
    assert [one.stop for one in desk.kept.values()] == [False]


async def test_a_package_that_is_away_is_waited_for() -> None:
    desk = Desk(away="blobs")
    with pytest.raises(Transient, match="blobs"):
        await run(desk, received(1, GOOD))
    assert desk.kept == {}


async def test_a_package_that_was_damaged_is_parked_alone() -> None:
    rotten, good = received(1, GOOD), received(2, UNSIGNED)
    damaged = Invalid("PACKAGE_DAMAGED", "one bit flipped")
    desk = Desk({}, {rotten.event.event_id: damaged, good.event.event_id: examined(UNSIGNED)})
    log = FakeLog()
    done = await steps(desk, log).run([rotten, good])
    assert [(cause, error) for cause, error in done.parked] == [(rotten, damaged)]
    assert [event.cause_id for event in log.events()] == [good.event.event_id]
