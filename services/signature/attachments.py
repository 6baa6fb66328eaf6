"""Which attached files are judged: PDFs, and PDFs that the zip rule put into a zip of one entry (edXML §1.8).

Nothing is ever written to disk by a name that stands in an archive; nothing is unpacked beyond the limits below.
"""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from services.signature.facts import Reading

_ZIP_MAGIC = b"PK\x03\x04"
_PDF_MAGIC = b"%PDF-"
_PDF_MAGIC_WITHIN = 1024
_ZIP_BASED = frozenset(
    {".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".jar", ".epub", ".dotx", ".xltx", ".ppsx", ".docm"}
)
_MOST_BYTES = 200 * 1024 * 1024
_MOST_RATIO = 100
_ENCRYPTED_FLAG = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How an entry may be packed; whatever else a zip knows (LZMA, bzip2) nobody sends, and is not opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file to judge as a PDF, or why it cannot be looked into."""

    reading: Reading
    file: io.BytesIO


def pdf_in(name: str, content_type: str, file: io.BytesIO) -> Candidate | None:
    """The PDF in an attachment; None when it neither is one nor says so by its name or content type."""
    candidate = _unzipped(name, file)
    with candidate.file.getbuffer() as view:
        is_pdf = _PDF_MAGIC in bytes(view[:_PDF_MAGIC_WITHIN])
    claims = name.lower().endswith(".pdf") or content_type.partition(";")[0].strip().lower() == "application/pdf"
    return candidate if is_pdf or claims else None


def _unzipped(name: str, file: io.BytesIO) -> Candidate:
    """The single entry of a zip that travels under another extension's name; else the file as it is."""
    as_is = Candidate(reading=Reading.READ, file=file)
    with file.getbuffer() as view:
        zipped = bytes(view[: len(_ZIP_MAGIC)]) == _ZIP_MAGIC
    if not zipped or PurePosixPath(name.lower()).suffix in _ZIP_BASED:
        return as_is
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != 1 or entries[0].compress_type not in _METHODS:
                return as_is
            return _entry(archive, entries[0])
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, OSError, ValueError):
        return as_is


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Candidate:
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return Candidate(reading=Reading.ENCRYPTED, file=io.BytesIO())
    if entry.file_size > min(_MOST_BYTES, _MOST_RATIO * max(entry.compress_size, 1)):
        return Candidate(reading=Reading.LIMITS, file=io.BytesIO())
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)  # the announced size is a claim
    if len(content) > entry.file_size:
        return Candidate(reading=Reading.LIMITS, file=io.BytesIO())
    return Candidate(reading=Reading.READ, file=io.BytesIO(content))
