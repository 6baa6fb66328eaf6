"""Opening PDFs and finding their signature fields, on pyHanko's reader.

pyHanko reads hexadecimal strings letter by letter, which for the reserved space of a signature (8 to 64 thousand
letters) is nine tenths of the time a file takes. The reader below finds the end of the string and decodes it at once;
`tests/unit/signature/test_pdf_reader.py` holds both equal.
"""

import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfStreamError
from pyhanko.pdf_utils.reader import PdfFileReader

_BLANKS = b"\x00\t\n\x0c\r "
_BLOCK = 4096
_DEEPEST = 32
_MOST_FIELDS = 10_000


class PdfOddity(Exception):  # noqa: N818 - a finding about the file
    """The file's form fields are not a tree of reasonable size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureField:
    """A form field that holds a signature."""

    name: str
    field: generic.DictionaryObject
    reference: generic.Reference | None
    signature: generic.DictionaryObject


def open_pdf(file: io.BytesIO, *, strict: bool = False) -> PdfFileReader:
    """A reader over the file; raises whatever pyHanko's parser does. Not strict: scanners write careless PDFs."""
    return PdfFileReader(file, strict=strict)


def signature_fields(reader: PdfFileReader) -> tuple[SignatureField, ...]:
    """Fields with a signature value, in the order of the form. Raises PdfOddity."""
    try:
        form = reader.root["/AcroForm"]
        fields = form["/Fields"]
    except KeyError:
        return ()
    found = list(_signatures(fields, "", None, 0))
    if len(found) > _MOST_FIELDS:
        raise PdfOddity("too many fields")
    return tuple(one for one in found if one is not None)


def _signatures(fields: Any, prefix: str, inherited: Any, depth: int) -> Iterator[SignatureField | None]:
    if depth > _DEEPEST:
        raise PdfOddity("form fields nest too deep")
    for position in range(len(fields)):
        field = fields[position]
        if not isinstance(field, generic.DictionaryObject):
            continue
        kind = field.get("/FT", inherited)
        name = ".".join(part for part in (prefix, str(field.get("/T", ""))) if part)
        value = field.get("/V", None)
        if kind == "/Sig" and isinstance(value, generic.DictionaryObject):
            raw = field.raw_get("/V")
            reference = raw.reference if isinstance(raw, generic.IndirectObject) else None
            yield SignatureField(name=name, field=field, reference=reference, signature=value)
        else:
            yield None
        if "/Kids" in field:
            yield from _signatures(field["/Kids"], name, kind, depth + 1)


def read_hex_string(stream: Any) -> Any:
    """A hexadecimal string `<…>` from a stream, as pyHanko's own reader gives it."""
    stream.read(1)
    collected = bytearray()
    while True:
        block = stream.read(_BLOCK)
        if not block:
            raise PdfStreamError("Stream ended unexpectedly inside a hex string")
        end = block.find(b">")
        if end >= 0:
            collected += block[:end]
            stream.seek(end + 1 - len(block), io.SEEK_CUR)
            break
        collected += block
    letters = bytes(collected).translate(None, _BLANKS)
    try:
        return generic.pdf_string(binascii.unhexlify(letters + b"0" * (len(letters) % 2)))
    except ValueError as error:
        raise PdfStreamError("Unexpected token in hex string") from error


generic.read_hex_string_from_stream = read_hex_string
