"""Forms of what the directory holds: codes (edXML notes §5), times of validity, mailboxes, mobile numbers."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from hub.model.ids import AgencyCode, SystemId
from hub.model.reasons import Code
from hub.model.values import Contact, Identifier, Refusal

SCHEMES = ("qcvn2016", "qd20", "legacy")
LONGEST_NAME = 200
MOST_IDENTIFIERS = MOST_CONTACTS = 20

_SYSTEM_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_QCVN_2016 = re.compile(r"[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Z][0-9]{2}")
_QD_20 = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]+)*")
_MAILBOX = re.compile(r"[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-z-]{1,63}(\.[0-9A-Za-z-]{1,63})+")
_MOBILE = re.compile(r"(0|\+84)[35789][0-9]{8}")  # prefixes in use since 2018; an SMS cannot go to a land line
_BETWEEN_DIGITS = re.compile(r"[ .-]")


def is_system_id(system_id: SystemId) -> bool:
    """True for what can be a connected system's id."""
    return _SYSTEM_ID.fullmatch(system_id) is not None


def is_name(text: str) -> bool:
    """True for one line of printable text that is not too long, and no encoded word of a mail header (RFC 2047)."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip() and "=?" not in text


def scheme_of(code: AgencyCode) -> str:
    """Scheme whose form a code has."""
    if _QCVN_2016.fullmatch(code):
        return "qcvn2016"
    return "qd20" if _QD_20.fullmatch(code) else "legacy"


def plain_mobile(number: str) -> str:
    """A mobile number without what people write between its digits."""
    return _BETWEEN_DIGITS.sub("", number)


def identifier_faults(identifier: Identifier, field: str) -> Iterator[Refusal]:
    """What is wrong with the scheme and the validity of one code."""
    if identifier.scheme not in SCHEMES:
        yield bad(f"{field}.scheme", identifier.scheme)
    start, end = moment(identifier.valid_from), moment(identifier.valid_to)
    if identifier.valid_from and start is None:
        yield bad(f"{field}.valid_from", identifier.valid_from)
    if identifier.valid_to and end is None:
        yield bad(f"{field}.valid_to", identifier.valid_to)
    if start is not None and end is not None and end <= start:
        yield bad(f"{field}.valid_to", identifier.valid_to)


def contact_faults(contact: Contact, field: str) -> Iterator[Refusal]:
    """What is wrong with one person to warn."""
    for name, text in (("name", contact.name), ("position", contact.position), ("unit", contact.unit)):
        if not is_name(text) and (text or name == "name"):
            yield bad(f"{field}.{name}", text)
    if contact.email and not _MAILBOX.fullmatch(contact.email):
        yield bad(f"{field}.email", contact.email)
    if contact.mobile and not _MOBILE.fullmatch(plain_mobile(contact.mobile)):
        yield bad(f"{field}.mobile", contact.mobile)
    if not (contact.email or contact.mobile):
        yield Refusal(code=Code.MISSING_FIELD, field=f"{field}.email", detail="")


def folded(text: str) -> str:
    """Text as it is searched: small letters without diacritics, so that `van phong` finds `Văn phòng`."""
    bare = (letter for letter in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(letter))
    return "".join(bare).replace("đ", "d")


def moment(text: str) -> datetime | None:
    """The moment of an RFC 3339 text with its zone; None when it is not one."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else None


def bad(field: str, value: str) -> Refusal:
    """A refusal of one field's value."""
    return Refusal(code=Code.BAD_FIELD, field=field, detail=value[:100])
