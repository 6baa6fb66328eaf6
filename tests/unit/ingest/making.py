"""Submissions, reports and a directory for tests of intake."""

from datetime import datetime

from hub.model.directory import Directory
from hub.model.events import AgencyChanged, ConnectionChanged, DocumentReceived
from hub.model.ids import SystemId, digest
from hub.model.statuses import AgencyState
from hub.model.values import Package, Refusal
from hub.wire.edxml import ReadDocument, ReadStatus
from hub.wire.edxml_reader import EdxmlReader
from services.ingest import header
from services.ingest.duplicates import receipt_of
from services.ingest.intake import Submission
from services.ingest.statuses import Line, Report
from tests.fakes.events import NOW, agency, connection
from tests.fakes.packages import Letter, StatusLetter

SYSTEM, STRANGER = SystemId("H99"), SystemId("G99")


def directory(*changes: AgencyChanged | ConnectionChanged) -> Directory:
    """A small country: a province's office with two codes, a ministry, a district, one locked, one dissolved."""
    made = Directory()
    for event in (
        agency("000.00.07.H99", "H99.07"),
        agency("000.00.00.G99", "G99"),
        agency("H98.12"),
        agency("H98.13", state=AgencyState.LOCKED),
        agency("H98.14", state=AgencyState.DISSOLVED),
        connection("H99", "000.00.07.H99"),
        connection("G99", "000.00.00.G99", "H98.12"),
        *changes,
    ):
        made.learn(event)
    return made


def read(data: bytes) -> ReadDocument | ReadStatus:
    reader = EdxmlReader()
    reader.feed(data)
    return reader.close()


def document(letter: Letter) -> ReadDocument:
    message = read(letter.bytes())
    assert isinstance(message, ReadDocument)
    return message


def status(letter: StatusLetter) -> ReadStatus:
    message = read(letter.bytes())
    assert isinstance(message, ReadStatus)
    return message


def submission(letter: Letter, *, moment: datetime = NOW, system_id: SystemId = SYSTEM) -> Submission:
    data = letter.bytes()
    package = Package(digest=digest(data), size=len(data))
    return Submission(moment=moment, system_id=system_id, package=package, content=data, read=document(letter))


def unreadable(refusal: Refusal, *, system_id: SystemId = SYSTEM) -> Submission:
    package = Package(digest=digest(b"x"), size=1)
    return Submission(moment=NOW, system_id=system_id, package=package, content=b"", read=refusal)


def received(submitted: Submission) -> DocumentReceived:
    assert isinstance(submitted.read, ReadDocument)
    return header.received(submitted, submitted.read)


def report(letter: StatusLetter, *, moment: datetime = NOW, system_id: SystemId = STRANGER) -> Report:
    data = letter.bytes()
    package = Package(digest=digest(data), size=len(data))
    return Report(moment=moment, system_id=system_id, package=package, content=data, read=status(letter))


def line_of(event: DocumentReceived) -> Line:
    return Line(document=receipt_of(event), recipient=event.header.recipients[0])
