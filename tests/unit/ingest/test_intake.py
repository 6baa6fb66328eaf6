"""Which packages are accepted, and every reason why one is not."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.model.ids import SystemId
from hub.model.reasons import Code
from hub.model.statuses import AgencyState, BusinessType
from services.ingest import intake
from tests.fakes.events import NOW, agency
from tests.fakes.packages import File, Letter
from tests.unit.ingest.making import SYSTEM, directory, document

LETTER = Letter()


def found(letter: Letter, moment: datetime = NOW) -> list[tuple[str, str]]:
    return [(each.code, each.field) for each in intake.findings(document(letter), moment, directory())]


def test_an_ordinary_document() -> None:
    assert found(LETTER) == []
    assert intake.may_send(document(LETTER), SYSTEM, directory()) is None


@pytest.mark.parametrize(("letter", "reasons"), [
    (LETTER.but(recipients=()), [(Code.MISSING_FIELD, "MessageHeader/To")]),
    (LETTER.but(document_id=""), [(Code.MISSING_FIELD, "MessageHeader/DocumentId")]),
    (LETTER.but(document_id="  "), [(Code.MISSING_FIELD, "MessageHeader/DocumentId")]),
    (LETTER.but(number=""), [(Code.MISSING_FIELD, "MessageHeader/Code/CodeNumber")]),
    (LETTER.but(notation=""), [(Code.MISSING_FIELD, "MessageHeader/Code/CodeNotation")]),
    (LETTER.but(subject=" \n "), [(Code.MISSING_FIELD, "MessageHeader/Subject")]),
    (LETTER.but(date=""), [(Code.MISSING_FIELD, "MessageHeader/PromulgationInfo/PromulgationDate")]),
    (LETTER.but(recipients=("H98.12", "")), [(Code.MISSING_FIELD, "MessageHeader/To[2]/OrganId")]),
    (LETTER.but(recipients=("H98.12 ",)), [(Code.BAD_FIELD, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("H98.１２",)), [(Code.BAD_FIELD, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("Н98.12",)), [(Code.BAD_FIELD, "MessageHeader/To[1]/OrganId")]),  # Cyrillic letter
    (LETTER.but(recipients=("H98.12\u200b",)), [(Code.BAD_FIELD, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("H" * 36,)), [(Code.BAD_FIELD, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("h98.12",)), [(Code.UNKNOWN_RECIPIENT, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("H98.13",)), [(Code.RECIPIENT_LOCKED, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("H98.14",)), [(Code.RECIPIENT_DISSOLVED, "MessageHeader/To[1]/OrganId")]),
    (LETTER.but(recipients=("H98.12", "H98.12")), [(Code.DUPLICATE_RECIPIENT, "MessageHeader/To[2]/OrganId")]),
    (LETTER.but(recipients=("000.00.00.G99", "G99")), [(Code.DUPLICATE_RECIPIENT, "MessageHeader/To[2]/OrganId")]),
    (LETTER.but(recipients=["H98.12"] * 1001), [(Code.TOO_MANY_RECIPIENTS, "MessageHeader/To")]),
    (LETTER.but(document_id="x" * 301), [(Code.BAD_FIELD, "MessageHeader/DocumentId")]),
    (LETTER.but(document_id="a\nb"), [(Code.BAD_FIELD, "MessageHeader/DocumentId")]),
    (LETTER.but(business_type="4"), [(Code.BAD_FIELD, "TraceHeaderList/Bussiness/BussinessDocType")]),
    (LETTER.but(business_type="new"), [(Code.BAD_FIELD, "TraceHeaderList/Bussiness/BussinessDocType")]),
    (LETTER.but(business_type="3"),
     [(Code.MISSING_FIELD, "TraceHeaderList/Bussiness/ReplacementInfoList/ReplacementInfo/DocumentId")]),
    (LETTER.but(files=[File(content_id=str(n)) for n in range(51)]), [(Code.TOO_MANY_ATTACHMENTS, "edXMLManifest")]),
    (LETTER.but(files=(File(name="a\nb.pdf"),)), [(Code.BAD_FIELD, "edXMLManifest/Reference[1]/AttachmentName")]),
    (LETTER.but(files=(File(name="a\u0085b.pdf"),)), [(Code.BAD_FIELD, "edXMLManifest/Reference[1]/AttachmentName")]),
    (LETTER.but(files=(File(encoded="QQ="),)),
     [(Code.BASE64, "AttachmentEncoded/Attachment[1]/ContentTransferEncoded")]),
])  # fmt: skip
def test_refusals(letter: Letter, reasons: list[tuple[str, str]]) -> None:
    assert found(letter) == reasons


@pytest.mark.parametrize("name", ["../../etc/passwd", "CON.pdf", "a\u202ecod.pdf", "Đề nghị số 5.pdf", ""])
def test_names_of_files_are_data(name: str) -> None:
    assert found(LETTER.but(files=(File(name=name),))) == []


def test_a_branch_number_with_a_hyphen_is_a_code_like_any_other() -> None:
    branch = agency("0100109106-001")
    found = intake.findings(document(LETTER.but(recipients=("0100109106-001",))), NOW, directory(branch))
    assert found == ()


def test_all_reasons_at_once() -> None:
    letter = LETTER.but(
        subject="", date="2014/02/30", recipients=("H98.13", "X99"), files=(File(encoded="*"),), business_type="9"
    )
    assert [code for code, _ in found(letter)] == [
        Code.BASE64, Code.MISSING_FIELD, Code.RECIPIENT_LOCKED, Code.UNKNOWN_RECIPIENT, Code.BAD_DATE, Code.BAD_FIELD,
    ]  # fmt: skip


def test_details_are_values_and_figures_and_bounded() -> None:
    letter = LETTER.but(
        document_id="a\nb", business_type="x" * 60_000, recipients=["H98.12"] * 1001, concerned="x" * 301,
        date="2027/11/20 00:00:00", files=(File(name="a\u0085b"),) * 51,
    )  # fmt: skip
    found = {each.field: each.detail for each in intake.findings(document(letter), NOW, directory())}
    assert {field.rpartition("/")[2]: detail for field, detail in found.items()} == {
        "BussinessDocType": "x" * 40, "To": "1001 > 1000", "PromulgationDate": "2027/11/20 00:00:00",
        "edXMLManifest": "51 > 50", "AttachmentName": "U+0085", "DocumentId": "301 > 300",
    }  # fmt: skip
    assert found["MessageHeader/DocumentId"] == "U+000A"


def test_reasons_are_bounded() -> None:
    assert len(found(LETTER.but(recipients=[f"X{n}" for n in range(500)]))) == intake.MOST_REASONS


@pytest.mark.parametrize("text", ["2026/11/20", "20/11/2026", "2026-11-20", "2026/1/5", "5/1/2026"])
def test_dates_as_clients_write_them(text: str) -> None:
    assert found(LETTER.but(date=text)) == []


@pytest.mark.parametrize("text", ["2014/02/30", "2026/13/01", "32/01/2026", "20261120", "2026/11/20 sáng",
                                  "20/11/26", "٢٠٢٦/11/20", "0000/01/01", "hôm nay"])  # fmt: skip
def test_dates_that_are_none(text: str) -> None:
    assert found(LETTER.but(date=text)) == [(Code.BAD_DATE, "MessageHeader/PromulgationInfo/PromulgationDate")]


def test_the_future_begins_after_tomorrow_in_vietnam() -> None:
    evening = datetime(2026, 11, 20, 16, 59, tzinfo=UTC)  # 23:59 in Hà Nội
    night = evening + timedelta(minutes=2)
    for moment, last, first in ((evening, "2026/11/21", "2026/11/22"), (night, "2026/11/22", "2026/11/23")):
        assert found(LETTER.but(date=last), moment) == []
        assert [code for code, _ in found(LETTER.but(date=first), moment)] == [Code.DATE_IN_FUTURE]


def test_only_the_connection_that_serves_the_sender_may_send() -> None:
    assert intake.may_send(document(LETTER), SYSTEM, directory()) is None
    assert intake.may_send(document(LETTER.but(sender="H99.07")), SYSTEM, directory()) is None
    for letter, system in (
        (LETTER, SystemId("G99")),
        (LETTER, SystemId("unknown")),
        (LETTER.but(sender="000.00.00.G99"), SYSTEM),
        (LETTER.but(sender="X01"), SYSTEM),
    ):
        refusal = intake.may_send(document(letter), system, directory())
        assert refusal is not None
        assert refusal.code == Code.SENDER_MISMATCH
    missing = intake.may_send(document(LETTER.but(sender="")), SYSTEM, directory())
    assert missing is not None
    assert missing.code == Code.MISSING_FIELD


def test_a_locked_agency_sends_nothing() -> None:
    locked = directory(agency("000.00.07.H99", "H99.07", state=AgencyState.LOCKED))
    refusal = intake.may_send(document(LETTER), SYSTEM, locked)
    assert refusal is not None
    assert (refusal.code, refusal.detail) == (Code.SENDER_LOCKED, LETTER.sender)


@pytest.mark.parametrize(("text", "kind"), [
    ("", BusinessType.NEW), ("0", BusinessType.NEW), ("00", BusinessType.NEW), ("1", BusinessType.RECALL),
    ("02", BusinessType.UPDATE), ("3", BusinessType.REPLACE), ("4", None), ("-1", None), ("x", None), ("²", None),
])  # fmt: skip
def test_business_types(text: str, kind: BusinessType | None) -> None:
    assert intake.business_type(text) is kind


def test_documents_that_a_package_is_about() -> None:
    path = "TraceHeaderList/Bussiness"
    named = intake.named_documents
    assert named(document(LETTER)) == ()
    assert named(document(LETTER.but(business_type="1"))) == (("MessageHeader/DocumentId", LETTER.document_id),)
    assert named(document(LETTER.but(business_type="2", concerned="a"))) == ((f"{path}/DocumentId", "a"),)
    replaced = f"{path}/ReplacementInfoList/ReplacementInfo"
    assert named(document(LETTER.but(business_type="3", replaced=("a", "b")))) == (
        (f"{replaced}[1]/DocumentId", "a"), (f"{replaced}[2]/DocumentId", "b"),
    )  # fmt: skip
