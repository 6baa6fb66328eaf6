"""Form of a signed document by Thông tư 01/2019/TT-BNV: findings beside the verdict."""

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from services.signature.facts import SignerFacts
from services.signature.pades.examining import Examined, examine
from services.signature.pades.form import Kind, Look, Pattern, form, kind_of
from services.signature.pades.signers import Question
from services.signature.pades.trust import Given
from services.signature.verification import Profile
from tests.unit.signature import pdfs
from tests.unit.signature.authority import RECEIVED
from tests.unit.signature.pdf_messages import by, hand_signed
from tests.unit.signature.pdf_requests import base

LOOK = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /I 91 0 R >> >> /Length %d >>"
IMAGE = b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Length 1 >>"


def shown(text: str, *, picture: bool = True) -> bytes:
    content = b"q /I Do Q BT (%s) Tj ET" % text.encode()
    look = LOOK % len(content) if picture else (LOOK % len(content)).replace(b"/I 91 0 R", b"")
    page = PdfFileReader(io.BytesIO(pdfs.bare())).root["/Pages"]["/Kids"].raw_get(0).reference.idnum
    return hand_signed(
        by(),
        look=b"/Rect [100 100 200 150] /P %d 0 R /AP << /N 90 0 R >>" % page,
        objects={
            90: look + b"\nstream\n" + content + b"\nendstream",
            91: IMAGE + b"\nstream\nx\nendstream",
        },
    )


def examined(pdf: bytes) -> Examined:
    return examine(pdf, Question(trust=Given(base()), profile=Profile.INTEROP), RECEIVED)


def look_of(pdf: bytes) -> Look:
    found = form(examined(pdf))
    assert found is not None
    return found.looks[0]


def test_an_agency_with_its_picture_name_and_time_follows_the_rules() -> None:
    found = form(examined(shown("Sở Mẫu 20/11/2026 09:15:02 +07:00")))
    assert found is not None
    assert found.follows
    assert found.pattern is Pattern.ORGANISATION_ONLY
    assert (found.looks[0].kind, found.looks[0].page) == (Kind.ORGANISATION, 1)


def test_what_is_missing_is_said() -> None:
    assert look_of(shown("Sở Mẫu", picture=False)).picture is False
    assert look_of(shown("Sở Mẫu")).time_shown is False
    assert look_of(shown("20/11/2026 09:15")).name_shown is False
    unseen = form(examined(pdfs.good()))
    assert unseen is not None
    assert not unseen.looks[0].visible
    assert not unseen.follows


def test_an_unsigned_file_has_no_form() -> None:
    assert form(examined(pdfs.bare())) is None


@pytest.mark.parametrize(
    ("subject", "agency", "kind"),
    [
        ("UID=000.00.07.H99,CN=Sở Mẫu,O=Cơ quan,C=VN", "000.00.07.H99", Kind.ORGANISATION),
        ("T=Giám đốc,CN=Nguyễn Văn A,O=Cơ quan,C=VN", "", Kind.PERSON),
        ("UID=CCCD:001,CN=Nguyễn Văn A,C=VN", "CCCD:001", Kind.PERSON),
        ("CN=Ai đó,C=VN", "", Kind.UNKNOWN),
    ],
)
def test_whom_a_certificate_names(subject: str, agency: str, kind: Kind) -> None:
    assert kind_of(SignerFacts(subject=subject, issuer="", serial="", agency=agency)) is kind
