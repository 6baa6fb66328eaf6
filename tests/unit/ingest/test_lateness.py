"""What rests on knowledge behind the log is judged again once caught up; what does not is refused at once."""

import asyncio
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.model.events import DocumentReceived, StatusReported
from hub.model.ids import AgencyCode
from hub.model.reasons import Code
from hub.model.statuses import AgencyState
from services.ingest import adapters_log, duplicates, intake
from services.ingest.adapters_log import CaughtUp
from services.ingest.duplicates import document_key
from tests.fakes.events import NOW, agency, connection
from tests.fakes.packages import Letter, StatusLetter
from tests.unit.ingest import behaviour
from tests.unit.ingest.making import directory, document, received, report, submission
from tests.unit.ingest.test_handlers import LIMIT, Room, claimed, refused_for, room

__all__ = ["room"]  # the fixture

LETTER = Letter()
LOOK_ALIKE = "a" + "\u0315" * 16_000 + "\u0300" * 16_000
"""Normalising it takes CPython seconds."""


async def nothing_is_looked_up(*_: Any) -> Any:
    raise AssertionError("looked up")


@pytest.fixture
def blind(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room in which nothing may be looked up and nothing caught up with."""
    monkeypatch.setattr(room.receipts, "of", nothing_is_looked_up)
    monkeypatch.setattr(room.receipts, "found", nothing_is_looked_up)
    monkeypatch.setattr(room.claims, "has", nothing_is_looked_up)
    room.late = nothing_is_looked_up
    return room


@pytest.mark.parametrize(("letter", "field"), [
    (LETTER.but(document_id=LOOK_ALIKE), "MessageHeader/DocumentId"),
    (LETTER.but(document_id=LOOK_ALIKE, recipients=("X1",)), "MessageHeader/DocumentId"),
    (LETTER.but(business_type="1", concerned=LOOK_ALIKE), "TraceHeaderList/Bussiness/DocumentId"),
    (LETTER.but(concerned=LOOK_ALIKE), "TraceHeaderList/Bussiness/DocumentId"),
    (LETTER.but(business_type="3", replaced=("x", LOOK_ALIKE)), "[2]/DocumentId"),
    (LETTER.but(business_type="3", replaced=["x"] * 101), "ReplacementInfoList/ReplacementInfo"),
    (LETTER.but(recipients=[f"X{number}" for number in range(1001)]), "MessageHeader/To"),
])  # fmt: skip
async def test_what_is_too_long_or_too_much_is_refused_at_once(blind: Room, letter: Letter, field: str) -> None:
    begun = time.monotonic()
    found = await blind.submit.findings(submission(letter))
    assert refused_for(await blind.send(submission(letter)))
    assert time.monotonic() - begun < 1.0
    assert any(refusal.field.endswith(field) and ">" in refusal.detail for refusal in found)


@pytest.mark.parametrize("letter", [
    StatusLetter(document_id=LOOK_ALIKE), StatusLetter(document_id="x" * 301), StatusLetter(code=LOOK_ALIKE),
    StatusLetter(document_id="", code=LOOK_ALIKE), StatusLetter(addressee=LOOK_ALIKE),
])  # fmt: skip
async def test_the_same_for_statuses(blind: Room, letter: StatusLetter) -> None:
    begun = time.monotonic()
    codes = await blind.tell(report(letter))
    assert isinstance(codes, list)
    assert set(codes) == {Code.BAD_FIELD}
    assert time.monotonic() - begun < 1.0


def test_too_long_an_id_is_not_normalised() -> None:
    begun = time.monotonic()
    assert document_key(LOOK_ALIKE) == LOOK_ALIKE
    assert time.monotonic() - begun < 0.1
    longest = unicodedata.normalize("NFD", "Đế" * 100)
    assert len(longest) == intake.LONGEST_DOCUMENT_ID + 100
    assert document_key(longest) == longest
    assert document_key(longest[:300]) == unicodedata.normalize("NFC", longest[:300])


def test_slots_are_not_without_end() -> None:
    read = replace(document(LETTER), recipients=tuple(AgencyCode(f"X{number % 3000}") for number in range(6000)))
    slots = duplicates.slots(read, submission(LETTER).package.digest, directory())
    assert len(slots) == len(set(slots)) == intake.MOST_RECIPIENTS


@pytest.mark.parametrize("late", [
    (agency("H98.12"),),
    (agency("000.00.00.G99", "G99"), agency("H98.12")),
    (connection("H99", "000.00.07.H99"),),
    (agency("000.00.07.H99", "H99.07"),),
])  # fmt: skip
@pytest.mark.parametrize("state", [AgencyState.LOCKED, AgencyState.DISSOLVED])
async def test_a_directory_that_lags_behind_is_caught_up_with(
    room: Room, late: Sequence[Any], state: AgencyState
) -> None:
    """A recipient or the sender was unlocked, or a connection got the sender, just before the package came."""
    for event in late:
        before = replace(event, active=False) if hasattr(event, "active") else replace(event, state=state)
        room.directory.learn(before)
    assert await codes_found(room) != []

    async def learn() -> None:
        for event in late:
            room.directory.learn(event)

    room.late = learn
    assert await codes_found(room) == []
    for event in late:
        room.directory.learn(replace(event, active=False) if hasattr(event, "active") else replace(event, state=state))
    assert isinstance(await room.send(submission(LETTER)), DocumentReceived)


async def codes_found(room: Room) -> list[str]:
    return [refusal.code for refusal in await room.submit.findings(submission(LETTER))]


async def test_a_recipient_whose_own_file_is_late(room: Room) -> None:
    """One file per recipient: the first is known, the reporter's is in the log and not yet among the receipts."""
    await room.send(submission(LETTER.but(recipients=("H98.12",))))
    mine = received(submission(LETTER.but(recipients=("000.00.00.G99",))))
    room.late = lambda: room.receipts.add([behaviour.recorded(mine, 7)])
    event = await room.tell(report(StatusLetter()))
    assert isinstance(event, StatusReported)
    assert event.hub_id == mine.header.hub_id


async def test_a_locked_sender_has_the_receipt_of_what_it_sent_before(room: Room) -> None:
    await room.send(submission(LETTER))
    room.directory.learn(agency("000.00.07.H99", "H99.07", state=AgencyState.LOCKED))
    assert await room.send(submission(LETTER)) is None
    assert refused_for(await room.send(submission(LETTER.but(document_id="x")))) == [Code.SENDER_LOCKED]


async def test_many_slots_of_many_dead_requests_are_handed_over_with_one_reading(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [f"R{number}" for number in range(40)]
    for code in codes:
        room.directory.learn(agency(code))
    for first in range(0, 40, 10):
        await claimed(room, LETTER.but(subject=f"{first}", recipients=codes[first : first + 10]), NOW)
    rounds = 0
    take = room.claims.take

    async def counted(*arguments: Any) -> Any:
        nonlocal rounds
        rounds += 1
        return await take(*arguments)

    monkeypatch.setattr(room.claims, "take", counted)
    moment = NOW + LIMIT + timedelta(seconds=1)
    event = await room.send(submission(LETTER.but(recipients=codes), moment=moment))
    assert isinstance(event, DocumentReceived)
    assert (room.caught_up, rounds) == (1, 5)


class Readings:
    """Stands for own events and the directory view: counts readings, each taking a while."""

    def __init__(self) -> None:
        self.begun: list[float] = []

    async def catch_up(self, _partitions: object) -> int:
        self.begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.01)
        return 0

    async def up_to_date(self, _seconds: float) -> None:
        return None


async def test_whoever_has_itself_refused_again_and_again_costs_one_reading_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapters_log, "_APART_SECONDS", 0.1)
    readings: Any = Readings()
    caught_up = CaughtUp(readings, readings, 6)
    await caught_up()

    async def one_after_the_other() -> None:
        for _ in range(3):
            await caught_up()

    await asyncio.gather(*(one_after_the_other() for _ in range(50)))
    pauses = [later - earlier for earlier, later in zip(readings.begun, readings.begun[1:], strict=False)]
    assert len(readings.begun) == 4
    assert all(pause >= 0.099 for pause in pauses)
