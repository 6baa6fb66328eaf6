"""Report B (six-month report, Annexes I-II): per agency and period what it sent, received and reported back.

Counts are of documents, by the hub's clock, within a half-open period of whole Vietnamese days. A document counts under
a status when the agency first reported that status within the period. The printed columns "processed" are one count:
documents that reached any of 04, 05, 06, with the labels that occurred.

Only new documents and replacements are counted, sent and received alike: packages that recall or update a document
(BussinessDocType 1 and 2) are messages about one, and their recipients answer 15 or 16 instead of processing them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from hub.model.directory import Directory
from hub.model.ids import AgencyCode
from hub.model.statuses import BusinessType, StatusCode

VIETNAM = timezone(timedelta(hours=7), "+07")
COUNTED = (
    StatusCode.ARRIVED,
    StatusCode.REFUSED,
    StatusCode.ACCEPTED,
    StatusCode.ASSIGNED,
    StatusCode.PROCESSING,
    StatusCode.FINISHED,
)
"""The statuses of the processing line: six of them is the full set (letter 1597)."""

DOCUMENTS = (BusinessType.NEW, BusinessType.REPLACE)
"""What is counted as a document."""

PROCESSED = (StatusCode.ASSIGNED, StatusCode.PROCESSING, StatusCode.FINISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days in Vietnam, half-open: `until` is the first day that no longer counts."""

    since: date
    until: date

    @property
    def start(self) -> datetime:
        """First moment, UTC."""
        return _midnight(self.since)

    @property
    def end(self) -> datetime:
        """First moment after the period, UTC."""
        return _midnight(self.until)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted under one code as written: the adapter's answer, before codes become agencies."""

    code: AgencyCode
    sent: int = 0
    received: int = 0
    processed: int = 0
    by_status: dict[StatusCode, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One agency's line of report B."""

    code: AgencyCode
    name: str
    statuses_reported: int
    arrived: int
    accepted: int
    processed_labels: tuple[StatusCode, ...]
    processed: int
    rejected: int
    documents_sent: int
    documents_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportB:
    """The report: rows by agency code, and their sum, in which a status counts once however many reported it."""

    period: Period
    rows: tuple[Row, ...]
    total: Row


def report_b(period: Period, tallies: Iterable[Tally], directory: Directory, only: Collection[AgencyCode]) -> ReportB:
    """Report B over these agencies (codes in force). Old and new codes of one agency are added up.

    Two codes of one agency in one document would count it twice; intake refuses such a document.
    """
    by_agency: dict[AgencyCode, list[Tally]] = {code: [] for code in sorted(only)}
    for tally in tallies:
        agency = directory.resolve(tally.code)
        if agency is not None and agency.code in by_agency:
            by_agency[agency.code].append(tally)
    return ReportB(
        period=period,
        rows=tuple(_row(code, _name(code, directory), found) for code, found in by_agency.items()),
        total=_row(AgencyCode(""), "", [tally for found in by_agency.values() for tally in found]),
    )


def _name(code: AgencyCode, directory: Directory) -> str:
    agency = directory.resolve(code)
    return agency.name if agency else ""


def _row(code: AgencyCode, name: str, tallies: Sequence[Tally]) -> Row:
    by_status = {status: sum(tally.by_status.get(status, 0) for tally in tallies) for status in COUNTED}
    return Row(
        code=code,
        name=name,
        statuses_reported=sum(count > 0 for count in by_status.values()),
        arrived=by_status[StatusCode.ARRIVED],
        accepted=by_status[StatusCode.ACCEPTED],
        processed_labels=tuple(status for status in PROCESSED if by_status[status]),
        processed=sum(tally.processed for tally in tallies),
        rejected=by_status[StatusCode.REFUSED],
        documents_sent=sum(tally.sent for tally in tallies),
        documents_received=sum(tally.received for tally in tallies),
    )
