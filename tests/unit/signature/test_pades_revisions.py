"""Every byte after a signed revision is accounted for; nothing can hide there."""

import re
from collections.abc import Callable

import pytest

from tests.unit.signature import authority, pdf_attacks, pdfs
from tests.unit.signature.test_pdf import alone

HIDDEN: dict[str, Callable[[bytes], bytes]] = {
    "object in no cross-reference": pdf_attacks.hidden_object,
    "the same and the old startxref": pdf_attacks.hidden_object_and_old_end,
    "hidden object, then validation data": pdf_attacks.hidden_object_then_validation_data,
    "hidden object, then another signature": pdf_attacks.hidden_object_then_signature,
    "hidden object within an update": pdf_attacks.hidden_between_object_and_index,
    "100 NUL bytes": pdf_attacks.nuls,
    "page replaced": pdf_attacks.page_replaced,
    "a comment": lambda pdf: pdf + b"% 7 0 obj\n",
    "a second end": lambda pdf: pdf + b"%%EOF\n",
    "a letter": lambda pdf: pdf + b"x",
    "rubbish that no reader gets over": lambda pdf: pdf + b"rubbish " * 1000,
    "a dictionary that says other things": pdf_attacks.spoofed_dictionary,
}


@pytest.mark.parametrize("hide", HIDDEN.values(), ids=HIDDEN)
def test_what_is_hidden_after_a_signature_makes_it_invalid(hide: Callable[[bytes], bytes]) -> None:
    first = alone(hide(pdfs.good()))[0]
    assert first.verdict.reason in ("MODIFIED_AFTER_SIGNING", "PDF_BYTERANGE")


def test_what_was_hidden_before_it_was_signed_is_not_brought_up_afterwards() -> None:
    prepared = pdfs.signed_pdf(pdf=pdf_attacks.shadow_prepared())
    assert [one.verdict.reason for one in alone(prepared)] == ["OK"]
    (finding,) = alone(pdf_attacks.shadow_hide_and_replace(prepared))
    assert finding.verdict.reason == "MODIFIED_AFTER_SIGNING"


HARMLESS: dict[str, Callable[[], bytes]] = {
    "validation data": lambda: pdfs.with_validation_data(pdfs.good()),
    "validation data twice": lambda: pdfs.with_validation_data(pdfs.with_validation_data(pdfs.good())),
    "another signature": pdfs.twice,
    "three": lambda: pdfs.signed_pdf(authority.sender(), pdfs.twice(), field="ChuKy3"),
    "an update without objects": lambda: pdf_attacks.empty_update(pdfs.good()),
    "line ends": lambda: pdfs.good() + b"\r\n\r\n",
    "validation data with cross-reference streams": lambda: pdfs.with_validation_data(
        pdfs.signed_pdf(pdf=pdfs.streamed())
    ),
    "signed twice with cross-reference streams": lambda: pdfs.signed_pdf(
        authority.other(), pdfs.signed_pdf(pdf=pdfs.streamed()), field="ChuKy2"
    ),
    "text before the header": lambda: pdfs.signed_pdf(pdf=junk()),
}


def junk() -> bytes:
    """As mail gateways leave it: text before the header, offsets counted from the file's first byte."""
    before = b"From: nobody\r\n\r\n"

    def shifted(found: re.Match[bytes]) -> bytes:
        return b"%0*d%s" % (len(found[1]), int(found[1]) + len(before), found[2])

    moved = re.sub(rb"(\d{10})( 00000 n)", shifted, pdfs.bare())
    return before + re.sub(rb"(?<=startxref\n)(\d+)(\s)", shifted, moved)


@pytest.mark.parametrize("make", HARMLESS.values(), ids=HARMLESS)
def test_what_legitimate_writers_append_is_fine(make: Callable[[], bytes]) -> None:
    assert {one.verdict.reason for one in alone(make())} == {"OK"}
