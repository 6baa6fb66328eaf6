"""When a DocumentId is taken."""

from datetime import timedelta

import pytest

from hub.model.ids import AgencyCode, HubId
from hub.model.reasons import Code
from services.ingest import duplicates, intake
from services.ingest.duplicates import Claim, Receipt, Slot, receipt_of
from tests.fakes.events import NOW, agency
from tests.fakes.packages import Letter
from tests.unit.ingest.making import SYSTEM, directory, document, received, submission

LETTER = Letter(recipients=("000.00.00.G99",))
FIRST = receipt_of(received(submission(LETTER)))


def taken(letter: Letter, *receipts: Receipt) -> list[str]:
    refusals = duplicates.taken(document(letter), receipts or (FIRST,), directory())
    assert all(refusal.code == Code.DOCUMENT_CONFLICT for refusal in refusals)
    return [refusal.detail for refusal in refusals]


def test_the_same_bytes_have_the_same_receipt() -> None:
    again = submission(LETTER, moment=NOW + timedelta(days=400))
    assert duplicates.same_bytes((FIRST,), intake.identity(again, document(LETTER))) is FIRST
    other = submission(LETTER.but(subject="khác"))
    assert duplicates.same_bytes((FIRST,), intake.identity(other, document(LETTER))) is None


def test_the_identity_is_a_function_of_the_bytes_whatever_the_directory_says() -> None:
    one = intake.identity(submission(LETTER), document(LETTER))
    assert one == intake.identity(submission(LETTER, system_id=SYSTEM, moment=NOW + timedelta(1)), document(LETTER))
    assert one != intake.identity(submission(LETTER.but(sender="H99.07")), document(LETTER.but(sender="H99.07")))


@pytest.mark.parametrize(("letter", "conflicts"), [
    (LETTER.but(subject="khác"), True),
    (LETTER.but(subject="khác", recipients=("G99",)), True),  # the same ministry under its other code
    (LETTER.but(subject="khác", recipients=("H98.12", "G99")), True),
    (LETTER.but(recipients=("H98.12",)), False),  # one file per recipient (edXML notes §3.1)
    (LETTER.but(document_id="khác"), False),
    (LETTER.but(document_id=f" {LETTER.document_id} "), True),
    (LETTER.but(business_type="1"), False),
    (LETTER.but(business_type="2", subject="khác"), False),
    (LETTER.but(business_type="3", replaced=("x",)), False),
])  # fmt: skip
def test_conflicts(letter: Letter, conflicts: bool) -> None:  # noqa: FBT001 - a column of the table
    assert taken(letter) == ([FIRST.hub_id] if conflicts else [])


def test_replacements_conflict_among_themselves_updates_do_not() -> None:
    replacing = LETTER.but(business_type="3", replaced=("x",))
    first = receipt_of(received(submission(replacing)))
    assert taken(replacing.but(subject="khác"), first) == [first.hub_id]
    update = LETTER.but(business_type="2")
    assert taken(update.but(subject="khác"), receipt_of(received(submission(update)))) == []


def test_the_first_of_several_is_named() -> None:
    later = receipt_of(received(submission(LETTER.but(subject="b"), moment=NOW + timedelta(hours=1))))
    assert taken(LETTER.but(subject="c"), later, FIRST) == [FIRST.hub_id]


def test_documents_never_sent() -> None:
    named = (("a", document(LETTER).document_id), ("b", document(LETTER.but(document_id="khác")).document_id))
    refusals = duplicates.unknown(named, (FIRST,))
    assert [(refusal.code, refusal.field, refusal.detail) for refusal in refusals] == [
        (Code.UNKNOWN_DOCUMENT, "b", "khác")
    ]


def test_slots_are_those_of_agencies() -> None:
    one = duplicates.slots(document(LETTER), FIRST.digest, directory())
    same = LETTER.but(sender="H99.07", recipients=("G99",), document_id=f"{LETTER.document_id} ")
    assert duplicates.slots(document(same), FIRST.digest, directory()) == one
    both = duplicates.slots(document(LETTER.but(recipients=("H98.12", "G99"))), FIRST.digest, directory())
    assert set(one) < set(both)
    assert list(both) == sorted(both)


def test_only_updates_and_recalls_have_slots_of_their_own_bytes() -> None:
    for kind, own in (("0", False), ("1", True), ("2", True), ("3", False)):
        letter = document(LETTER.but(business_type=kind, replaced=("x",)))
        one = duplicates.slots(letter, FIRST.digest, directory())
        other = duplicates.slots(letter, type(FIRST.digest)("f" * 64), directory())
        assert (one != other) is own


def test_a_claim_is_abandoned_after_the_request_limit() -> None:
    claim = Claim(slot=Slot("x"), hub_id=HubId("y"), claimed_at=NOW)
    limit = timedelta(seconds=60)
    assert not duplicates.abandoned(claim, NOW + limit, limit)
    assert duplicates.abandoned(claim, NOW + limit + timedelta(milliseconds=1), limit)


def test_all_codes_of_an_agency() -> None:
    country = directory(agency("H98.12", "000.12.00.H98"))
    assert set(duplicates.codes_of(AgencyCode("000.12.00.H98"), country)) == {"H98.12", "000.12.00.H98"}
    assert duplicates.codes_of(AgencyCode("X1"), country) == ("X1",)
