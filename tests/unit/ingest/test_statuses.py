"""Which document a status is about, and who may say so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.ids import AgencyCode, SystemId
from hub.model.reasons import Code
from hub.model.statuses import StatusCode
from hub.model.values import Refusal
from services.ingest import statuses
from services.ingest.duplicates import Receipt, receipt_of
from services.ingest.statuses import Line
from tests.fakes.events import NOW, agency, connection
from tests.fakes.packages import Letter, StatusLetter
from tests.unit.ingest.making import STRANGER, SYSTEM, directory, received, report, status, submission

DOCUMENT = receipt_of(received(submission(Letter())))
ACCEPTED = StatusLetter()
RECALL = StatusLetter(reporter=ACCEPTED.addressee, addressee=ACCEPTED.reporter, status="13", description="gửi nhầm")


def found(letter: StatusLetter, system: SystemId = STRANGER) -> list[str]:
    return [refusal.code for refusal in statuses.findings(status(letter), system, directory())]


def line(letter: StatusLetter, *documents: Receipt) -> Line | str:
    result = statuses.line(statuses.put_right(status(letter)), documents, directory())
    return result if isinstance(result, Line) else result.code


@pytest.mark.parametrize("code", ["01", "1", "02", "03", "04", "05", "06", "13", "14", "15", "16"])
def test_codes_that_are_known(code: str) -> None:
    assert found(ACCEPTED.but(status=code)) == []


@pytest.mark.parametrize("code", ["00", "07", "12", "17", "99", "103", "999", "O1", "1.0", "-1", "xx"])
def test_codes_that_are_not(code: str) -> None:
    assert found(ACCEPTED.but(status=code)) == [Code.UNKNOWN_STATUS]


def test_what_is_required() -> None:
    assert found(StatusLetter(reporter="", addressee="", document_id="", code="")) == [Code.MISSING_FIELD] * 3
    assert found(ACCEPTED.but(document_id="")) == []
    assert found(ACCEPTED.but(code="", date="")) == []


def test_the_reporter_is_the_callers() -> None:
    assert found(ACCEPTED, SYSTEM) == [Code.SENDER_MISMATCH]
    assert found(RECALL, SYSTEM) == []
    assert found(RECALL, STRANGER) == [Code.SENDER_MISMATCH]


def test_a_recipient_reports() -> None:
    assert line(ACCEPTED, DOCUMENT) == Line(document=DOCUMENT, recipient=DOCUMENT.recipients[0])
    by_other_code = line(ACCEPTED.but(reporter="G99"), DOCUMENT)
    assert isinstance(by_other_code, Line)
    assert by_other_code.recipient == "000.00.00.G99"  # as the document has it


def test_others_do_not() -> None:
    assert line(ACCEPTED.but(reporter="H98.13"), DOCUMENT) == Code.NOT_A_RECIPIENT
    assert line(ACCEPTED.but(reporter=DOCUMENT.sender), DOCUMENT) == Code.NOT_A_RECIPIENT
    assert line(ACCEPTED) == Code.UNKNOWN_DOCUMENT


def test_the_sender_asks_back() -> None:
    assert line(RECALL, DOCUMENT) == Line(document=DOCUMENT, recipient=DOCUMENT.recipients[0])
    assert line(RECALL.but(addressee="H98.13"), DOCUMENT) == Code.NOT_A_RECIPIENT


def test_where_the_document_is_looked_for() -> None:
    search = statuses.search(status(ACCEPTED))
    assert search.sender == ACCEPTED.addressee
    assert search.document_key == ACCEPTED.document_id
    assert (search.code, search.promulgation_date) == ("125/SM-VP", "2026-11-20")
    assert statuses.search(status(RECALL)).sender == RECALL.reporter


def test_code_and_agency_swapped_in_a_recall() -> None:
    swapped = RECALL.but(addressee=RECALL.code, code=RECALL.addressee)
    assert statuses.put_right(status(swapped)) == status(RECALL)
    assert line(swapped, DOCUMENT) == Line(document=DOCUMENT, recipient=DOCUMENT.recipients[0])
    for untouched in (ACCEPTED, RECALL, swapped.but(status="03"), RECALL.but(addressee="1/x", code="2/y")):
        assert statuses.put_right(status(untouched)) == status(untouched)


def test_a_status_moves_the_document_not_its_update() -> None:
    update = receipt_of(received(submission(Letter(business_type="2"), moment=NOW - timedelta(days=1))))
    recall = receipt_of(received(submission(Letter(business_type="1"))))
    chosen = line(ACCEPTED, recall, update, DOCUMENT)
    assert isinstance(chosen, Line)
    assert chosen.document is DOCUMENT
    added = receipt_of(received(submission(Letter(business_type="2", recipients=("H98.13",)))))
    chosen = line(ACCEPTED.but(reporter="H98.13"), added, DOCUMENT)
    assert isinstance(chosen, Line)
    assert chosen.document is added


def test_one_file_per_recipient() -> None:
    other = receipt_of(received(submission(Letter(recipients=("H98.12",), subject="b"))))
    mine = receipt_of(received(submission(Letter(recipients=("000.00.00.G99",)))))
    for documents in ((other, mine), (mine, other)):
        chosen = line(ACCEPTED, *documents)
        assert isinstance(chosen, Line)
        assert chosen.document is mine


MERGED = directory(agency("H26"), agency("H27", "H26"), connection("H27", "H27"))


def line_after_a_merger(letter: StatusLetter, *documents: Receipt) -> Line:
    result = statuses.line(status(letter), documents, MERGED)
    assert isinstance(result, Line)
    return result


@pytest.mark.parametrize("recipients", [("H26", "H27"), ("H27", "H26")])
@pytest.mark.parametrize("code", ["H26", "H27"])
def test_after_a_merger_the_code_named_decides(recipients: tuple[str, str], code: str) -> None:
    both = receipt_of(received(submission(Letter(recipients=recipients))))
    assert line_after_a_merger(ACCEPTED.but(reporter=code), both) == Line(document=both, recipient=AgencyCode(code))
    asked_back = RECALL.but(addressee=code)
    assert line_after_a_merger(asked_back, both).recipient == code


def test_after_a_merger_one_file_per_recipient() -> None:
    files = [receipt_of(received(submission(Letter(recipients=(code,))))) for code in ("H26", "H27")]
    update = receipt_of(received(submission(Letter(business_type="2", recipients=("H27",)))))
    for documents in (files, files[::-1]):
        assert line_after_a_merger(ACCEPTED.but(reporter="H27"), *documents).recipient == "H27"
    assert line_after_a_merger(ACCEPTED.but(reporter="H27"), update, files[0]).document is files[0]


def of_year(year: int, **changes: object) -> Receipt:
    letter = Letter(document_id=f"x,{year}", date=f"{year}/11/20").but(**changes)
    return receipt_of(received(submission(letter, moment=NOW.replace(year=year))))


OTHER_ID = ACCEPTED.but(document_id="of the client's own making")


@pytest.mark.parametrize(("date", "code"), [("", Code.MISSING_FIELD), ("hôm nay", Code.BAD_DATE)])
def test_a_number_of_several_years_needs_a_date(date: str, code: Code) -> None:
    for documents in ((of_year(2025), of_year(2026)), (of_year(2026), of_year(2025))):
        refusal = statuses.line(status(OTHER_ID.but(date=date)), documents, directory())
        assert isinstance(refusal, Refusal)
        assert (refusal.code, refusal.field) == (code, "MessageHeader/ResponseFor/PromulgationDate")
    elsewhere = of_year(2025, recipients=("H98.12",))  # not the reporter's: it does not matter, and it is not told
    assert isinstance(line(OTHER_ID.but(date=date), elsewhere, of_year(2026)), Line)


def test_of_several_documents_of_one_number_and_day_the_newest() -> None:
    old, new = (of_year(2026, document_id=f"x,{n}", date="2025/11/20", subject=f"{n}") for n in (1, 2))
    new = replace(new, received_at=new.received_at + timedelta(hours=1))
    for documents in ((old, new), (new, old)):
        for letter in (OTHER_ID.but(date="20/11/2025 00:00:00"), OTHER_ID.but(date="", document_id="")):
            found = line(letter, *documents)
            assert isinstance(found, Line)
            assert found.document is new
    by_id = line(ACCEPTED.but(document_id="x,1", date=""), old, replace(new, document_id=old.document_id))
    assert isinstance(by_id, Line)
    assert by_id.document is old


def test_details_are_bounded() -> None:
    for refusal in statuses.findings(status(ACCEPTED.but(status="x" * 20_000)), STRANGER, directory()):
        assert len(refusal.detail) <= 200
        assert refusal.detail != ""


def test_the_event() -> None:
    letter = ACCEPTED.but(status="14", description=" một\ndòng " + "x" * 600)
    chosen = line(letter, DOCUMENT)
    assert isinstance(chosen, Line)
    event = statuses.reported(report(letter), status(letter), chosen)
    assert event.status is StatusCode.RECALL_AGREED
    assert event.hub_id == DOCUMENT.hub_id
    assert (event.reporter, event.addressee, event.recipient) == ("000.00.00.G99", "000.00.07.H99", "000.00.00.G99")
    assert event.description == "một dòng " + "x" * 491
    assert event.reported_at == "2026/11/20 10:02:41"
    again = statuses.reported(report(letter, moment=NOW + timedelta(days=1)), status(letter), chosen)
    assert event.event_id == again.event_id
