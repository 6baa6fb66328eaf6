"""The two use cases over fakes, run through the real four steps."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import DocumentReceived, DocumentRefused, Event, StatusReported
from hub.model.ids import SystemId
from hub.model.reasons import Code
from hub.model.statuses import AgencyState
from hub.model.values import Refusal
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from services.ingest import duplicates
from services.ingest.handlers import Claims, Receipts, SubmitDocument
from services.ingest.handlers_statuses import NotAccepted, ReportStatus
from services.ingest.intake import Submission
from services.ingest.statuses import Report
from tests.fakes.events import NOW, agency
from tests.fakes.ingest import FakeClaims, FakePackages, FakeReceipts
from tests.fakes.log import FakeLog, FakeMarkStore
from tests.fakes.packages import Letter, StatusLetter
from tests.unit.ingest import behaviour
from tests.unit.ingest.making import SYSTEM, directory, document, received, report, submission, unreadable

LETTER = Letter()
LIMIT = timedelta(seconds=60)
GIVES = (DocumentReceived, DocumentRefused, StatusReported)


@dataclass
class Room:
    """Intake without sockets."""

    log: FakeLog
    receipts: FakeReceipts
    claims: FakeClaims
    packages: FakePackages
    directory: Directory
    caught_up: int = 0
    late: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.submit = SubmitDocument(
            directory=self.directory, receipts=self.receipts, claims=self.claims, packages=self.packages,
            catch_up=self.catch_up, request_limit=LIMIT,
        )  # fmt: skip
        self.report = ReportStatus(
            directory=self.directory, receipts=self.receipts, packages=self.packages, catch_up=self.catch_up
        )
        marks = Marks(FakeMarkStore())
        log: Any = self.log
        self.submitting: FourSteps[Submission, Any] = FourSteps("submit", self.submit, log, marks, GIVES)
        self.reporting: FourSteps[Report, Any] = FourSteps("report", self.report, log, marks, GIVES)

    async def catch_up(self) -> None:
        self.caught_up += 1
        if self.late is not None:
            await self.late()

    async def send(self, submitted: Submission) -> Event | None:
        """The event it led to; None for a repeat."""
        done = await self.submitting.run([submitted])
        return done.records[0].event if done.records else None

    async def tell(self, message: Report) -> Event | list[str] | None:
        """The event it led to, or the codes it was refused for; None for a repeat."""
        done = await self.reporting.run([message])
        for _, error in done.parked:
            assert isinstance(error, NotAccepted)
            return [refusal.code for refusal in error.refusals]
        return done.records[0].event if done.records else None


@pytest.fixture
def room() -> Room:
    return Room(FakeLog(), FakeReceipts(), FakeClaims(), FakePackages(), directory())


def refused_for(event: Event | None) -> list[str]:
    assert isinstance(event, DocumentRefused)
    return [refusal.code for refusal in event.refusals]


async def test_accepted(room: Room) -> None:
    event = await room.send(submission(LETTER))
    assert isinstance(event, DocumentReceived)
    assert room.packages.stored == {event.header.package.digest: LETTER.bytes()}
    assert len(room.claims.claims) == 2
    assert room.caught_up == 0
    receipt = await room.submit.receipt(submission(LETTER))
    assert receipt is not None
    assert receipt.hub_id == event.header.hub_id


async def test_a_repeat_appends_nothing_even_when_it_would_now_be_refused(room: Room) -> None:
    await room.send(submission(LETTER))
    room.directory.learn(agency("H98.12", state=AgencyState.LOCKED))
    for moment in (NOW, NOW - timedelta(days=30)):  # at which its date would lie in the future
        assert await room.send(submission(LETTER, moment=moment)) is None
    assert len(room.log.records) == 1


async def test_refused_with_all_reasons_and_nothing_stored(room: Room) -> None:
    event = await room.send(submission(LETTER.but(recipients=("X1", "H98.13"), subject="")))
    assert refused_for(event) == [Code.MISSING_FIELD, Code.UNKNOWN_RECIPIENT, Code.RECIPIENT_LOCKED]
    assert not room.packages.stored
    assert not room.claims.claims


async def test_an_unreadable_package_is_refused(room: Room) -> None:
    refusal = Refusal(code=Code.DTD_FORBIDDEN, field="", detail="")
    event = await room.send(unreadable(refusal))
    assert isinstance(event, DocumentRefused)
    assert event.refusals == (refusal,)


async def test_a_refused_package_may_be_sent_again_when_its_cause_is_gone(room: Room) -> None:
    letter = LETTER.but(recipients=("H97",))
    assert refused_for(await room.send(submission(letter))) == [Code.UNKNOWN_RECIPIENT]
    room.directory.learn(agency("H97"))
    assert isinstance(await room.send(submission(letter)), DocumentReceived)


async def test_a_strange_sender_learns_nothing(room: Room) -> None:
    await room.send(submission(LETTER))
    stranger = replace(submission(LETTER), system_id=SystemId("G99"))
    assert refused_for(await room.send(stranger)) == [Code.SENDER_MISMATCH]
    assert await room.submit.receipt(stranger) is None
    other = replace(submission(LETTER.but(subject="khác")), system_id=SystemId("G99"))
    assert refused_for(await room.send(other)) == [Code.SENDER_MISMATCH]


async def test_other_bytes_under_a_taken_id(room: Room) -> None:
    first = await room.send(submission(LETTER))
    event = await room.send(submission(LETTER.but(subject="khác")))
    assert isinstance(first, DocumentReceived)
    assert isinstance(event, DocumentRefused)
    assert [(refusal.code, refusal.detail) for refusal in event.refusals] == [
        (Code.DOCUMENT_CONFLICT, first.header.hub_id)
    ]


async def test_one_file_per_recipient(room: Room) -> None:
    for recipient in ("000.00.00.G99", "H98.12"):
        assert isinstance(await room.send(submission(LETTER.but(recipients=(recipient,)))), DocumentReceived)


async def test_recalls_updates_and_replacements_name_a_document_of_the_sender(room: Room) -> None:
    unknown = [LETTER.but(business_type="1"), LETTER.but(business_type="2", concerned="x"),
               LETTER.but(business_type="3", replaced=(LETTER.document_id,), document_id="new")]  # fmt: skip
    for letter in unknown:
        assert refused_for(await room.send(submission(letter))) == [Code.UNKNOWN_DOCUMENT]
    assert room.caught_up == 3
    await room.send(submission(LETTER))
    for letter in (unknown[0], LETTER.but(business_type="2", subject="b"), LETTER.but(business_type="2"), unknown[2]):
        assert isinstance(await room.send(submission(letter)), DocumentReceived)


async def test_blob_store_away(room: Room) -> None:
    room.packages.away = True
    with pytest.raises(Transient, match="blobs"):
        await room.send(submission(LETTER))
    assert not room.claims.claims
    room.packages.away = False
    assert isinstance(await room.send(submission(LETTER)), DocumentReceived)


async def test_broker_away_never_uses_up_a_document_id(room: Room) -> None:
    room.log.away = True
    with pytest.raises(Transient, match="kafka"):
        await room.send(submission(LETTER))
    room.log.away = False
    assert isinstance(await room.send(submission(LETTER)), DocumentReceived)


async def test_another_package_of_the_same_id_on_its_way(room: Room) -> None:
    await claimed(room, LETTER.but(subject="first"), NOW)
    with pytest.raises(Transient, match="documents"):
        await room.send(submission(LETTER, moment=NOW + LIMIT))
    assert room.caught_up == 0


async def test_a_claim_that_never_reached_the_log_is_taken_over(room: Room) -> None:
    await claimed(room, LETTER.but(subject="first"), NOW)
    event = await room.send(submission(LETTER, moment=NOW + LIMIT + timedelta(seconds=1)))
    assert isinstance(event, DocumentReceived)
    assert {claim.hub_id for claim in room.claims.claims.values()} == {event.header.hub_id}
    assert room.caught_up == 1  # and not once for each recipient


async def test_an_event_that_landed_late_counts(room: Room) -> None:
    first = submission(LETTER.but(subject="first"))
    await claimed(room, LETTER.but(subject="first"), NOW)
    room.late = lambda: room.receipts.add([behaviour.recorded(received(first), 0)])
    event = await room.send(submission(LETTER, moment=NOW + LIMIT + timedelta(seconds=1)))
    assert refused_for(event) == [Code.DOCUMENT_CONFLICT]


async def test_what_is_in_the_log_is_not_decided_again(room: Room) -> None:
    """The event landed, its process died before the receipt, and the directory changed since."""
    await claimed(room, LETTER, NOW)
    room.directory.learn(agency("H98.12", state=AgencyState.LOCKED))
    room.late = lambda: room.receipts.add([behaviour.recorded(received(submission(LETTER)), 0)])
    assert await room.send(submission(LETTER)) is None
    assert room.caught_up == 1


async def test_looking_stores_nothing(room: Room) -> None:
    assert await room.submit.findings(submission(LETTER)) == ()
    found = await room.submit.findings(submission(LETTER.but(recipients=("X1",))))
    assert [refusal.code for refusal in found] == [Code.UNKNOWN_RECIPIENT]
    assert not room.packages.stored
    assert not room.claims.claims
    assert not room.log.records


async def test_too_slow_a_store_is_a_part_that_is_away(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(room.packages, "put", stuck)
    monkeypatch.setattr("services.ingest.handlers.PATIENCE_SECONDS", 0.01)
    with pytest.raises(Transient, match="stores"):
        await room.send(submission(LETTER))


async def test_a_status_is_recorded_once(room: Room) -> None:
    await room.send(submission(LETTER))
    event = await room.tell(report(StatusLetter()))
    assert isinstance(event, StatusReported)
    assert event.package.digest in room.packages.stored
    assert await room.tell(report(StatusLetter())) is None
    assert isinstance(await room.tell(report(StatusLetter(timestamp="2026/11/20 11:00:00"))), StatusReported)


async def test_statuses_that_are_refused(room: Room) -> None:
    assert await room.tell(report(StatusLetter())) == [Code.UNKNOWN_DOCUMENT]
    assert room.caught_up == 1
    await room.send(submission(LETTER.but(recipients=("000.00.00.G99",))))
    assert await room.tell(report(StatusLetter(reporter="H98.12"))) == [Code.NOT_A_RECIPIENT]
    assert await room.tell(report(StatusLetter(), system_id=SYSTEM)) == [Code.SENDER_MISMATCH]
    assert len(room.packages.stored) == 1
    assert len(room.log.records) == 1


async def test_a_status_of_a_document_whose_receipt_is_late(room: Room) -> None:
    room.late = lambda: room.receipts.add([behaviour.recorded(received(submission(LETTER)), 0)])
    assert isinstance(await room.tell(report(StatusLetter())), StatusReported)


async def test_the_place_of_the_bytes_is_passed_on(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "package"
    event = await room.send(replace(submission(LETTER), content=file))
    assert isinstance(event, DocumentReceived)
    assert room.packages.stored[event.header.package.digest] == file


async def claimed(room: Room, letter: Letter, moment: datetime) -> None:
    """A request for this letter took its slots and was never heard of again."""
    slots = duplicates.slots(document(letter), submission(letter).package.digest, room.directory)
    assert await room.claims.take(slots, received(submission(letter)).header.hub_id, moment) is None


@pytest.mark.parametrize("check", behaviour.RECEIPTS)
async def test_receipts(check: Callable[[Receipts], Awaitable[None]]) -> None:
    await check(FakeReceipts())


@pytest.mark.parametrize("check", behaviour.CLAIMS)
async def test_claims(check: Callable[[Claims], Awaitable[None]]) -> None:
    await check(FakeClaims())
