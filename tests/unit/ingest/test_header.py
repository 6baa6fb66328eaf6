"""What events carry of a package."""

from dataclasses import replace

from hub.model.ids import SystemId
from hub.model.reasons import Code
from hub.model.statuses import BusinessType
from hub.model.values import Refusal
from hub.wire.avro import encode
from services.ingest import header, intake
from tests.fakes.packages import File, Letter
from tests.unit.ingest.making import received, submission, unreadable

LETTER = Letter()
MISMATCH = Refusal(code=Code.SENDER_MISMATCH, field="MessageHeader/From/OrganId", detail="x")
UNKNOWN = Refusal(code=Code.UNKNOWN_RECIPIENT, field="MessageHeader/To[1]/OrganId", detail="x")


def test_the_header_of_a_document() -> None:
    found = received(submission(LETTER)).header
    assert found.document_id == LETTER.document_id
    assert found.business_type is BusinessType.NEW
    assert found.recipients == tuple(LETTER.recipients)
    assert (found.code, found.promulgation_date, found.priority) == ("125/SM-VP", "2026-11-20", 1)
    assert found.type_name == "Công văn"
    assert not found.paper
    assert [file.name for file in found.attachments] == ["125-SM-VP.signed.pdf"]


def test_a_repeat_is_the_same_event() -> None:
    one, other = received(submission(LETTER)), received(submission(LETTER, system_id=SystemId("H99.new")))
    assert one.event_id == other.event_id
    assert one.header == other.header
    assert received(submission(LETTER.but(subject="khác"))).event_id != one.event_id


def test_free_texts_become_one_short_line() -> None:
    found = received(submission(LETTER.but(subject=" a\r\n\tb\u0085c " + "đ" * 600))).header
    assert found.subject == "a b c " + "đ" * 494


def test_odd_priorities_are_ordinary() -> None:
    assert [received(submission(LETTER.but(priority=text))).header.priority for text in ("4", "5", "x", "", "-1")] == [
        4, 0, 0, 0, 0,
    ]  # fmt: skip


def test_the_largest_event_fits_into_the_log() -> None:
    files = [File(content_id=f"cid:{n}-{'đ' * 90}", name="Đ" * 240 + f"{n}.pdf", content_type="x" * 200)
             for n in range(intake.MOST_ATTACHMENTS)]  # fmt: skip
    recipients = ["H" + "0" * 29 + f".{n:04}" for n in range(intake.MOST_RECIPIENTS)]
    letter = LETTER.but(files=files, recipients=recipients, subject="đ" * 2000, document_id="đ" * 300)
    event = received(submission(letter))
    assert len(encode(event, 1)) < 65_536
    assert event.header.attachments[7].name.endswith("Đ7.pdf")
    assert len(event.header.recipients) == intake.MOST_RECIPIENTS


def test_however_long_the_texts_are_the_event_fits() -> None:
    wide = "\U00020000"  # four bytes in UTF-8
    files = [File(content_id=f"cid:{n}-{wide * 190}", name=wide * 250 + ".pdf", content_type=wide * 200)
             for n in range(intake.MOST_ATTACHMENTS)]  # fmt: skip
    recipients = ["H" + "0" * 29 + f".{n:04}" for n in range(intake.MOST_RECIPIENTS)]
    letter = LETTER.but(files=files, recipients=recipients, subject=wide * 2000, document_id=wide * 300,
                        number=wide * 44, notation=wide * 120)  # fmt: skip
    event = received(submission(letter))
    assert len(encode(event, 1)) <= header.LARGEST_EVENT
    assert event.header.attachments[7].content_id.startswith("7-")
    assert event.header.attachments[7].name.endswith(".pdf")


def test_a_refusal_fits_too() -> None:
    wide = "\U00020000"
    many = tuple(Refusal(code=Code.BAD_FIELD, field=wide * 200, detail=wide * 255) for _ in range(intake.MOST_REASONS))
    event = header.refused(submission(LETTER), many)
    assert len(encode(event, 1)) <= header.LARGEST_EVENT
    assert event.refusals == many[: len(event.refusals)] != ()


def test_names_stay_whole_where_there_is_room() -> None:
    name = "Đ" * 240 + ".signed.pdf"
    assert received(submission(LETTER.but(files=(File(name=name),)))).header.attachments[0].name == name


def test_a_refusal_tells_what_could_be_read() -> None:
    event = header.refused(submission(LETTER), (UNKNOWN,))
    assert (event.sender, event.document_id, event.stage) == (LETTER.sender, LETTER.document_id, "intake")
    assert event.subject == LETTER.subject
    nothing = header.refused(unreadable(Refusal(code=Code.NOT_WELL_FORMED, field="", detail="")), (UNKNOWN,))
    assert (nothing.sender, nothing.document_id, nothing.subject) == ("", "", "")


def test_a_refusal_never_writes_into_the_story_of_the_document() -> None:
    genuine, attempt = received(submission(LETTER)), header.refused(submission(LETTER), (MISMATCH, UNKNOWN))
    assert attempt.hub_id != genuine.header.hub_id
    assert header.refused(submission(LETTER, system_id=SystemId("x")), (UNKNOWN,)).hub_id != attempt.hub_id


def test_the_same_refusal_is_the_same_event() -> None:
    one = header.refused(submission(LETTER), (UNKNOWN, MISMATCH))
    assert one.event_id == header.refused(submission(LETTER), (MISMATCH, replace(UNKNOWN, detail="y"))).event_id
    assert one.event_id != header.refused(submission(LETTER), (UNKNOWN,)).event_id
