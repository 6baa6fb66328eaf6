"""Texts of alerts: a mail in Vietnamese with English below, an SMS of one part.

Of the document they say number and notation, subject, sender, since when it waits and where to look; nothing else.
Headers are for machines too: `X-Hub-Document`, `X-Hub-Recipient`, `X-Hub-Level`. A mail is a function of the alert
(Message-ID and Date included) and of two names in the directory, so a second try sends the same bytes.

The SMS is written without diacritics: with them it would have to be UCS-2, 70 characters a part instead of 160, and
number, sender and subject do not fit into 70.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from hub.model.errors import Invalid
from hub.model.events import AlertRaised
from hub.wire.edxml_dates import VIETNAM
from services.notifier.alerts import ENCODED_WORD

SMS_LIMIT = 160
"""Characters of one SMS part in the GSM 7-bit alphabet (3GPP TS 23.038)."""

# Folding at 78 columns rewrites what it breaks, and has lost addresses in doing so: headers are folded at the hard
# limit instead (RFC 5322 §2.1.1). The body is encoded before, at 76.
_FOLDED = SMTP.clone(max_line_length=998)
_SUBJECT_CODE, _SMS_CODE, _SMS_SENDER = 80, 30, 40
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_GSM_ASCII = frozenset("@$_ !\"#%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_PLAIN = str.maketrans({"đ": "d", "Đ": "D", "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...",
                        "[": "(", "]": ")", "{": "(", "}": ")", "`": "'", "\\": "/", "|": "/"})  # fmt: skip

_BODY = """\
Kính gửi: {contacts}
Đơn vị: {agency}

Văn bản dưới đây đã đến hộp thư của đơn vị trên Trục liên thông văn bản quốc gia và đã chờ {waited_vi} mà chưa được tải về:

    Số, ký hiệu:  {code}
    Trích yếu:    {subject}
    Nơi gửi:      {sender}
    Nơi nhận:     {recipient}
    Đến lúc:      {since_vi} (giờ Việt Nam)
    Mã tra cứu:   {hub_id}

Đề nghị mở hệ thống quản lý văn bản và điều hành của đơn vị để tải văn bản về; nếu không thấy văn bản, đề nghị kiểm tra kết nối của hệ thống với Trục. Văn bản này chỉ được nhắc một lần bằng thư điện tử. Thư gửi tự động, xin không trả lời.

---

To: {contacts}
Agency: {agency}

The document below reached your agency's inbox on the national document exchange hub and has waited {waited_en} without being downloaded:

    Number:       {code}
    Subject:      {subject}
    Sender:       {sender}
    Recipient:    {recipient}
    Arrived:      {since_en} (Vietnam time)
    Reference:    {hub_id}

Please open your agency's document management system and fetch it; if it is not there, please check the system's connection to the hub. You are reminded of this document by e-mail only once. This mail was sent automatically, please do not reply.
"""  # noqa: E501 - mail clients break paragraphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An alert with the names that its reader knows."""

    raised: AlertRaised
    sender: str
    """Name of the document's sender; its code where no name is known."""
    sender_code: str
    agency: str
    """Name of the agency that is warned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail ready for SMTP: the envelope and the bytes."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """An SMS ready for the gateway."""

    to: str
    text: str
    reference: str
    """`document|recipient|level`: the same for every try of this alert."""


def mail(notice: Notice, mail_from: str) -> Mail:
    """The mail of an alert; Invalid when it cannot be written (a line end in a header, a malformed mailbox)."""
    try:
        content = _message(notice, mail_from).as_bytes(policy=_FOLDED)
    except (ValueError, MessageError) as error:
        raise Invalid("MAIL_HEADER", str(error)) from error
    return Mail(sender=mail_from, recipients=notice.raised.addresses, content=content)


def _message(notice: Notice, mail_from: str) -> EmailMessage:
    """Headers hold no text of other people's making but the number in the subject: names stand in the body."""
    raised = notice.raised
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Trục liên thông văn bản quốc gia", addr_spec=mail_from)
    message["To"] = [Address(addr_spec=_verbatim(address)) for address in raised.addresses]
    code = shortened(raised.code, _SUBJECT_CODE).replace(ENCODED_WORD, "= ?")
    message["Subject"] = f"[Trục liên thông] Văn bản {code} chưa được tải về"
    message["Date"] = raised.occurred_at
    message["Message-ID"] = f"<{raised.event_id}@{mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message["X-Hub-Document"] = _verbatim(raised.hub_id)
    message["X-Hub-Recipient"] = _verbatim(raised.recipient)
    message["X-Hub-Level"] = _verbatim(raised.level)
    message.set_content(_body(notice), charset="utf-8", cte="quoted-printable")
    return message


def _verbatim(value: str) -> str:
    if ENCODED_WORD in value:
        raise ValueError("encoded word where a value stands as it is")
    return value


def sms(notice: Notice) -> Sms:
    """The SMS of an alert: one part; the subject is cut to what is left."""
    raised = notice.raised
    since = raised.waiting_since.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
    code, sender = shortened(plain(raised.code), _SMS_CODE), shortened(plain(notice.sender), _SMS_SENDER)
    text = f"Truc VBQG: VB {code} cua {sender} den {since} chua duoc tai ve. Trich yeu: "
    return Sms(
        to=raised.addresses[0],
        text=text + shortened(plain(raised.subject), SMS_LIMIT - len(text)),
        reference=f"{raised.hub_id}|{raised.recipient}|{raised.level}",
    )


def _body(notice: Notice) -> str:
    raised = notice.raised
    waited = raised.occurred_at - raised.waiting_since
    since = raised.waiting_since.astimezone(VIETNAM)
    return _BODY.format(
        contacts=", ".join(map(one_line, raised.contacts)),
        agency=one_line(notice.agency),
        code=one_line(raised.code),
        subject=one_line(raised.subject),
        sender=one_line(f"{notice.sender} ({notice.sender_code})"),
        recipient=one_line(raised.recipient),
        hub_id=raised.hub_id,
        waited_vi=_waited(waited, ("giây", "phút", "giờ", "ngày")),
        waited_en=_waited(waited, ("s", "min", "h", "days")),
        since_vi=_clock(since),
        since_en=since.strftime("%Y-%m-%d %H:%M"),
    )


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M ngày %d/%m/%Y")


def _waited(waited: timedelta, units: tuple[str, str, str, str]) -> str:
    seconds = max(0, int(waited.total_seconds()))
    for size, unit in ((_DAY, units[3]), (_HOUR, units[2]), (_MINUTE, units[1])):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} {units[0]}"


def one_line(text: str) -> str:
    """Text on one line: line ends and other control characters become blanks."""
    return " ".join("".join(" " if unicodedata.category(sign).startswith("C") else sign for sign in text).split())


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters on one line; what was cut off shows as dots."""
    line = one_line(text)
    return line if len(line) <= limit else f"{line[: max(0, limit - 3)].rstrip()}..."[:limit]


def plain(text: str) -> str:
    """Text in the part of the GSM 7-bit alphabet that costs one character each: no diacritics; `?` for the rest."""
    apart = unicodedata.normalize("NFD", one_line(text).translate(_PLAIN))
    return "".join(sign if sign in _GSM_ASCII else "?" for sign in apart if not unicodedata.combining(sign))
