from dataclasses import replace
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.model.errors import Invalid
from hub.model.statuses import Channel
from services.notifier.alerts import mailbox
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
    assert str(read["To"]) == "hoa@bnv.gov.vn, duc@bnv.gov.vn"
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
ENCODED = "=?utf-8?q?x=0D=0ABcc=3A_evil=40x.vn?="
"""An encoded word (RFC 2047): the library decodes it before it writes the header, and there is the line end."""


@pytest.mark.parametrize("hostile", [INJECTION, ENCODED, f"Van ban {ENCODED} x", f"Văn bản {ENCODED} x"])
@pytest.mark.parametrize("field", ["code", "subject", "document_id"])
def test_a_document_cannot_add_a_header_or_a_recipient(field: str, hostile: str) -> None:
    written = mail(replace(NOTICE, raised=replace(NOTICE.raised, **{field: hostile})), FROM)  # type: ignore[arg-type]
    read = parsed(written)
    assert read["Bcc"] is None
    assert "\n" not in str(read["Subject"])
    assert set(read.keys()) == set(parsed(mail(NOTICE, FROM)).keys())
    assert written.recipients == NOTICE.raised.addresses
    assert "\u202e" not in read.get_content()


@pytest.mark.parametrize("hostile", [INJECTION, ENCODED])
@pytest.mark.parametrize("field", ["hub_id", "recipient", "level"])
def test_what_goes_into_a_header_as_it_stands_is_refused_not_repaired(field: str, hostile: str) -> None:
    with pytest.raises(Invalid, match="MAIL_HEADER"):
        mail(replace(NOTICE, raised=replace(NOTICE.raised, **{field: hostile})), FROM)  # type: ignore[arg-type]


@pytest.mark.parametrize("hostile", [INJECTION, ENCODED, f"Ông {ENCODED}", 'Ông "A", <b@c.vn>'])
def test_names_in_the_directory_cannot_add_a_header_either(hostile: str) -> None:
    notice = Notice(
        raised=replace(NOTICE.raised, contacts=(hostile, "B")), sender=hostile, sender_code=hostile, agency=hostile
    )
    read = parsed(mail(notice, FROM))
    assert read["Bcc"] is None
    assert set(read.keys()) == set(parsed(mail(NOTICE, FROM)).keys())
    assert [address.addr_spec for address in read["To"].addresses] == ["hoa@bnv.gov.vn", "duc@bnv.gov.vn"]


@pytest.mark.parametrize("address", ["a@x.vn\r\nBcc: e@x.vn", "a@x.vn, e@x.vn", "no mailbox", f"{ENCODED}@x.vn"])
def test_a_malformed_address_writes_no_mail_at_all(address: str) -> None:
    hostile = replace(NOTICE, raised=replace(NOTICE.raised, contacts=("A",), addresses=(address,)))
    with pytest.raises(Invalid, match="MAIL_HEADER"):
        mail(hostile, FROM)


def test_what_the_library_finds_out_only_when_it_writes_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> bytes:
        raise HeaderParseError("header value appears to contain an embedded header")  # newer ones: HeaderWriteError

    monkeypatch.setattr(EmailMessage, "as_bytes", refuses)
    with pytest.raises(Invalid, match="MAIL_HEADER"):
        mail(NOTICE, FROM)


MAILBOXES = st.from_regex(r"[a-z0-9.!#$%&'*+/=^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,2}", fullmatch=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(MAILBOXES.filter(mailbox), min_size=1, max_size=60, unique=True))
def test_no_address_is_lost_however_many_contacts_there_are(addresses: list[str]) -> None:
    alert = replace(NOTICE.raised, contacts=tuple("Nguyễn Thị Hoa" for _ in addresses), addresses=tuple(addresses))
    written = mail(replace(NOTICE, raised=alert), FROM)
    assert [address.addr_spec for address in parsed(written)["To"].addresses] == addresses
    assert written.recipients == tuple(addresses)
    assert max(map(len, written.content.split(b"\r\n"))) <= 998


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
