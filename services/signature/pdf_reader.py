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
from pyhanko.pdf_utils import reader as pyhanko_reader
from pyhanko.pdf_utils import xref as pyhanko_xref
from pyhanko.pdf_utils.misc import PdfReadError, PdfStreamError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler

_BLANKS = b"\x00\t\n\x0c\r "
_BLOCK = 4096
STANDS_AT = "stands_at"
_MOST_FIELDS = 10_000
_HEADER_WITHIN = 1024
_MOST_PAGES, _DEEPEST_PAGES, _LONGEST_NODE = 2000, 64, 65536
_FEW_REFERENCES = 10_000


class PdfOddity(Exception):  # noqa: N818 - a finding about the file
    """The file's form fields are not a tree of reasonable size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureField:
    """A form field that holds a signature."""

    name: str
    field: generic.DictionaryObject
    signature: generic.DictionaryObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a string stands: in the file, or in an object stream that was unpacked from it."""

    stream: Any
    start: int
    stop: int


def open_pdf(file: io.BytesIO) -> PdfFileReader:
    """A reader over the file; raises whatever pyHanko's parser does. Not strict: scanners write careless PDFs."""
    return PdfFileReader(file, strict=False)


def signature_fields(reader: PdfHandler) -> tuple[SignatureField, ...]:
    """Fields with a signature value. Raises PdfOddity."""
    try:
        fields = reader.trailer_view["/Root"]["/AcroForm"]["/Fields"]
    except KeyError:
        return ()
    return tuple(_signatures(fields))


def _signatures(fields: Any) -> Iterator[SignatureField]:
    branches: list[tuple[Any, str, Any]] = [(fields, "", None)]
    met = 0
    while branches:
        siblings, prefix, inherited = branches.pop()
        met += len(siblings)
        if met > _MOST_FIELDS:  # or a tree that bites its own tail
            raise PdfOddity("too many form fields")
        for position in range(len(siblings)):  # by position: only that follows indirect objects
            field = siblings[position]
            if not isinstance(field, generic.DictionaryObject):
                continue
            kind = value_of(field, "/FT") or inherited
            name = ".".join(part for part in (prefix, str(value_of(field, "/T") or "")) if part)
            value = value_of(field, "/V")
            if kind == "/Sig" and isinstance(value, generic.DictionaryObject):
                yield SignatureField(name=name, field=field, signature=value)
            if "/Kids" in field:
                branches.append((field["/Kids"], name, kind))


def check_pages(reader: PdfFileReader, content: bytes) -> None:
    """Walk the page tree as far as bounds allow. Raises PdfOddity when a branch bites its own tail.

    Reading pages costs more than all the rest: of those that stand by themselves only branches are read.
    """
    root = reader.root
    branches = [(root.raw_get("/Pages"), frozenset[int]())] if "/Pages" in root else []
    met = 0
    while branches and met < _MOST_PAGES:
        met += 1
        node, above = branches.pop()
        if isinstance(node, generic.IndirectObject):
            if not _is_branch(reader, content, node.reference):
                continue
            if node.idnum in above or len(above) > _DEEPEST_PAGES:
                raise PdfOddity("a page tree that never ends")
            above |= {node.idnum}
            node = node.get_object()  # type: ignore[no-untyped-call]
        kids = value_of(node, "/Kids") if isinstance(node, generic.DictionaryObject) else None
        if isinstance(kids, generic.ArrayObject):
            branches += [(kid, above) for kid in list(kids)[:_MOST_PAGES]]


def _is_branch(reader: PdfFileReader, content: bytes, reference: Any) -> bool:
    place = reader.xrefs[reference]
    if not isinstance(place, int):  # in an object stream, or nowhere
        return place is not None
    end = content.find(b"endobj", place, place + _LONGEST_NODE)
    return content.find(b"Kids", place, end if end >= 0 else place + _LONGEST_NODE) >= 0


def value_of(dictionary: generic.DictionaryObject, key: str) -> Any:
    """The entry, indirect objects followed; None when there is none."""
    return dictionary[key] if key in dictionary else None  # noqa: SIM401 - get() does not follow indirect objects


def read_hex_string(stream: Any) -> Any:
    """A hexadecimal string `<…>` from a stream, as pyHanko's own reader gives it, and where it stands."""
    start = stream.tell()
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
        read = generic.pdf_string(binascii.unhexlify(letters + b"0" * (len(letters) % 2)))
    except ValueError as error:
        raise PdfStreamError("Unexpected token in hex string") from error
    setattr(read, STANDS_AT, Place(stream=stream, start=start, stop=stream.tell()))
    return read


def read_version(stream: Any) -> tuple[int, int]:
    """The version in the header, which may stand within the first 1,024 bytes (ISO 32000-1, annex H.3.4.1)."""
    stream.seek(0)
    found = pyhanko_reader.header_regex.search(stream.read(_HEADER_WITHIN))
    if found is None:
        raise PdfReadError("Illegal PDF header")
    return int(found[1]), int(found[2])


def read_references(xref_stream: Any, strict: bool = True) -> Iterator[Any]:  # noqa: FBT001, FBT002 - pyHanko's way
    """Entries of a cross-reference stream, which says itself how many they are: not more than its file has bytes."""
    most = max(_FEW_REFERENCES, xref_stream.container_ref.get_pdf_handler().decode_context.input_size)
    index = value_of(xref_stream, "/Index") or (0, value_of(xref_stream, "/Size"))
    if sum(map(int, list(index)[1::2])) > most:
        raise PdfReadError("more cross-references than bytes")
    for number, entry in enumerate(_READ_REFERENCES(xref_stream, strict)):
        if number >= most:
            raise PdfReadError("too many cross-references")
        yield entry


_READ_REFERENCES = pyhanko_xref.parse_xref_stream
pyhanko_xref.parse_xref_stream = read_references
generic.read_hex_string_from_stream = read_hex_string
pyhanko_reader._read_header_version = read_version  # noqa: SLF001 - offsets count from the file's start all the same
