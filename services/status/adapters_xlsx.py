"""Reports as Excel workbooks: typed cells, so that no text becomes a formula, a link or a number (A40)."""

import io

import xlsxwriter

from services.status.sheets import Table

_WIDEST, _NARROWEST = 60, 10


def xlsx_of(table: Table) -> bytes:
    """The workbook; rows go through a temporary file, not through memory."""
    out = io.BytesIO()
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as workbook:
        sheet = workbook.add_worksheet(table.name)
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        for column, heading in enumerate(table.headings):
            texts = (str(row[column]) for row in table.rows)
            width = max(_NARROWEST, *(len(text) for text in texts)) if table.rows else _NARROWEST
            sheet.set_column(column, column, min(width + 2, _WIDEST))
            sheet.write_string(0, column, heading, bold)
        sheet.freeze_panes(1, 2)
        for number, row in enumerate((*table.rows, table.total), start=1):
            look = bold if number > len(table.rows) else None
            for column, cell in enumerate(row):
                write = sheet.write_number if isinstance(cell, int) else sheet.write_string
                write(number, column, cell, look)
    return out.getvalue()
