"""What intake's ports promise, as checks that run over the fakes and over MongoDB alike."""

import unicodedata
from dataclasses import replace
from datetime import timedelta

from hub.model.events import DocumentReceived, Event
from hub.model.ids import AgencyCode, DocumentId, EventId, HubId
from hub.model.record import Recorded
from services.ingest.duplicates import Slot
from services.ingest.handlers import Claims, Receipts
from services.ingest.statuses import Search, reported
from tests.fakes.events import NOW
from tests.fakes.packages import Letter, StatusLetter
from tests.unit.ingest.making import line_of, received, report, status, submission

SENDERS = (AgencyCode("000.00.07.H99"), AgencyCode("H99.07"))
FIRST, SECOND, THIRD = (HubId(f"00000000-0000-5000-8000-00000000000{number}") for number in (1, 2, 3))
ONE, TWO, THREE, FOUR = (Slot(name) for name in "abcd")


def recorded(event: Event, offset: int) -> Recorded[Event]:
    return Recorded(event=event, topic="t", partition=0, offset=offset)


def document(**changes: object) -> DocumentReceived:
    return received(submission(Letter().but(**changes)))


async def receipts_are_found_by_any_code_of_the_sender(receipts: Receipts) -> None:
    event = document(document_id="Đế,1")
    await receipts.add([recorded(event, 0)])
    for same in ("Đế,1", " Đế,1 ", unicodedata.normalize("NFD", "Đế,1")):
        found = await receipts.of(SENDERS, [DocumentId(same)])
        assert [each.hub_id for each in found] == [event.header.hub_id]
    (receipt,) = await receipts.of(SENDERS, [event.header.document_id])
    assert receipt.received_at == event.occurred_at
    assert receipt.recipients == event.header.recipients
    assert (receipt.digest, receipt.size) == (event.header.package.digest, event.header.package.size)
    assert await receipts.of([AgencyCode("000.00.00.G99")], [event.header.document_id]) == []
    assert await receipts.of(SENDERS, [DocumentId("Đê,1")]) == []


async def projecting_again_changes_nothing_and_the_first_in_the_log_wins(receipts: Receipts) -> None:
    event = document()
    later = replace(event, occurred_at=event.occurred_at + timedelta(seconds=9))
    for record in (recorded(later, 7), recorded(event, 3), recorded(later, 7), recorded(event, 3)):
        await receipts.add([record])
    (receipt,) = await receipts.of(SENDERS, [event.header.document_id])
    assert receipt.received_at == event.occurred_at


async def statuses_are_found_by_id_then_by_code(receipts: Receipts) -> None:
    event = document()
    await receipts.add([recorded(event, 0)])
    search = Search(sender=SENDERS[0], document_key=event.header.document_id, code="", promulgation_date="")
    assert [each.hub_id for each in await receipts.found(SENDERS, search)] == [event.header.hub_id]
    by_code = replace(search, document_key="H99,other", code="125/SM-VP", promulgation_date="2026-11-20")
    assert [each.hub_id for each in await receipts.found(SENDERS, by_code)] == [event.header.hub_id]
    assert await receipts.found(SENDERS, replace(by_code, promulgation_date="2026-11-21")) == []
    assert await receipts.found(SENDERS, replace(by_code, code="")) == []
    assert len(await receipts.found(SENDERS, replace(by_code, promulgation_date=""))) == 1


async def a_report_is_known_by_its_event(receipts: Receipts) -> None:
    letter, event = StatusLetter(), document()
    told = reported(report(letter), status(letter), line_of(event))
    assert await receipts.reported(told.event_id) is None
    await receipts.add([recorded(event, 0), recorded(told, 4)])
    await receipts.add([recorded(told, 4)])
    assert await receipts.reported(told.event_id) == event.header.hub_id
    assert await receipts.reported(EventId("x")) is None


async def a_slot_has_one_holder(claims: Claims) -> None:
    assert await claims.take([ONE, TWO], FIRST, NOW) is None
    assert await claims.take([ONE, TWO], FIRST, NOW + timedelta(seconds=1)) is None  # renewed
    other = await claims.take([TWO, THREE], SECOND, NOW)
    assert other is not None
    assert (other.slot, other.hub_id, other.claimed_at) == (TWO, FIRST, NOW + timedelta(seconds=1))
    assert not await claims.has([THREE], SECOND)  # it stopped at the first that was taken
    assert await claims.has([ONE], FIRST)
    assert not await claims.has([ONE], SECOND)


async def a_slot_is_handed_over_as_it_was_seen(claims: Claims) -> None:
    await claims.take([ONE], FIRST, NOW)
    seen = await claims.take([ONE], SECOND, NOW)
    assert seen is not None
    await claims.take([ONE], FIRST, NOW + timedelta(seconds=1))  # the first is alive after all
    await claims.hand_over(seen, [ONE], SECOND, NOW)
    assert await claims.has([ONE], FIRST)
    seen = await claims.take([ONE], SECOND, NOW)
    assert seen is not None
    await claims.hand_over(seen, [ONE], SECOND, NOW)
    assert await claims.has([ONE], SECOND)
    assert await claims.take([ONE], SECOND, NOW) is None


async def slots_of_one_claim_are_handed_over_at_once(claims: Claims) -> None:
    await claims.take([ONE, TWO, THREE], FIRST, NOW)
    await claims.take([FOUR], THIRD, NOW)
    seen = await claims.take([ONE, TWO, FOUR], SECOND, NOW)
    assert seen is not None
    await claims.hand_over(seen, [ONE, TWO, FOUR], SECOND, NOW)
    for slot, holder in ((ONE, SECOND), (TWO, SECOND), (THREE, FIRST), (FOUR, THIRD)):
        assert await claims.has([slot], holder)


async def a_claim_never_grows_older(claims: Claims) -> None:
    """Two repeats of one package race: the one that began earlier renews later."""
    await claims.take([ONE], FIRST, NOW + timedelta(seconds=9))
    await claims.take([ONE], FIRST, NOW)
    seen = await claims.take([ONE], SECOND, NOW)
    assert seen is not None
    assert seen.claimed_at == NOW + timedelta(seconds=9)


RECEIPTS = (
    receipts_are_found_by_any_code_of_the_sender,
    projecting_again_changes_nothing_and_the_first_in_the_log_wins,
    statuses_are_found_by_id_then_by_code,
    a_report_is_known_by_its_event,
)
CLAIMS = (
    a_slot_has_one_holder,
    a_slot_is_handed_over_as_it_was_seen,
    slots_of_one_claim_are_handed_over_at_once,
    a_claim_never_grows_older,
)
