"""Our reader of hexadecimal strings against pyHanko's own, letter by letter."""

import importlib.util
import io
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError

from services.signature.pdf_reader import PdfOddity, open_pdf, read_hex_string, signature_fields
from tests.unit.signature import pdfs


def _untouched() -> ModuleType:
    """pyHanko's module once more, without what our reader puts into it."""
    spec = importlib.util.find_spec("pyhanko.pdf_utils.generic")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ORIGINAL = _untouched()


@given(st.binary(max_size=9000), st.binary(max_size=20))
def test_both_read_the_same_bytes_and_stop_at_the_same_place(content: bytes, after: bytes) -> None:
    text = b"<" + content.hex().encode() + b">" + after
    ours, theirs = io.BytesIO(text), io.BytesIO(text)
    read, expected = read_hex_string(ours), ORIGINAL.read_hex_string_from_stream(theirs)
    assert read.original_bytes == expected.original_bytes == content
    assert ours.tell() == theirs.tell()
    assert isinstance(read, generic.TextStringObject) == (type(expected).__name__ == "TextStringObject")


@pytest.mark.parametrize("text", [b"<>", b"<4>", b"<4 1\n4\t2\r>", b"<41\x0042\x0c>", b"<feff0041>", b"<AbCd>"])
def test_blanks_odd_digits_and_encodings(text: bytes) -> None:
    read, expected = read_hex_string(io.BytesIO(text)), ORIGINAL.read_hex_string_from_stream(io.BytesIO(text))
    assert read.original_bytes == expected.original_bytes


@pytest.mark.parametrize("text", [b"<", b"<4142", b"<4x>", b"<41(>", b"<--41>"])
def test_what_is_no_hex_string_is_refused(text: bytes) -> None:
    with pytest.raises(PdfReadError):
        read_hex_string(io.BytesIO(text))
    with pytest.raises(Exception, match=r".+"):
        ORIGINAL.read_hex_string_from_stream(io.BytesIO(text))


def test_it_is_the_one_in_use() -> None:
    assert generic.read_hex_string_from_stream is read_hex_string


def test_a_form_that_bites_its_own_tail_is_an_oddity() -> None:
    pdf = pdfs.good()
    reader = open_pdf(io.BytesIO(pdf))
    field = reader.root["/AcroForm"]["/Fields"][0]
    field["/Kids"] = generic.ArrayObject([field.container_ref and reader.root["/AcroForm"]["/Fields"].raw_get(0)] * 2)
    with pytest.raises(PdfOddity):
        signature_fields(reader)
