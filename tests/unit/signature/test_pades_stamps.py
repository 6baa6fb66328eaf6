"""Time stamps, what a file brings to judge itself by, and how far its signatures will last."""

import io
from datetime import timedelta

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import crl as asn1_crl
from asn1crypto import pdf as asn1_pdf
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.validation.dss import DocumentSecurityStore

from services.signature.verification import EmbeddedKey, RevocationMode, TrustBase
from tests.unit.signature import authority, pdf_stamps, pdfs
from tests.unit.signature.authority import RECEIVED, YEAR
from tests.unit.signature.pdf_corpus import PROVEN
from tests.unit.signature.pdf_messages import by, hand_signed, message
from tests.unit.signature.pdf_requests import answered, base

SOON = RECEIVED + timedelta(days=2)


def with_lists(pdf: bytes, lists: list[bytes] | None = None) -> bytes:
    """The PDF with the lists and certificates of its authority in its security store."""
    file = io.BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        file,
        sig_contents=None,
        certs=[asn1_x509.Certificate.load(authority.sender().ders[1])],
        crls=[asn1_crl.CertificateList.load(one) for one in lists or authority.crls()],
    )
    return file.getvalue()


def test_what_a_stamp_proves_is_said() -> None:
    answer = answered(pdf_stamps.stamped(PROVEN, authority.sender()))
    assert answer.whole.timestamp == PROVEN.isoformat(timespec="seconds")
    assert answered(pdfs.good()).whole.timestamp == ""


def test_a_stamp_of_a_stranger_proves_nothing_and_is_said_to() -> None:
    answer = answered(pdf_stamps.stamped(PROVEN, authority.sender(), pdf_stamps.stamper(rogue=True)))
    assert (answer.whole.reason, answer.whole.timestamp) == ("OK", "")
    assert "proves nothing" in answer.whole.detail


def test_a_stamp_from_the_future_proves_nothing() -> None:
    assert answered(pdf_stamps.stamped(RECEIVED + timedelta(days=1), authority.sender())).whole.timestamp == ""


@pytest.mark.parametrize(
    ("steps", "level"),
    [("", "B-B"), ("T", "B-T"), ("L", "B-B"), ("TL", "B-LT"), ("TLD", "B-LTA"), ("TD", "B-T"), ("D", "B-T")],
)
def test_levels(steps: str, level: str) -> None:
    pdf = pdf_stamps.stamped(PROVEN, authority.sender()) if "T" in steps else pdfs.good()
    pdf = with_lists(pdf) if "L" in steps else pdf
    pdf = pdf_stamps.with_document_stamp(pdf, PROVEN) if "D" in steps else pdf
    answer = answered(pdf)
    assert answer.whole.reason == "OK"
    assert answer.whole.detail.endswith(f"PAdES {level}")


def test_the_files_own_lists_count() -> None:
    pdf = with_lists(pdfs.good())
    assert answered(pdf, by=base(crls=False)).whole.reason == "OK"


def test_the_files_own_lists_may_speak_against_it() -> None:
    gone = authority.issued(authority.key("sender"), authority.SENDER, serial=authority.REVOKED_SERIAL)
    pdf = with_lists(pdfs.signed_pdf(gone))
    asked = base(crls=False, revocation=RevocationMode.IF_PRESENT)
    assert answered(pdf, by=asked).whole.reason == "REVOKED"
    assert answered(pdfs.signed_pdf(gone), by=asked).whole.reason == "OK"


def test_lists_of_a_stranger_do_not_count() -> None:
    forged = [authority.crl(authority.ISSUING_NAME, authority.key("rogue"))]
    assert answered(with_lists(pdfs.good(), forged), by=base(crls=False)).whole.reason == "REVOCATION_UNKNOWN"


def test_lists_kept_since_then_prove_what_was_then() -> None:
    """Years later, the certificate and the lists expired: the time stamp and the store are all there is."""
    then = authority.crls(published=PROVEN - timedelta(days=1), until=PROVEN + timedelta(days=29))
    pdf = pdf_stamps.with_document_stamp(with_lists(pdf_stamps.stamped(PROVEN, authority.sender()), then), PROVEN)
    later = RECEIVED + timedelta(days=300)
    assert answered(pdf, at=later, by=base(crls=False)).whole.reason == "REVOCATION_UNKNOWN"  # of the stamp's maker
    now = authority.crls(published=later - timedelta(days=1), until=later + timedelta(days=29))
    asked = TrustBase(trust=base().trust, crls=tuple(now), revocation=RevocationMode.REQUIRE)
    assert answered(pdf, at=later, by=asked).whole.reason == "OK"


def test_adobes_attribute_brings_lists() -> None:
    kept = asn1_pdf.RevocationInfoArchival({"crl": [asn1_crl.CertificateList.load(one) for one in authority.crls()]})

    def make(covered: bytes) -> bytes:
        return message(covered, more={"type": "adobe_revocation_info_archival", "values": [kept]})

    pdf = hand_signed(make, form=b"/adbe.pkcs7.detached")
    assert answered(pdf, by=base(crls=False)).whole.reason == "OK"


def test_two_signers_are_none() -> None:
    def make(covered: bytes) -> bytes:
        made = asn1_cms.ContentInfo.load(by()(covered))
        infos = made["content"]["signer_infos"]
        made["content"]["signer_infos"] = [infos[0], infos[0].copy()]
        dumped: bytes = made.dump(force=True)
        return dumped

    assert answered(hand_signed(make)).whole.reason == "STRUCTURE"


def test_a_revoked_signer_before_a_stamp_and_after() -> None:
    gone = authority.issued(authority.key("sender"), authority.SENDER, serial=authority.REVOKED_LATER_SERIAL)
    lists = [*authority.crls(published=SOON, until=SOON + YEAR)]
    later = SOON + timedelta(days=5)
    with_them = TrustBase(trust=base().trust, crls=tuple(lists), revocation=RevocationMode.REQUIRE)
    assert answered(pdfs.signed_pdf(gone), at=later, by=with_them).whole.reason == "REVOKED"
    assert answered(pdf_stamps.stamped(PROVEN, gone), at=later, by=with_them).whole.reason == "OK"
    after = pdf_stamps.stamped(authority.REVOKED_LATER + timedelta(hours=1), gone)
    assert answered(after, at=later, by=with_them).whole.reason == "REVOKED"


def test_a_message_with_an_attribute_twice_is_odd() -> None:
    again = {"type": "content_type", "values": ["data"]}
    pdf = hand_signed(lambda covered: message(covered, more=again))
    assert answered(pdf).whole.reason == "STRUCTURE"


def test_a_document_stamp_by_an_unfit_certificate_proves_nothing_and_spoils_nothing() -> None:
    for unfit in (pdf_stamps.stamper(uses=None), pdf_stamps.stamper(critical=False)):
        answer = answered(pdf_stamps.with_document_stamp(pdfs.good(), PROVEN, unfit))
        assert [one.reason for one in answer.signatures] == ["OK", "PATH"]
        assert (answer.whole.reason, answer.whole.timestamp) == ("OK", "")
        alone = answered(pdf_stamps.with_document_stamp(pdfs.bare(), PROVEN, unfit))
        assert alone.whole.reason == "PATH"


def test_integrity_alone_proves_no_time() -> None:
    pdf = pdf_stamps.stamped(PROVEN, authority.rogue(), pdf_stamps.stamper(rogue=True))
    answer = answered(pdf, embedded_key=EmbeddedKey.ANY)
    assert (answer.whole.reason, answer.whole.timestamp) == ("OK", "")
