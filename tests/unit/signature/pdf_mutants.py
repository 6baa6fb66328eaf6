"""Mutants of valid PDFs: none is VALID unless what changed lies outside every signed range and means nothing.

`python -m tests.unit.signature.pdf_mutants [COUNT] [SEED]` tries some thousand and names those that got through.
"""

import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from hub.model.statuses import Outcome
from services.signature.verification import Answer
from tests.unit.signature import pdf_forms, pdf_stamps, pdfs
from tests.unit.signature.pdf_corpus import PROVEN
from tests.unit.signature.pdf_requests import answered

TOKENS = (
    b"/ByteRange", b"/Contents", b"/V", b"/Kids", b"/Annots", b"/Fields", b"/Prev", b"/Root", b"/XRefStm", b" 0 R",
    b"endobj", b"endstream", b"stream", b"xref\n", b"trailer", b"startxref\n", b"%%EOF\n", b"<<", b">>", b"[", b"]",
    b"0", b"9", b"-1", b"null", b"\x00", b"%", b"(", b")", b" ",
)  # fmt: skip


def originals() -> dict[str, bytes]:
    """What is changed."""
    return {
        "signed": pdfs.good(),
        "twice": pdfs.twice(),
        "validation data": pdfs.with_validation_data(pdfs.good()),
        "streams": pdfs.with_validation_data(pdfs.signed_pdf(pdf=pdfs.streamed())),
        "time stamp": pdf_stamps.with_document_stamp(pdfs.good(), PROVEN),
        "form": pdf_forms.approved(pdf_forms.filled(pdf_forms.certified(MDPPerm.FILL_FORMS))),
    }


def mutants(original: bytes, count: int, chance: random.Random) -> Iterator[bytes]:
    """Bytes changed, put in, taken out, repeated, moved; tokens put in; numbers changed."""
    for _ in range(count):
        mutant = bytearray(original)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            _change(mutant, chance)
        if mutant != original:
            yield bytes(mutant)


def _change(mutant: bytearray, chance: random.Random) -> None:
    place, other = chance.randrange(len(mutant)), chance.randrange(len(mutant))
    piece, token = mutant[place : place + chance.choice((1, 1, 2, 8, 64, 600))], chance.choice(TOKENS)
    match chance.randrange(8):
        case 0:
            mutant[place] ^= 1 << chance.randrange(8)
        case 1:
            mutant[place:place] = token
        case 2:
            del mutant[place : place + len(piece)]
        case 3:
            mutant[other:other] = piece
        case 4:
            mutant[other : other + len(piece)] = piece
        case 5:
            mutant += piece
        case 6:
            mutant[place : place + len(token)] = token
        case _:
            digits = [at for at in range(place, min(place + 400, len(mutant))) if mutant[at : at + 1].isdigit()]
            for at in digits[:1]:
                mutant[at] = chance.choice(b"0123456789")


def unsigned(original: bytes) -> list[range]:
    """Places that no signature covers: the last one's message, and what follows it."""
    reader = PdfFileReader(io.BytesIO(original))
    ranges = [[int(number) for number in one.byte_range] for one in reader.embedded_signatures]
    _, first, second, length = max(ranges, key=lambda one: one[2] + one[3])
    return [range(first, second), range(second + length, len(original) + 1)]


def harmless(original: bytes, mutant: bytes, before: Answer, after: Answer) -> bool:
    """Whether a mutant that is VALID may be: only what is not signed differs, it looks the same."""
    message, rest = unsigned(original)
    alike = (original[: message.start], original[message.stop : rest.start]) == (
        mutant[: message.start],
        mutant[message.stop : rest.start],
    )
    people = [(one.signer, one.signing_time) for one in before.signatures if one.outcome is Outcome.VALID]
    others = [(one.signer, one.signing_time) for one in after.signatures if one.outcome is Outcome.VALID]
    return alike and looks(original) == looks(mutant) and others[: len(people)] == people[: len(others)]


def looks(pdf: bytes) -> Any:
    """What a reader shows."""
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    pages = reader.root["/Pages"]["/Kids"]
    shown = []
    for place in range(len(pages)):
        page = pages[place]
        content = page["/Contents"]
        streams = content if isinstance(content, generic.ArrayObject) else [content]
        notes = page["/Annots"] if "/Annots" in page else []  # noqa: SIM401 - get() does not follow references
        values = [str(notes[at]["/V"]) for at in range(len(notes)) if notes[at].get("/FT") == "/Tx"]
        shown.append(([bytes(one.data) for one in streams], values))
    return shown


def survivors(name: str, original: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Mutants that are VALID and may not be."""
    before = answered(original)
    assert before.whole.outcome is Outcome.VALID, name
    for number, mutant in enumerate(mutants(original, count, random.Random(f"{name} {seed}"))):  # noqa: S311
        after = answered(mutant)
        assert after.whole.reason != "VERIFIER_CRASHED"
        if after.whole.outcome is Outcome.VALID and not harmless(original, mutant, before, after):
            yield f"{name} {seed} {number}", mutant


def main() -> None:
    """Try them."""
    given = [int(one) for one in sys.argv[1:]]
    count, seed = (*given, *(600, 1)[len(given) :])
    bad = 0
    for name, original in originals().items():
        found = list(survivors(name, original, count, seed))
        bad += len(found)
        print(f"{name}: {count} mutants, {len(found)} got through")  # noqa: T201
        for label, mutant in found:
            Path(f"{label}.mutant.pdf").write_bytes(mutant)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
