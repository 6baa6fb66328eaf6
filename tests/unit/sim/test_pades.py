import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from sim.authority import Authority
from sim.plan import Special
from tests.unit.sim.conftest import Make
from tests.unit.sim.reading import attachments, pdf_status


def test_the_pdf_is_truly_signed(make: Make, authority: Authority) -> None:
    status = pdf_status(attachments(make().package)[0], authority.anchors, authority.crls)

    assert status.intact
    assert status.valid
    assert status.trusted
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.md_algorithm == "sha256"


def test_it_is_a_pades_signature_with_the_issuer_inside(make: Make) -> None:
    (signature,) = PdfFileReader(io.BytesIO(attachments(make().package)[0])).embedded_signatures

    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert len(signature.signed_data["certificates"]) == 2
    assert signature.self_reported_timestamp is not None


def test_a_changed_pdf_is_no_longer_intact(make: Make, authority: Authority) -> None:
    pdf = bytearray(attachments(make().package)[0])
    pdf[pdf.index(b"/MediaBox") + 12] ^= 1

    assert not pdf_status(bytes(pdf), authority.anchors, authority.crls).intact


@pytest.mark.parametrize(
    "special", [Special.EXPIRED_CERTIFICATE, Special.REVOKED_CERTIFICATE, Special.UNKNOWN_AUTHORITY]
)
def test_a_flawed_certificate_signs_well_and_is_not_trusted(make: Make, authority: Authority, special: Special) -> None:
    status = pdf_status(attachments(make(special).package)[0], authority.anchors, authority.crls)

    assert status.intact
    assert status.valid
    assert not status.trusted
    assert status.revoked == (special is Special.REVOKED_CERTIFICATE)


def test_an_unsigned_document_has_no_signature_at_all(make: Make) -> None:
    package = make(Special.UNSIGNED).package

    assert not PdfFileReader(io.BytesIO(attachments(package)[0])).embedded_signatures
    assert b"Signature" not in package
