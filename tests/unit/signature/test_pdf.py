"""Signatures inside PDFs: what is VALID, and a table of flaws with the reason that each gets."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import parser
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import SigSeedSubFilter

from hub.model.statuses import Outcome
from hub.model.values import SignatureFinding
from services.signature import pdf, verdict
from services.signature.facts import AttachmentFacts, DocumentFacts, EnvelopeFacts
from tests.fakes.packages import File
from tests.unit.signature import authority, pdf_stamps, pdfs
from tests.unit.signature.authority import RECEIVED, YEAR
from tests.unit.signature.documents import LETTER, header_of, judged
from tests.unit.signature.signing import signed


def findings(
    content: bytes, name: str = "125-SM-VP.pdf", content_type: str = "application/pdf"
) -> list[SignatureFinding]:
    """Findings on one attachment of a signed package."""
    letter = LETTER.but(files=(File(name=name, content_type=content_type, content=content),))
    envelope, *others = judged(signed(letter.bytes(), authority.sender()), letter)
    assert envelope.verdict.reason == "OK"
    return others


def alone(content: bytes) -> list[SignatureFinding]:
    """The same without a package around it."""
    found = pdf.facts(io.BytesIO(content), authority.usual(), RECEIVED)
    attachment = AttachmentFacts(content_id="1", name="a.pdf", digest="", pdf=found)
    facts = DocumentFacts(envelope=EnvelopeFacts(), attachments=(attachment,))
    return list(verdict.findings(facts, header_of(LETTER, b""), ())[1:])


def reasons(content: bytes) -> list[str]:
    return [finding.verdict.reason for finding in findings(content)]


@pytest.mark.parametrize("subfilter", [SigSeedSubFilter.PADES, SigSeedSubFilter.ADOBE_PKCS7_DETACHED])
def test_a_good_signature_is_valid(subfilter: SigSeedSubFilter) -> None:
    (finding,) = findings(pdfs.signed_pdf(subfilter=subfilter))
    assert (finding.verdict.outcome, finding.verdict.reason) == (Outcome.VALID, "OK")
    assert (finding.part, finding.name, finding.covered) == ("1", "125-SM-VP.pdf", "WHOLE_FILE")
    assert "O=Cơ quan thử nghiệm" in finding.signer
    assert "CN=Cấp chứng thư" in finding.issuer
    assert finding.signing_time.endswith("+00:00")


def test_the_signer_of_a_pdf_may_be_another_agency_than_the_sender() -> None:
    (finding,) = findings(pdfs.signed_pdf(authority.other()))
    assert finding.verdict.reason == "OK"
    assert authority.OTHER in finding.signer


def test_an_elliptic_curve_key_is_valid() -> None:
    assert reasons(pdfs.signed_pdf(authority.issued(authority.curve_key("agency"), authority.SENDER))) == ["OK"]


def test_each_signature_of_a_file_is_judged() -> None:
    first, second = findings(pdfs.twice())
    assert [first.verdict.reason, second.verdict.reason] == ["OK", "OK"]
    assert [first.covered, second.covered] == ["REVISION", "WHOLE_FILE"]
    assert authority.SENDER in first.signer
    assert authority.OTHER in second.signer


def test_validation_data_may_follow_a_signature() -> None:
    (finding,) = findings(pdfs.with_validation_data(pdfs.good()))
    assert (finding.verdict.reason, finding.covered) == ("OK", "REVISION")


def zipped(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_pdf_in_a_zip_of_one_entry_is_judged() -> None:
    (finding,) = findings(zipped(("8d.pdf", pdfs.good())), "125.pdf", "application/zip")
    assert finding.verdict.reason == "OK"


def test_a_pdf_under_another_name_is_judged() -> None:
    assert [one.verdict.reason for one in findings(pdfs.bare(), "125.dat", "application/octet-stream")] == [
        "NO_SIGNATURE"
    ]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Ph\xe1\xbb\xa5 l\xe1\xbb\xa5c", "phu-luc.txt"),
        (zipped(("a.pdf", pdfs.bare())), "ho-so.zip"),
        (zipped(("a.pdf", pdfs.bare()), ("b.pdf", pdfs.bare())), "ho-so.rar"),
        (zipped(("xl/workbook.xml", b"<x/>")), "so-lieu.xlsx"),
    ],
    ids=["text", "zip that is a zip", "two entries", "workbook"],
)
def test_what_is_no_pdf_is_not_judged(content: bytes, name: str) -> None:
    assert findings(content, name, "application/octet-stream") == []


def _flipped() -> bytes:
    good = pdfs.good()
    place = good.index(b"/Author")
    return good[: place + 1] + b"B" + good[place + 2 :]


def _encrypted() -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdfs.bare())))
    writer.encrypt(owner_pass="x", user_pass="x")  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _range(shift: Callable[[int, int, int, int], tuple[int, ...]]) -> Callable[[], bytes]:
    return lambda: pdfs.with_byte_range(pdfs.good(), *shift(*pdfs.byte_range(pdfs.good())))


def _message(change: Callable[[asn1_cms.ContentInfo], None]) -> Callable[[], bytes]:
    def make() -> bytes:
        message = asn1_cms.ContentInfo.load(pdfs.message_of(pdfs.good()))
        change(message)
        return pdfs.with_contents(pdfs.good(), message.dump(force=True))

    return make


def _without_certificates(message: asn1_cms.ContentInfo) -> None:
    message["content"]["certificates"] = []


def _two_signers(message: asn1_cms.ContentInfo) -> None:
    infos = message["content"]["signer_infos"]
    message["content"]["signer_infos"] = [infos[0], infos[0].copy()]


def _enclosed(message: asn1_cms.ContentInfo) -> None:
    message["content"]["encap_content_info"]["content"] = b"what was signed"


def _unsigned_message(message: asn1_cms.ContentInfo) -> None:
    message["content"]["signer_infos"] = []


def _broken_value(message: asn1_cms.ContentInfo) -> None:
    message["content"]["signer_infos"][0]["signature"] = bytes(256)


def _trailing() -> bytes:
    message = pdfs.message_of(pdfs.good())
    length = parser.peek(message)
    return pdfs.with_contents(pdfs.good(), message[:length] + b"hidden")


def _issued(**more: Any) -> Callable[[], bytes]:
    return lambda: pdfs.signed_pdf(authority.issued(authority.key("sender"), authority.SENDER, **more))


FLAWS: list[tuple[str, Callable[[], bytes], str]] = [
    ("unsigned", pdfs.bare, "NO_SIGNATURE"),
    ("garbage", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 20, "MALFORMED"),
    ("not a PDF at all", lambda: b"<html>", "MALFORMED"),
    ("empty", lambda: b"%", "MALFORMED"),
    ("cut off", lambda: pdfs.good()[:-400], "MALFORMED"),
    ("encrypted", _encrypted, "ENCRYPTED"),
    # A24, A25
    ("one byte changed", _flipped, "DIGEST_MISMATCH"),
    ("page written over afterwards", lambda: pdfs.with_page_text(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    ("note laid over it afterwards", lambda: pdfs.with_annotation(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    ("an end without an index appended", lambda: pdfs.good() + b"\n%%EOF\n", "MODIFIED_AFTER_SIGNING"),
    (
        "validation data, then a change",
        lambda: pdfs.with_page_text(pdfs.with_validation_data(pdfs.good())),
        "MODIFIED_AFTER_SIGNING",
    ),
    # A26
    ("byte range begins late", _range(lambda _, a, b, c: (1, a - 1, b, c)), "PDF_BYTERANGE"),
    ("gap wider than the contents", _range(lambda _, a, b, c: (0, a - 10, b, c)), "PDF_BYTERANGE"),
    ("gap narrower", _range(lambda _, a, b, c: (0, a + 2, b, c)), "PDF_BYTERANGE"),
    ("overlap", _range(lambda _, a, b, c: (0, b, a, c)), "PDF_BYTERANGE"),
    ("beyond the end", _range(lambda _, a, b, c: (0, a, b, c + 1)), "PDF_BYTERANGE"),
    ("three numbers", _range(lambda _, a, b, __: (0, a, b)), "PDF_BYTERANGE"),
    ("negative", _range(lambda _, a, b, __: (0, a, b, -1)), "PDF_BYTERANGE"),
    ("end of the file left out", _range(lambda _, a, b, c: (0, a, b, c - 20)), "MODIFIED_AFTER_SIGNING"),
    # A27
    ("empty contents", lambda: pdfs.with_contents(pdfs.good(), b""), "MALFORMED"),
    ("rubbish contents", lambda: pdfs.with_contents(pdfs.good(), b"\x30\x82\xff\xff\x01"), "MALFORMED"),
    ("no certificate", _message(_without_certificates), "NO_KEY"),
    ("two signers", _message(_two_signers), "STRUCTURE"),
    ("no signer", _message(_unsigned_message), "STRUCTURE"),
    ("content enclosed", _message(_enclosed), "STRUCTURE"),
    ("bytes behind the message", _trailing, "STRUCTURE"),
    ("signature value changed", _message(_broken_value), "SIGNATURE_MISMATCH"),
    # chain
    ("unknown authority of the same names", lambda: pdfs.signed_pdf(authority.rogue()), "UNTRUSTED"),
    ("expired", _issued(since=RECEIVED - 2 * YEAR, until=RECEIVED - timedelta(days=1)), "EXPIRED"),
    ("revoked", _issued(serial=authority.REVOKED_SERIAL), "REVOKED"),
    (
        "SHA-1",
        lambda: pdfs.signed_pdf(digest="sha1", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED),
        "WEAK_ALGORITHM",
    ),
]


@pytest.mark.parametrize(("make", "expected"), [flaw[1:] for flaw in FLAWS], ids=[flaw[0] for flaw in FLAWS])
def test_a_flaw_has_its_reason_and_is_never_valid(make: Callable[[], bytes], expected: str) -> None:
    (finding,) = findings(make())
    assert finding.verdict.reason == expected
    assert finding.verdict.outcome is not Outcome.VALID


def test_an_expired_signer_is_valid_when_a_time_stamp_proves_that_it_was_not() -> None:
    former = authority.issued(
        authority.key("sender"), authority.SENDER, since=RECEIVED - 2 * YEAR, until=RECEIVED - timedelta(days=30)
    )
    assert reasons(pdf_stamps.stamped(RECEIVED - timedelta(days=60), former)) == ["OK"]
    assert reasons(pdf_stamps.stamped(RECEIVED - timedelta(days=1), former)) == ["EXPIRED"]
    unfit = pdf_stamps.stamper(uses=None)
    assert reasons(pdf_stamps.stamped(RECEIVED - timedelta(days=60), former, unfit)) == ["EXPIRED"]


def test_a_change_between_two_signatures_breaks_the_first() -> None:
    changed = pdfs.signed_pdf(authority.other(), pdfs.with_page_text(pdfs.good()), field="ChuKy2")
    assert reasons(changed) == ["MODIFIED_AFTER_SIGNING", "OK"]


def mutants(places: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    good = pdfs.good()
    for place in places:
        other = b"7" if good[place : place + 1] != b"7" else b"3"
        yield place, good[:place] + other + good[place + 1 :]


def test_no_changed_byte_that_is_covered_leaves_a_pdf_valid() -> None:
    good = pdfs.good()
    _, start, stop, _ = pdfs.byte_range(good)
    for place, mutant in mutants(
        [*range(0, start - 8, 97), *range(start - 8, start + 1), *range(stop - 1, len(good), 13)]
    ):
        outcomes = [finding.verdict.outcome for finding in alone(mutant)]
        assert outcomes, place
        assert Outcome.VALID not in outcomes, place


def test_no_changed_byte_of_the_message_makes_another_signer_valid() -> None:
    """A CMS message has fields that nobody signs; they must not say who signed, or when."""
    _, start, _, _ = pdfs.byte_range(pdfs.good())
    (good,) = alone(pdfs.good())
    for place, mutant in mutants(range(start + 1, start + 1 + 2 * parser.peek(pdfs.message_of(pdfs.good())), 23)):
        (finding,) = alone(mutant)
        assert finding == good or finding.verdict.outcome is not Outcome.VALID, place


def test_a_zip_that_swells_too_much_is_not_unpacked() -> None:
    (finding,) = findings(zipped(("x.pdf", bytes(2_000_000))), "x.pdf")
    assert finding.verdict.reason == "LIMITS"
