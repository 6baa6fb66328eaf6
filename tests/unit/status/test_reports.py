"""Report B on fixed counts, and as files that no spreadsheet can be tricked by."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from hub.model.directory import Directory
from hub.model.ids import AgencyCode
from hub.model.statuses import StatusCode
from services.status.adapters_xlsx import xlsx_of
from services.status.reports import Period, ReportB, Tally, report_b
from services.status.sheets import Language, Table, csv_of, table_b
from tests.fakes.events import agency

A, B, OLD_A = AgencyCode("000.00.00.G02"), AgencyCode("000.00.00.G15"), AgencyCode("01.01.G02")
MARCH = Period(since=date(2019, 1, 19), until=date(2019, 3, 9))


def directory() -> Directory:
    known = Directory()
    known.learn(agency(A, OLD_A))
    known.learn(agency(B))
    return known


def counts(**by_status: int) -> dict[StatusCode, int]:
    return {StatusCode(code.removeprefix("s")): number for code, number in by_status.items()}


def report(*tallies: Tally, only: tuple[AgencyCode, ...] = (A, B)) -> ReportB:
    return report_b(MARCH, tallies, directory(), only)


def test_the_line_of_an_agency_as_it_was_printed_in_2019() -> None:
    """Bộ Công Thương: 4 statuses, 262 arrived, 135 accepted, in processing and finished 133, 114 sent, 386 received."""
    (row,) = report(
        Tally(code=A, received=386, processed=133, by_status=counts(s01=262, s03=135, s05=120, s06=60)),
        Tally(code=A, sent=114),
        only=(A,),
    ).rows
    assert (row.statuses_reported, row.arrived, row.accepted, row.processed, row.rejected) == (4, 262, 135, 133, 0)
    assert (row.documents_sent, row.documents_received) == (114, 386)
    assert row.processed_labels == (StatusCode.PROCESSING, StatusCode.FINISHED)


def test_old_and_new_codes_are_one_agency() -> None:
    rows = report(Tally(code=OLD_A, received=2, sent=1), Tally(code=A, received=3, by_status=counts(s01=1))).rows
    assert [(row.code, row.documents_received, row.documents_sent) for row in rows] == [(A, 5, 1), (B, 0, 0)]


def test_unknown_codes_and_other_agencies_are_left_out() -> None:
    found = report(Tally(code=AgencyCode("???"), received=9), Tally(code=B, received=9), only=(A,))
    assert [(row.code, row.documents_received) for row in found.rows] == [(A, 0)]


def test_in_the_total_a_status_counts_once() -> None:
    total = report(
        Tally(code=A, received=1, by_status=counts(s01=1, s03=1)), Tally(code=B, received=2, by_status=counts(s01=2))
    ).total
    assert (total.statuses_reported, total.arrived, total.documents_received) == (2, 3, 3)


def test_days_begin_at_midnight_in_vietnam_and_the_last_day_is_not_in_it() -> None:
    assert MARCH.start == datetime(2019, 1, 18, 17, tzinfo=UTC)
    assert MARCH.end == datetime(2019, 3, 8, 17, tzinfo=UTC)


def test_the_table_speaks_the_language_asked_for() -> None:
    found = report(Tally(code=A, processed=1, by_status=counts(s04=1, s06=1)))
    assert "Phân công, Hoàn thành" in table_b(found, Language.VIETNAMESE).rows[0]
    assert "Assigned, Finished" in table_b(found, Language.ENGLISH).rows[0]
    assert table_b(found, Language.VIETNAMESE).total[:2] == ("", "Cộng")


EVIL = ("=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "|x", "%x")


def evil_table() -> Table:
    return Table(name="Báo cáo B", headings=("a", "b"), rows=tuple((text, 7) for text in EVIL), total=("Cộng", 56))


def test_csv_has_a_byte_order_mark_and_no_formulas() -> None:
    """A40"""
    content = csv_of(evil_table())
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:-1]] == [f"'{text}" for text in EVIL]
    assert {row[1] for row in rows[1:-1]} == {"7"}


def test_a_negative_number_stays_a_number_in_csv() -> None:
    table = Table(name="x", headings=("a",), rows=((-5,),), total=(0,))
    assert csv_of(table).decode("utf-8-sig").splitlines()[1] == "-5"


@pytest.fixture(scope="module")
def cells() -> dict[str, etree._Element]:
    with zipfile.ZipFile(io.BytesIO(xlsx_of(evil_table()))) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        assert "Báo cáo B" in book.read("xl/workbook.xml").decode()
    return {str(cell.attrib["r"]): cell for cell in sheet.iter("{*}c")}


def test_xlsx_cells_are_typed_texts_are_texts_and_numbers_numbers(cells: dict[str, etree._Element]) -> None:
    """A40"""
    for number, text in enumerate(EVIL, start=2):
        cell = cells[f"A{number}"]
        assert cell.attrib["t"] in ("inlineStr", "s")
        assert cell.find("{*}f") is None
        assert "".join(map(str, cell.itertext())).replace("_x000D_", "\r").strip() == text.strip()
        assert cells[f"B{number}"].attrib.get("t", "n") == "n"


def test_an_empty_report_is_a_table_with_headings() -> None:
    empty = table_b(report_b(MARCH, [], Directory(), ()), Language.VIETNAMESE)
    assert len(csv_of(empty).splitlines()) == 2
    assert xlsx_of(empty).startswith(b"PK")
