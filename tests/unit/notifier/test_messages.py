from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.model.errors import Invalid
from hub.model.statuses import Channel
from services.notifier.messages import SMS_LIMIT, Mail, Notice, mail, one_line, plain, shortened, sms
from tests.fakes.notifier import planned, raised

FROM = "truc-lien-thong@hub.local"
SUBJECT = 'Về việc triển khai Quyết định số 28/2018/QĐ-TTg "gửi, nhận văn bản điện tử"'
NOTICE = Notice(
    raised=raised(planned(subject=SUBJECT)),
    sender="Văn phòng Chính phủ",
    sender_code="000.00.00.G22",
    agency="Bộ Nội vụ",
)
TEXT = replace(NOTICE, raised=raised(planned(subject=SUBJECT), Channel.SMS))
GSM = set("@$_ !\"#%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def parsed(written: Mail) -> EmailMessage:
    return message_from_bytes(written.content, EmailMessage, policy=policy.default)


def test_the_mail_says_what_where_since_when_and_nothing_else() -> None:
    written = mail(NOTICE, FROM)
    read = parsed(written)
    assert written.recipients == ("hoa@bnv.gov.vn", "duc@bnv.gov.vn")
    assert str(read["To"]) == "Nguyễn Thị Hoa <hoa@bnv.gov.vn>, Trần Đức <duc@bnv.gov.vn>"
    assert str(read["From"]) == f"Trục liên thông văn bản quốc gia <{FROM}>"
    assert str(read["Subject"]) == "[Trục liên thông] Văn bản 125/QĐ-VPCP chưa được tải về"
    body = read.get_content()
    for words in (
        "Số, ký hiệu:  125/QĐ-VPCP",
        f"Trích yếu:    {SUBJECT}",
        "Nơi gửi:      Văn phòng Chính phủ (000.00.00.G22)",
        "Đến lúc:      09:15 ngày 20/11/2026 (giờ Việt Nam)",
        "đã chờ 30 phút",
        "Mã tra cứu:   hub-one",
        "has waited 30 min",
        "Arrived:      2026-11-20 09:15 (Vietnam time)",
    ):
        assert words in body
    assert body.index("Kính gửi") < body.index("To: ")


def test_machines_read_the_headers() -> None:
    read = parsed(mail(NOTICE, FROM))
    assert read["X-Hub-Document"] == "hub-one"
    assert read["X-Hub-Recipient"] == "000.00.00.G01"
    assert read["X-Hub-Level"] == "not_fetched"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == f"<{NOTICE.raised.event_id}@hub.local>"
    assert read["Date"].datetime == NOTICE.raised.occurred_at


def test_every_try_sends_the_same_bytes_and_only_ascii_with_crlf() -> None:
    content = mail(NOTICE, FROM).content
    assert content == mail(NOTICE, FROM).content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")


INJECTION = "x\r\nBcc: evil@example.vn\r\n\r\nbody\x00\u2028\u202e"


@pytest.mark.parametrize("field", ["code", "subject", "document_id", "recipient"])
def test_a_document_cannot_add_a_header_or_a_recipient(field: str) -> None:
    hostile = replace(NOTICE, raised=replace(NOTICE.raised, **{field: INJECTION}))  # type: ignore[arg-type]
    if field == "recipient":  # goes into a header as it stands: refused, not repaired
        with pytest.raises(Invalid, match="MAIL_HEADER"):
            mail(hostile, FROM)
        return
    written = mail(hostile, FROM)
    read = parsed(written)
    assert read["Bcc"] is None
    assert set(read.keys()) == set(parsed(mail(NOTICE, FROM)).keys())
    assert written.recipients == NOTICE.raised.addresses
    assert "\u202e" not in read.get_content()


def test_names_in_the_directory_cannot_add_a_header_either() -> None:
    hostile = Notice(
        raised=replace(NOTICE.raised, contacts=(INJECTION, 'Ông "A", <b@c.vn>')), sender=INJECTION,
        sender_code=INJECTION, agency=INJECTION,
    )  # fmt: skip
    read = parsed(mail(hostile, FROM))
    assert read["Bcc"] is None
    assert [address.addr_spec for address in read["To"].addresses] == ["hoa@bnv.gov.vn", "duc@bnv.gov.vn"]


@pytest.mark.parametrize("address", ["a@x.vn\r\nBcc: e@x.vn", "a@x.vn, e@x.vn", "no mailbox"])
def test_a_malformed_address_writes_no_mail_at_all(address: str) -> None:
    hostile = replace(NOTICE, raised=replace(NOTICE.raised, contacts=("A",), addresses=(address,)))
    with pytest.raises(Invalid, match="MAIL_HEADER"):
        mail(hostile, FROM)


def test_the_sms_is_one_part_without_diacritics() -> None:
    text = sms(TEXT)
    assert text.to == "0912345678"
    assert text.text == (
        "Truc VBQG: VB 125/QD-VPCP cua Van phong Chinh phu den 09:15 20/11/2026 chua duoc tai ve. "
        'Trich yeu: Ve viec trien khai Quyet dinh so 28/2018/QD-TTg "gui, nha...'
    )
    assert len(text.text) == SMS_LIMIT
    assert text.reference == "hub-one|000.00.00.G01|not_fetched"


@given(code=st.text(max_size=300), subject=st.text(max_size=500), sender=st.text(max_size=300))
def test_the_sms_fits_one_part_of_the_gsm_alphabet_whatever_the_document_says(
    code: str, subject: str, sender: str
) -> None:
    written = sms(replace(TEXT, sender=sender, raised=replace(TEXT.raised, code=code, subject=subject)))
    assert len(written.text) <= SMS_LIMIT
    assert set(written.text) <= GSM


@given(code=st.text(max_size=100), subject=st.text(max_size=200), name=st.text(max_size=60))
@example(code="", subject="", name="0000000000000000¡¡¡¡¡¡¡𐾰")
def test_a_mail_can_be_written_and_read_back_whatever_the_document_says(code: str, subject: str, name: str) -> None:
    notice = replace(
        NOTICE, sender=name, raised=replace(NOTICE.raised, code=code, subject=subject, contacts=(name, name))
    )
    read = parsed(mail(notice, FROM))
    assert [address.addr_spec for address in read["To"].addresses] == list(NOTICE.raised.addresses)
    assert f"Trích yếu:    {one_line(subject)}".rstrip() in read.get_content()


def test_texts_are_cut_and_flattened() -> None:
    assert one_line(" a\r\n\tb\u2028c ") == "a b c"
    assert shortened("0123456789", 10) == "0123456789"
    assert shortened("0123456789x", 10) == "0123456..."
    assert shortened("anything", 2) == ".."
    assert plain("Đường Nguyễn Huệ – “số 5” [A]") == 'Duong Nguyen Hue - "so 5" (A)'
    assert plain("文€~") == "???"
