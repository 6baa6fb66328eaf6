"""How fast PDFs are judged: `python -m tests.unit.signature.pdf_speed [SECONDS]`, and where the time goes."""

import cProfile
import io
import pstats
import random
import sys
import time
from collections.abc import Callable

from reportlab.pdfgen.canvas import Canvas

from services.signature.pades.judging import judge_pdf
from services.signature.verification import Kind, Profile, Request
from tests.unit.signature import authority, pdf_stamps, pdfs
from tests.unit.signature.pdf_corpus import PROVEN
from tests.unit.signature.pdf_requests import base


def of_size(size: int) -> bytes:
    """A page whose text does not shrink much."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=0)
    chance = random.Random(1)  # noqa: S311 - not for secrets
    for number in range(max(1, size // 4000)):
        for row in range(60):
            canvas.drawString(50, 800 - 12 * row, f"{number} " + "".join(chance.choices("abcdefghij klm", k=36)))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def main() -> None:
    """Print the rates."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    signed = pdfs.signed_pdf(pdf=of_size(100_000))
    given = base()

    def judge(content: bytes) -> Callable[[], None]:
        request = Request(kind=Kind.PDF, profile=Profile.INTEROP, content=content, at=authority.RECEIVED, base=given)

        def once() -> None:
            assert judge_pdf(request).whole.reason == "OK"

        return once

    files = {
        "100 KB, one signature": signed,
        "100 KB, two signatures": pdfs.signed_pdf(authority.other(), signed, field="ChuKy2"),
        "100 KB, signature and time stamp": pdf_stamps.with_document_stamp(signed, PROVEN),
        "100 KB, validation data": pdfs.with_validation_data(signed),
        "1 MB, one signature": pdfs.signed_pdf(pdf=of_size(1_000_000)),
        "5 MB, one signature": pdfs.signed_pdf(pdf=of_size(5_000_000)),
    }
    for name, content in files.items():
        once = judge(content)
        once()
        count, start = 0, time.process_time()
        while time.process_time() - start < seconds:
            once()
            count += 1
        print(f"{name:36} {len(content):9,} bytes {count / (time.process_time() - start):8.1f}/s")  # noqa: T201
    with cProfile.Profile() as profile:
        for _ in range(100):
            judge(signed)()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
