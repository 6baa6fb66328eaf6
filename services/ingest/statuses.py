"""◆ Status messages: which document, which recipient's line, and who may say so (edXML notes §2).

Codes 01 to 06, 15 and 16 come from a recipient and go to the document's sender. Code 13 comes from the sender and goes
to the recipient that is asked to give the document back. Parties are compared as agencies, never as strings.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.model.directory import Directory
from hub.model.events import StatusReported
from hub.model.ids import AgencyCode, EventId, SystemId, event_id, is_code
from hub.model.reasons import Code
from hub.model.statuses import BusinessType, StatusCode, status_code
from hub.model.values import Package, Refusal, Staff
from hub.wire.edxml import ReadStatus
from hub.wire.edxml_dates import read_date
from services.ingest.duplicates import Receipt, document_key
from services.ingest.header import one_line
from services.ingest.intake import LONGEST_DOCUMENT_ID

_REMARK, _SHORT = 500, 255
_NUMBER_NOTATION = re.compile(r"[^/]+/.+")
_PATH = "MessageHeader/ResponseFor"
_PREFERRED = (BusinessType.NEW, BusinessType.REPLACE, BusinessType.UPDATE, BusinessType.RECALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Take this status message. `read` is a refusal when the bytes could not be read."""

    moment: datetime
    system_id: SystemId
    package: Package
    content: bytes | Path
    read: ReadStatus | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where the document of a status is looked for: among its sender's, by DocumentId, else by code and date."""

    sender: AgencyCode
    document_key: str
    code: str
    """Number/notation; empty: do not fall back to it."""
    promulgation_date: str
    """yyyy-mm-dd; empty when the message has none that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One recipient of one document: what a status is about."""

    document: Receipt
    recipient: AgencyCode
    """As written in the document's To."""


def report_id(report: Report) -> EventId:
    """Id of the event a message leads to: the same bytes are the same report."""
    return event_id(report.package.digest, "reported")


def put_right(read: ReadStatus) -> ReadStatus:
    """One .NET client swaps Code and OrganId in its recall: swap them back when that is plainly so (§2.3)."""
    swapped = (
        status_code(read.status) is StatusCode.RECALL_ASKED
        and _NUMBER_NOTATION.fullmatch(read.addressee) is not None
        and is_code(read.code)
    )
    return replace(read, addressee=AgencyCode(read.code), code=read.addressee) if swapped else read


def findings(read: ReadStatus, system_id: SystemId, directory: Directory) -> tuple[Refusal, ...]:
    """What is wrong with a message by itself; empty when nothing is."""
    found: list[Refusal] = []
    required = (
        ("MessageHeader/From/OrganId", read.reporter),
        (f"{_PATH}/OrganId", read.addressee),
        (f"{_PATH}/DocumentId", read.document_id or read.code),
        ("MessageHeader/StatusCode", read.status),
    )
    if read.reporter and not directory.may_act_for(system_id, read.reporter):
        found.append(Refusal(code=Code.SENDER_MISMATCH, field=required[0][0], detail=read.reporter[:100]))
    found += [Refusal(code=Code.MISSING_FIELD, field=field, detail="") for field, text in required if not text]
    found += read.findings
    if not may_be_looked_up(read):
        too_long = f"{len(read.document_id)} > {LONGEST_DOCUMENT_ID}"
        found.append(Refusal(code=Code.BAD_FIELD, field=f"{_PATH}/DocumentId", detail=too_long))
    if read.status and status_code(read.status) is None:
        found.append(Refusal(code=Code.UNKNOWN_STATUS, field="MessageHeader/StatusCode", detail=read.status[:40]))
    return tuple(found)


def may_be_looked_up(read: ReadStatus) -> bool:
    """True when it names a DocumentId that may exist; a longer one is refused as it stands."""
    return len(read.document_id) <= LONGEST_DOCUMENT_ID


def search(read: ReadStatus) -> Search:
    """Where to look for the document: its sender is the addressee, or for code 13 the reporter."""
    day = read_date(read.promulgation_date)
    return Search(
        sender=read.reporter if _from_sender(read) else read.addressee,
        document_key=document_key(read.document_id),
        code=code_key(read.code),
        promulgation_date=day.isoformat() if day is not None else "",
    )


def code_key(code: str) -> str:
    """What two codes (number/notation) are compared by."""
    return unicodedata.normalize("NFC", one_line(code, _SHORT))


def line(read: ReadStatus, documents: Sequence[Receipt], directory: Directory) -> Line | Refusal:
    """The line a status is about, out of the documents that `search` found; else why it is nobody's.

    A recipient may have the document, an update and a recall of it under one DocumentId: the status moves the document.
    After a merger a document may have two lines of one agency: the status moves the one whose code it names. Numbers
    begin anew every year: without a date, number/notation alone may mean documents of several years.
    """
    if not documents:
        field, named = ("DocumentId", read.document_id) if read.document_id else ("Code", read.code)
        return Refusal(code=Code.UNKNOWN_DOCUMENT, field=f"{_PATH}/{field}", detail=one_line(named, _SHORT))
    recipient = read.addressee if _from_sender(read) else read.reporter
    lines = [
        Line(document=document, recipient=code)
        for document in documents
        for code in document.recipients
        if directory.same_agency(code, recipient)
    ]
    if not lines:
        field = f"{_PATH}/OrganId" if _from_sender(read) else "MessageHeader/From/OrganId"
        return Refusal(code=Code.NOT_A_RECIPIENT, field=field, detail=recipient[:100])
    by_id = document_key(documents[0].document_id) == document_key(read.document_id)
    days = {found.document.promulgation_date for found in lines}
    if not by_id and len(days) > 1 and read_date(read.promulgation_date) is None:
        code = Code.BAD_DATE if read.promulgation_date else Code.MISSING_FIELD
        return Refusal(code=code, field=f"{_PATH}/PromulgationDate", detail=read.promulgation_date[:40])
    return min(lines, key=lambda found: _order(found, recipient, newest_first=not by_id))


def reported(report: Report, read: ReadStatus, line: Line) -> StatusReported:
    """The event of an acceptable message."""
    status = status_code(read.status)
    if status is None:
        raise ValueError("findings() refuses unknown codes")
    return StatusReported(
        event_id=report_id(report),
        occurred_at=report.moment,
        cause_id=report.package.digest,
        hub_id=line.document.hub_id,
        document_id=line.document.document_id,
        code=line.document.code,
        reporter=read.reporter,
        addressee=read.addressee,
        recipient=line.recipient,
        status=status,
        description=one_line(read.description, _REMARK),
        staff=Staff(
            department=one_line(read.staff.department, _SHORT),
            name=one_line(read.staff.name, _SHORT),
            email=one_line(read.staff.email, _SHORT),
            mobile=one_line(read.staff.mobile, _SHORT),
        ),
        reported_at=one_line(read.timestamp, _SHORT),
        package=report.package,
        system_id=report.system_id,
    )


def _from_sender(read: ReadStatus) -> bool:
    status = status_code(read.status)
    return status is not None and status.from_sender


def _order(line: Line, recipient: AgencyCode, *, newest_first: bool) -> tuple[int, bool, float, str]:
    """The line that counts comes first: of the document itself, under the very code, then by age."""
    document = line.document
    age = document.received_at.timestamp() * (-1 if newest_first else 1)
    return (_PREFERRED.index(document.business_type), line.recipient != recipient, age, document.hub_id)
