"""Search without diacritics."""

import unicodedata

import pytest

from hub.model.directory import Directory
from hub.model.ids import AgencyCode
from services.status.life import Life
from services.status.lifecycle import grown
from services.status.search import agencies_named, folded, terms, words_of
from tests.fakes.events import agency
from tests.fakes.lives import Document


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Văn phòng Chính phủ", "van phong chinh phu"),
        ("ĐƯỜNG đi Đắk Lắk", "duong di dak lak"),
        ("Ủy ban nhân dân tỉnh Thừa Thiên Huế", "uy ban nhan dan tinh thua thien hue"),
        (unicodedata.normalize("NFD", "Quyết định"), "quyet dinh"),
        ("Ðà Nẵng", "da nang"),  # U+00D0, as some keyboards write it
        ("a\x00b", "ab"),  # MongoDB takes no NUL in a pattern
        ("Văn\u200b phòng\ufeff\u202e", "van phong"),  # what a copy from another program brings along unseen
        ("hai\ndòng", "hai\ndong"),
    ],
)
def test_folding(text: str, plain: str) -> None:
    assert folded(text) == plain


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tinh uy", True),
        ("Tỉnh Ủy", True),
        ("125/UBND-VP", True),
        ("125", True),
        ("ubnd-vp", False),
        ("g22", True),
        ("000.00.00.G22", True),
        ("h29", True),
        ("ten ghi", True),
        ("000.00.00.g22,2026/11/20,125/ubnd-vp", True),
        ("uyy", False),
        ("125/UBND-VP,", True),
        ("(125/UBND-VP)", True),
        ("số: 125/UBND-VP", True),
        ("Số:125/UBND-VP.", True),
        ("“Kết luận”, của Tỉnh ủy (khóa XV).", True),
        ("Kết luận, - tỉnh ủy", True),
        ("số 126", False),
    ],
)
def test_documents_are_found_by_subject_number_and_codes(query: str, *, found: bool) -> None:
    document = Document(125, "000.00.00.G22", ["000.00.00.H29"], subject="Kết luận của Tỉnh ủy (khóa XV)")
    words = words_of(grown(Life(hub_id=document.hub_id), [document.received()]))
    assert all(any(word.startswith(term) for word in words) for term in terms(query)) is found


def test_refused_documents_are_found_by_the_number_in_their_document_id() -> None:
    document = Document(9, "000.00.00.G22", ["X"])
    words = words_of(grown(Life(hub_id=document.hub_id), [document.refused()]))
    assert "9/ubnd-vp" in words


def test_words_are_bounded() -> None:
    document = Document(1, "A", ["B"], subject="từ " * 100 + " ".join(str(n) for n in range(1000)) + "x" * 5000)
    words = words_of(grown(Life(hub_id=document.hub_id), [document.received()]))
    assert len(words) <= 150
    assert max(map(len, words)) <= 60
    assert len(terms("a " * 100)) <= 8


def test_a_term_is_what_is_left_between_the_punctuation() -> None:
    assert terms("Nghị quyết số 10, năm") == ("nghi", "quyet", "so", "10", "nam")
    assert terms("Số: (125/SM-VP), [G22]") == ("125/sm-vp", "g22")
    assert terms("hồ sơ, báo cáo số: 7") == ("ho", "so", "bao", "cao", "so", "7")
    assert terms("số:") == terms(" , - … ") == terms("") == ()


def test_agencies_are_found_by_name_with_all_their_codes() -> None:
    directory = Directory()
    directory.learn(agency("000.00.00.G22", "G22.OLD"))
    assert agencies_named("co quan 000", directory) == (AgencyCode("000.00.00.G22"), AgencyCode("G22.OLD"))
    assert agencies_named("", directory) == ()
