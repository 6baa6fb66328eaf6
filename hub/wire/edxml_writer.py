"""Writing edXML messages, as the national hub's Java library writes them (edXML notes §1.2, §1.4, §2.1).

The literal prefix `edXML:` stands on every descendant of the envelope: clients exist that look for it as text. Empty
values get no element, except StaffInfo, which one reader cannot do without.
"""

import html
import re
from collections.abc import Iterator
from datetime import datetime

from hub.model.ids import AgencyCode, DocumentId
from hub.model.statuses import StatusCode
from hub.model.values import Staff
from hub.wire.edxml_dates import VIETNAM
from hub.wire.edxml_names import NAMESPACE

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 forbids even when it is escaped."""


def status_message(
    *, reporter: AgencyCode, reporter_name: str, addressee: AgencyCode, document_id: DocumentId, code: str,
    promulgation_date: str, status: StatusCode, description: str, staff: Staff, timestamp: datetime,
) -> bytes:  # fmt: skip
    """A status message about one document, in UTF-8: the same arguments always give the same bytes.

    `addressee` is who is told (ResponseFor/OrganId), `code` the document's number/notation, `promulgation_date` its
    date as yyyy-mm-dd, `timestamp` any moment with its zone; the wire has Vietnam's time without one.
    """
    header = "".join(
        (
            _within("From", _text("OrganId", reporter), _text("OrganName", reporter_name)),
            _within(
                "ResponseFor",
                _text("OrganId", addressee),
                _text("Code", code),
                _text("DocumentId", document_id),
                _text("PromulgationDate", promulgation_date.replace("-", "/")),
            ),
            _within("StaffInfo", *_staff(staff)),
            _text("StatusCode", status),
            _text("Description", description),
            _text("Timestamp", timestamp.astimezone(VIETNAM).strftime("%Y/%m/%d %H:%M:%S")),
        )
    )
    return (
        f'{_DECLARATION}<edXML xmlns="{NAMESPACE}">'
        f'<edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}"><edXML:edXMLHeader>'
        f"{_within('MessageHeader', header)}"
        "</edXML:edXMLHeader></edXML:edXMLEnvelope></edXML>\n"
    ).encode()


def _staff(staff: Staff) -> Iterator[str]:
    yield _text("Department", staff.department)
    yield _text("Staff", staff.name)
    yield _text("Email", staff.email)
    yield _text("Mobile", staff.mobile)


def _within(name: str, *children: str) -> str:
    return f"<edXML:{name}>{''.join(children)}</edXML:{name}>"


def _text(name: str, text: str) -> str:
    clean = html.escape(_NOT_XML.sub("", text), quote=False).replace("\r", "&#13;")
    return _within(name, clean) if clean else ""
