"""The annex that some documents carry: a real workbook with a table of invented figures."""

import io
import random
from datetime import datetime

import xlsxwriter

from sim.letters import Letter

_HEADINGS = ("STT", "Đơn vị", "Kế hoạch", "Thực hiện", "Tỷ lệ (%)", "Ghi chú")
_MIDNIGHT = datetime.min.time()


def annex(letter: Letter, rng: random.Random) -> bytes:
    """An xlsx file of 20 to 120 rows."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        # fixed, so that the same plan gives the same file
        book.set_properties({"title": letter.subject, "created": datetime.combine(letter.promulgated, _MIDNIGHT)})
        sheet = book.add_worksheet("Phụ lục")
        sheet.write(0, 0, f"Phụ lục kèm theo văn bản số {letter.code}")
        sheet.write_row(2, 0, _HEADINGS)
        for row in range(rng.randint(20, 120)):
            planned = rng.randint(100, 9_000)
            done = round(planned * rng.uniform(0.4, 1.1))
            unit = rng.choice(letter.recipients).name
            sheet.write_row(row + 3, 0, (row + 1, unit, planned, done, round(100 * done / planned, 1), ""))
    return buffer.getvalue()
