from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sim import pdf
from sim.agencies import Agency, by_code
from sim.kinds import load_kinds
from sim.letters import Letter, compose
from sim.pdf import FontsMissingError, print_letter
from sim.plan import PlannedDocument


@pytest.fixture
def letter(document: PlannedDocument, agencies: tuple[Agency, ...]) -> Letter:
    return compose(document, by_code(agencies), load_kinds(), nonce=1)


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(pdf, "_FONT_FOLDER", tmp_path)
    pdf._styles.cache_clear()
    yield
    pdf._styles.cache_clear()


@pytest.mark.parametrize("size", [90_000, 700_000, 1_800_000])
def test_a_printed_letter_has_about_the_size_asked_for(letter: Letter, document: PlannedDocument, size: int) -> None:
    printed = print_letter(letter, size, document.rng("pdf"))

    assert printed.data.startswith(b"%PDF-")
    assert len(printed.data) == pytest.approx(size - 9_500, abs=5_000)  # the signature is still to come


def test_a_scan_takes_a_page_of_its_own(letter: Letter, document: PlannedDocument) -> None:
    plain = print_letter(letter, 0, document.rng("pdf"))
    scanned = print_letter(letter, 200_000, document.rng("pdf"))

    assert scanned.pages == plain.pages + 1


def test_the_most_urgent_letter_prints_too(letter: Letter, document: PlannedDocument) -> None:
    assert print_letter(replace(letter, priority=3), 0, document.rng("pdf")).pages >= 1


@pytest.mark.usefixtures("no_fonts")
def test_missing_fonts_are_named_with_what_to_do(letter: Letter, document: PlannedDocument) -> None:
    with pytest.raises(FontsMissingError, match="fonts-dejavu-core"):
        print_letter(letter, 0, document.rng("pdf"))
