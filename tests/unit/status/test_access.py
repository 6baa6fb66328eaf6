"""Nobody sees more than its part: another agency's line is as if it were not there (P9, A36)."""

import pytest

from hub.model.directory import Directory
from hub.model.events import Event
from hub.model.ids import SystemId
from services.status.access import Connection, Operator, view
from services.status.life import Life
from services.status.lifecycle import grown
from tests.fakes.events import agency, connection
from tests.fakes.lives import Document

A, B, C, OLD_B = "000.00.00.G22", "000.00.00.H29", "000.00.00.G12", "000.10.08.H41"
UNIT = "000.01.00.H29"


@pytest.fixture
def directory() -> Directory:
    known = Directory()
    for one in (agency(A), agency(B, OLD_B), agency(C), agency(UNIT, parent=B)):
        known.learn(one)
    for code in (A, B, C):
        known.learn(connection(f"sys-{code}", code))
    return known


def seen(life: Life, system: str, directory: Directory) -> set[str] | None:
    """Recipients whose lines this system sees; None when it sees nothing."""
    part = view(life, Connection(system_id=SystemId(system)), directory)
    return None if part is None else set(part.lines)


def life_of(document: Document, *events: Event) -> Life:
    return grown(Life(hub_id=document.hub_id), events)


def test_the_sender_sees_all_lines_a_recipient_its_own_a_stranger_nothing(directory: Directory) -> None:
    document = Document(1, A, [B, C])
    life = life_of(document, *document.whole())
    assert seen(life, f"sys-{A}", directory) == {B, C}
    assert seen(life, f"sys-{B}", directory) == {B}
    assert seen(life, "sys-nobody", directory) is None
    assert view(life, Operator(), directory) == life


def test_a_recipient_knows_nothing_of_a_document_before_its_inbox_has_it(directory: Directory) -> None:
    document = Document(1, A, [B, C])
    life = life_of(document, document.received(), document.checked(), document.planned(C))
    assert seen(life, f"sys-{B}", directory) is None
    assert seen(life, f"sys-{C}", directory) == {C}


def test_a_stopped_document_is_seen_by_its_sender_alone(directory: Directory) -> None:
    document = Document(1, A, [B])
    life = life_of(document, document.received(), document.planned(B), document.refused("policy"))
    assert seen(life, f"sys-{A}", directory) == {B}
    assert seen(life, f"sys-{B}", directory) is None


def test_a_refusal_at_the_door_is_seen_by_the_system_that_sent_it_alone(directory: Directory) -> None:
    forged = Document(1, A, [B])
    forged.system = SystemId(f"sys-{C}")  # C sends in the name of A
    life = life_of(forged, forged.refused(code="SENDER_MISMATCH"))
    assert seen(life, f"sys-{C}", directory) == set()
    assert seen(life, f"sys-{A}", directory) is None


def test_old_codes_and_units_below_belong_to_the_agency_that_serves_them(directory: Directory) -> None:
    document = Document(1, A, [OLD_B, UNIT, C])
    assert seen(life_of(document, *document.whole()), f"sys-{B}", directory) == {OLD_B, UNIT}


def test_who_no_longer_serves_the_sender_sees_nothing(directory: Directory) -> None:
    document = Document(1, A, [B])
    life = life_of(document, *document.whole())
    directory.learn(connection(f"sys-{A}", A, active=False))
    assert seen(life, f"sys-{A}", directory) is None
