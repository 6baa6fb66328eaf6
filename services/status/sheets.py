"""Reports as tables of typed cells, and as CSV that no spreadsheet takes for formulas (A40)."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.model.statuses import StatusCode
from services.status.reports import ReportB, Row
from services.status.wording import Label, label

Cell = str | int

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as the local code page


class Language(StrEnum):
    """Language of headings and labels."""

    VIETNAMESE = "vi"
    ENGLISH = "en"

    def of(self, text: Label) -> str:
        """The text in this language."""
        return text.vi if self is Language.VIETNAMESE else text.en


class Format(StrEnum):
    """Forms a report comes in."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


def labels(codes: Iterable[StatusCode], language: Language) -> str:
    """Status codes as people read them: `Phân công, Hoàn thành`."""
    return ", ".join(language.of(label(code.vi, code.en)) for code in codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A sheet: its name, headings, rows and the line of sums. Numbers are numbers, everything else is text."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]


_COLUMNS: tuple[tuple[Label, Callable[[Row, Language], Cell]], ...] = (
    (label("Mã định danh", "Identifier"), lambda row, _: row.code),
    (label("Tên cơ quan", "Agency"), lambda row, _: row.name),
    (label("Số trạng thái phản hồi", "Statuses returned"), lambda row, _: row.statuses_reported),
    (label("Đã đến", "Arrived"), lambda row, _: row.arrived),
    (label("Đã tiếp nhận", "Accepted"), lambda row, _: row.accepted),
    (label("Phân công/Đang xử lý/Hoàn thành", "Assigned/In processing/Finished"),
     lambda row, language: labels(row.processed_labels, language)),
    (label("Văn bản đã xử lý", "Documents processed"), lambda row, _: row.processed),
    (label("Từ chối", "Refused"), lambda row, _: row.rejected),
    (label("Văn bản gửi", "Documents sent"), lambda row, _: row.documents_sent),
    (label("Văn bản nhận", "Documents received"), lambda row, _: row.documents_received),
)  # fmt: skip


def table_b(report: ReportB, language: Language) -> Table:
    """Report B as a table."""
    total = tuple(value(report.total, language) for _, value in _COLUMNS)
    return Table(
        name=language.of(label("Báo cáo B", "Report B")),
        headings=tuple(language.of(heading) for heading, _ in _COLUMNS),
        rows=tuple(tuple(value(row, language) for _, value in _COLUMNS) for row in report.rows),
        total=("", language.of(label("Cộng", "Total")), *total[2:]),
    )


def csv_of(table: Table) -> bytes:
    """UTF-8 with a byte order mark; texts that a spreadsheet would calculate get a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(map(_harmless, (table.headings, *table.rows, table.total)))
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def _harmless(cells: Sequence[Cell]) -> list[Cell]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell for cell in cells]
