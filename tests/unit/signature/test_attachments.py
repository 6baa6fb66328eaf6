"""The zip rule of edXML §1.8, at its edges."""

import io
import struct
import zipfile

import pytest

from services.signature.attachments import pdf_in
from services.signature.facts import Reading

PDF = b"%PDF-1.7\n" + b"x" * 2000


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def content_of(name: str, content: bytes, content_type: str = "application/zip") -> bytes | None:
    found = pdf_in(name, content_type, io.BytesIO(content))
    assert found is None or found.reading is Reading.READ
    return found.file.getvalue() if found else None


@pytest.mark.parametrize("name", ["a.pdf", "A.PDF", "a.rar", "không đuôi", "a.pdf.xyz"])
def test_one_entry_under_another_extension_is_unpacked(name: str) -> None:
    assert content_of(name, zipped(("8d-f0.pdf", PDF))) == PDF


@pytest.mark.parametrize("name", ["a.zip", "a.docx", "a.XLSX", "a.jar"])
def test_a_zip_under_its_own_extension_stays_a_zip(name: str) -> None:
    assert content_of(name, zipped(("a.pdf", PDF))) is None


def test_the_name_inside_means_nothing() -> None:
    assert content_of("a.pdf", zipped(("../../etc/passwd", PDF))) == PDF


def test_two_entries_under_a_pdf_name_are_handed_on_as_they_are() -> None:
    both = zipped(("a.pdf", PDF), ("b.pdf", PDF))
    assert content_of("a.pdf", both) == both
    assert content_of("a.bin", both) is None


@pytest.mark.parametrize("content_type", ["application/pdf", "Application/PDF; name=x"])
def test_what_says_that_it_is_a_pdf_is_looked_at(content_type: str) -> None:
    assert content_of("x", b"<html>", content_type) == b"<html>"
    assert content_of("x", b"<html>", "text/html") is None


def reading_of(content: bytes) -> Reading:
    found = pdf_in("a.pdf", "application/pdf", io.BytesIO(content))
    assert found is not None
    return found.reading


def test_limits_of_size() -> None:
    assert reading_of(zipped(("a", bytes(1_000_000)))) is Reading.LIMITS


def test_an_entry_larger_than_it_says_is_no_entry() -> None:
    """The announced size is a claim: reading ends there, and the checksum no longer holds."""
    lying = bytearray(zipped(("a.pdf", PDF)))
    place = lying.index(b"PK\x01\x02")
    lying[place + 24 : place + 28] = struct.pack("<L", 100)
    found = pdf_in("a.pdf", "application/pdf", io.BytesIO(bytes(lying)))
    assert found is not None
    assert found.file.getvalue() != PDF


def test_an_encrypted_entry_is_said_to_be_encrypted() -> None:
    locked = bytearray(zipped(("a.pdf", PDF)))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert reading_of(bytes(locked)) is Reading.ENCRYPTED


@pytest.mark.parametrize("cut", [4, 30, 100, -30, -1])
def test_a_broken_zip_is_handed_on_as_it_is(cut: int) -> None:
    broken = zipped(("a.pdf", PDF))[:cut]
    assert content_of("a.pdf", broken) == broken


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("damaged", [True, False], ids=["damaged", "whole"])
def test_an_entry_packed_in_a_rare_way_is_handed_on_as_it_is(method: int, damaged: bool) -> None:  # noqa: FBT001
    content = bytearray(zipped(("a.pdf", PDF), method=method))
    if damaged:
        content[45:70] = b"\xff" * 25
    assert content_of("a.pdf", bytes(content)) == bytes(content)
