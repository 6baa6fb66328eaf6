import hashlib
import io
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from signxml.exceptions import InvalidCertificate, InvalidDigest

from sim.agencies import Agency, AgencyCode, by_code
from sim.authority import Authority
from sim.edxml import StatusReport, status_message
from sim.kinds import load_kinds
from sim.letters import compose
from sim.package import main_attachment, signed_package, tampered
from sim.plan import PlannedDocument, Special
from tests.unit.sim.conftest import NOW, Make
from tests.unit.sim.reading import EDXML, SIGNATURE, attachments, texts, tree, verify_envelope


def test_the_envelope_is_truly_signed_and_covers_the_whole_file(make: Make, authority: Authority) -> None:
    parcel = make()
    signed = verify_envelope(parcel.package, authority.anchors)

    assert signed.tag == f"{EDXML}edXML"
    assert signed.findtext(f".//{EDXML}Subject") == parcel.subject
    assert signed.find(f".//{EDXML}ContentTransferEncoded") is not None


def test_it_still_verifies_after_storage(make: Make, authority: Authority, tmp_path: Path) -> None:
    parcel = make()
    file = tmp_path / "package.edxml"
    file.write_bytes(parcel.package)

    assert hashlib.sha256(file.read_bytes()).hexdigest() == parcel.sha256
    verify_envelope(file.read_bytes(), authority.anchors)


def test_there_is_one_signature_at_its_place(make: Make) -> None:
    root = tree(make().package)
    (signature,) = root.iter(SIGNATURE)

    assert signature.getparent() is root.find(f"{EDXML}edXMLEnvelope/{EDXML}edXMLHeader")
    references = signature.findall("{*}SignedInfo/{*}Reference")
    assert [reference.get("URI") for reference in references] == [""]
    assert [transform.get("Algorithm") for transform in signature.iter("{*}Transform")] == [
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    ]


def test_one_changed_byte_of_the_subject_breaks_it(make: Make, authority: Authority) -> None:
    package = make(Special.TAMPERED).package

    with pytest.raises(InvalidDigest):
        verify_envelope(package, authority.anchors)


def test_tampering_changes_one_byte_and_no_more(make: Make) -> None:
    package = make().package
    changed = tampered(package)

    assert sum(before != after for before, after in zip(package, changed, strict=True)) == 1
    assert texts(changed, "Subject") != texts(package, "Subject")


def test_tampering_needs_a_subject() -> None:
    with pytest.raises(ValueError, match="Subject"):
        tampered(b"<edXML/>")


@pytest.mark.parametrize("special", [Special.EXPIRED_CERTIFICATE, Special.UNKNOWN_AUTHORITY])
def test_a_flawed_certificate_does_not_chain(make: Make, authority: Authority, special: Special) -> None:
    with pytest.raises(InvalidCertificate):
        verify_envelope(make(special).package, authority.anchors)


def test_every_envelope_element_has_the_literal_prefix(make: Make) -> None:
    package = make(annex=True).package
    envelope = re.sub(rb"(?s)<ds:Signature.*</ds:Signature>", b"", package[: package.index(b"<AttachmentEncoded>")])
    elements = re.findall(rb"<([A-Za-z:]+)[ >]", envelope)

    assert elements[0] == b"edXML"
    assert len(elements) > 40
    assert all(element.startswith(b"edXML:") for element in elements[1:])


def test_the_header_has_the_java_library_order(make: Make) -> None:
    header = tree(make().package).find(f".//{EDXML}MessageHeader")
    assert header is not None
    names = [str(child.tag).removeprefix(EDXML) for child in header if child.tag != f"{EDXML}DueDate"]

    assert names == [
        "From", *["To"] * names.count("To"), "DocumentId", "Code", "PromulgationInfo", "DocumentType", "Subject",
        "Content", "SignerInfo", "OtherInfo", "SteeringType", "ToPlaces",
    ]  # fmt: skip
    assert all(text.strip() for text in texts(make().package, "OrganId"))


def test_manifest_and_attachments_agree(make: Make) -> None:
    package = make(annex=True).package
    referenced, attached = texts(package, "ContentId")[:2], texts(package, "ContentId")[2:]

    assert referenced == attached
    assert len(set(referenced)) == 2


def test_a_workbook_travels_zipped_under_its_own_name(make: Make) -> None:
    package = make(annex=True).package
    pdf, zipped = attachments(package)

    assert pdf.startswith(b"%PDF-")
    assert texts(package, "ContentType") == ["application/pdf", "application/zip"] * 2
    assert texts(package, "AttachmentName")[1].endswith(".xlsx")
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        (entry,) = archive.namelist()
        assert re.fullmatch(r"[0-9a-f-]{36}\.xlsx", entry)
        assert zipfile.is_zipfile(io.BytesIO(archive.read(entry)))


def test_an_attachment_over_the_parsers_limit_can_be_signed(
    document: PlannedDocument, agencies: tuple[Agency, ...], authority: Authority
) -> None:
    letter = compose(document, by_code(agencies), load_kinds(), nonce=1)
    big = main_attachment(letter, bytes(8_000_000), document.rng("attachments"))
    package = signed_package(letter, [big], authority.identity(document.sender), pages=1, moment=NOW)

    verify_envelope(package, authority.anchors)


def test_a_status_message_parses_and_is_unsigned(agencies: tuple[Agency, ...]) -> None:
    message = status_message(
        StatusReport(
            reporter=agencies[0],
            addressee=AgencyCode("000.00.00.H17"),
            document_id="000.00.00.H17,2026/11/20,125/UBND-KT",
            code="125/UBND-KT",
            promulgated=date(2026, 11, 20),
            status="02",
            description="Gửi nhầm cơ quan & đề nghị kiểm tra",
            staff="Phạm Thị Mẫu",
            moment=datetime(2026, 11, 20, 20, 30, tzinfo=UTC),
        )
    )
    header = tree(message).find(f"{EDXML}edXMLEnvelope/{EDXML}edXMLHeader/{EDXML}MessageHeader")

    assert header is not None
    assert [str(child.tag).removeprefix(EDXML) for child in header] == [
        "From", "ResponseFor", "StaffInfo", "StatusCode", "Description", "Timestamp",
    ]  # fmt: skip
    assert texts(message, "OrganId") == [agencies[0].code, "000.00.00.H17"]
    assert texts(message, "Description") == ["Gửi nhầm cơ quan & đề nghị kiểm tra"]
    assert texts(message, "Timestamp") == ["2026/11/21 03:30:00"]
    assert b"Signature" not in message
    assert b"edXMLBody" not in message
