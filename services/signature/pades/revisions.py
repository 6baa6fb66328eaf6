"""Where a PDF's revisions begin and end, and whether each byte after a signed one is accounted for.

A reader follows cross-references; whatever they do not name it never sees, and another reader, or the next revision,
may. So what follows a signed revision must be, byte for byte: blanks, the objects that the revision's own
cross-references name at exactly these places, those cross-references, their trailer, startxref and %%EOF. Before the
first signature anything that a reader tolerates is fine: the signer has signed it.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

_BLANK = rb"[\t\n\x0c\r ]"  # NUL is a blank too (ISO 32000-2 §7.2.3), but no writer pads with it
_BLANKS = re.compile(_BLANK + rb"*")
_HEADER = re.compile(rb"(\d{1,10})" + _BLANK + rb"+(\d{1,5})" + _BLANK + rb"+obj")
_ENDING = re.compile(rb"startxref" + _BLANK + rb"+(\d{1,12})" + _BLANK + rb"+%%EOF")
_LAST_ENDING = re.compile(_ENDING.pattern + _BLANK + rb"*\Z")
_ENDOBJ, _XREF = b"endobj", b"xref"
_TAIL = b"\t\n\x0c\r "
_LONGEST_TAIL = 1024
_MOST_REVISIONS = 200


class Unaccounted(Exception):  # noqa: N818 - a finding about the file
    """There are bytes that no cross-reference explains."""


def ending_at(reader: PdfFileReader, content: bytes, end: int) -> int | None:
    """Number of the revision that ends exactly at `end`; None when none does."""
    found = _LAST_ENDING.search(content, max(0, end - _LONGEST_TAIL), end)
    if found is None:
        return None
    xrefs, declared = reader.xrefs, int(found[1])
    numbers = range(xrefs.total_revisions)
    signed = next((number for number in numbers if xrefs.get_startxref_for_revision(number) == declared), None)
    if signed is None:
        return None
    before = all(info.end_location <= end for number in numbers[: signed + 1] for info in _containers(reader, number))
    after = all(info.start_location >= end for number in numbers[signed + 1 :] for info in _containers(reader, number))
    return signed if before and after else None


def account(reader: PdfFileReader, content: bytes, signed: int, end: int) -> None:
    """Account for each byte after `end`, where revision `signed` ends. Raises Unaccounted, or what the reader does."""
    total = reader.xrefs.total_revisions
    if total - signed > _MOST_REVISIONS:
        raise Unaccounted("too many revisions")
    place = end
    for number in range(signed + 1, total):
        place = _Revision(reader, content, number, place).end()
    if content[place:].strip(_TAIL):
        raise Unaccounted("bytes after the last end of file")


def _containers(reader: PdfFileReader, number: int) -> Iterator[Any]:
    """Where the revision's cross-references stand: a table or a stream, a hybrid file has both."""
    yield reader.xrefs.get_xref_container_info(number)
    hybrid = reader.xrefs.get_xref_data(number).hybrid
    if hybrid is not None:
        yield hybrid.meta_info


class _Revision:
    """One appended revision, walked from its first byte to its %%EOF."""

    def __init__(self, reader: PdfFileReader, content: bytes, number: int, start: int) -> None:
        self._reader, self._content, self._number, self._start = reader, content, number, start
        self._declared = reader.xrefs.get_startxref_for_revision(number)
        self._named = self._objects_named()
        self._met: set[int] = set()

    def end(self) -> int:
        """Where it ends. Raises Unaccounted."""
        place = self._blanks(self._start)
        while not self._is_container(place):
            place = self._blanks(self._object(place, self._named))
        if self._content.startswith(_XREF, place):
            place = self._table(place)
        else:
            info = self._reader.xrefs.get_xref_container_info(self._number)
            place = self._object(place, {place: _pair(info.stream_ref) if info.stream_ref else None})
        ending = _ENDING.match(self._content, self._blanks(place))
        if ending is None or int(ending[1]) != self._declared:
            raise Unaccounted("a revision without an end of its own")
        if set(self._named) - self._met:
            raise Unaccounted("a cross-reference into the middle of something")
        return ending.end()

    def _is_container(self, place: int) -> bool:
        declared = self._declared
        return self._start <= declared <= place and not self._content[declared:place].strip(_TAIL)

    def _objects_named(self) -> dict[int, tuple[int, int] | None]:
        """Offset -> number and generation of the objects in this revision; older ones may be named as they are."""
        xrefs = self._reader.xrefs
        data = xrefs.get_xref_data(self._number)
        named: dict[int, tuple[int, int] | None] = {}
        for each in (data, data.hybrid.xref_data) if data.hybrid else (data,):
            for number, (generation, offset) in each.standard_xrefs.items():
                if offset >= self._start:
                    named[self._blanks(offset)] = (number, generation)
                elif self._before(number, generation) != offset:
                    raise Unaccounted("a revision that brings up what was hidden before it")
            for number, place in each.xrefs_in_objstm.items():
                stream = place.obj_stream_id
                new = stream in each.standard_xrefs or stream in data.standard_xrefs
                if not new and self._before(number, 0) != place:
                    raise Unaccounted("a revision that brings up what was hidden before it")
        info = xrefs.get_xref_container_info(self._number)
        if data.hybrid is not None:
            hybrid = data.hybrid.meta_info
            named.setdefault(self._blanks(hybrid.start_location), _pair(hybrid.stream_ref))
        if info.stream_ref is not None:
            named.pop(self._blanks(info.start_location), None)
        return named

    def _before(self, number: int, generation: int) -> Any:
        reference = generic.Reference(number, generation, self._reader)
        try:
            return self._reader.xrefs.get_historical_ref(reference, self._number - 1)
        except KeyError:
            return None

    def _object(self, place: int, named: dict[int, tuple[int, int] | None]) -> int:
        """Where the object that begins here ends; it must be one that is named."""
        header = _HEADER.match(self._content, place)
        if header is None or place not in named or named[place] != (int(header[1]), int(header[2])):
            raise Unaccounted("something that no cross-reference names")
        stream = self._reader.stream
        stream.seek(self._blanks(header.end()))
        generic.read_object(stream, generic.Reference(int(header[1]), int(header[2]), self._reader))
        end = self._blanks(stream.tell())
        if not self._content.startswith(_ENDOBJ, end):
            raise Unaccounted("an object without its end")
        self._met.add(place)
        return end + len(_ENDOBJ)

    def _table(self, place: int) -> int:
        info = self._reader.xrefs.get_xref_container_info(self._number)
        if not place <= info.start_location <= place + len(_XREF) + 1:
            raise Unaccounted("a cross-reference table elsewhere")
        stream: io.BytesIO = self._reader.stream
        stream.seek(info.end_location)
        trailer = generic.TrailerReference(self._reader)  # type: ignore[no-untyped-call]
        generic.DictionaryObject.read_from_stream(stream, trailer)
        return stream.tell()

    def _blanks(self, place: int) -> int:
        found = _BLANKS.match(self._content, place)
        return found.end() if found else place


def _pair(reference: Any) -> tuple[int, int]:
    return reference.idnum, reference.generation
