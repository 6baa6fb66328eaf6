from datetime import date
from pathlib import Path

import pytest

from sim.agencies import by_code, load_agencies
from sim.factory import NONCES
from sim.kinds import load_kinds
from sim.letters import Letter, compose
from sim.plan import plan


def letters(nonce: int = 7, documents: int = 400) -> list[Letter]:
    agencies = load_agencies()
    planned = plan(seed=3, documents=documents, agencies=agencies, promulgated=date(2026, 11, 20))
    return [compose(document, by_code(agencies), load_kinds(), nonce=nonce) for document in planned]


def test_every_letter_says_something_else() -> None:
    written = letters()

    assert len({letter.paragraphs for letter in written}) == len(written)
    assert len({letter.document_id for letter in written}) == len(written)


def test_the_same_plan_gives_the_same_letters() -> None:
    assert letters(documents=50) == letters(documents=50)


def test_another_run_has_other_document_ids_for_the_same_text() -> None:
    first, second = letters(nonce=1, documents=50), letters(nonce=2, documents=50)

    assert [letter.paragraphs for letter in first] == [letter.paragraphs for letter in second]
    assert not {letter.document_id for letter in first} & {letter.document_id for letter in second}


def test_fields_keep_the_lengths_of_the_wire() -> None:
    for letter in letters(nonce=NONCES - 1):
        assert len(letter.number) <= 11
        assert len(letter.notation) <= 30
        assert 0 < len(letter.subject) <= 500
        assert len(letter.signer) <= 50
        assert any(character.isdigit() for character in letter.subject)
        assert "{" not in "".join((letter.subject, letter.opening, letter.closing, *letter.paragraphs))


def test_notation_follows_type_and_agency() -> None:
    for letter in letters():
        if letter.kind.letter:
            assert letter.notation.startswith(f"{letter.office.abbreviation}-")
        else:
            assert letter.notation.endswith(f"{letter.kind.abbreviation}-{letter.office.abbreviation}")
        assert letter.document_id == f"{letter.sender.code},2026/11/20,{letter.number}/{letter.notation}"


def test_all_types_of_the_list_have_wire_numbers() -> None:
    kinds = load_kinds()

    assert len(kinds) == 21
    assert {kind.group for kind in kinds.values()} == {1, 2}


def test_a_list_with_an_unknown_type_is_refused(tmp_path: Path) -> None:
    listed = tmp_path / "types.csv"
    listed.write_text("group,number,type\nVăn bản hành chính,99,Thư tay\n", encoding="utf-8")

    with pytest.raises(ValueError, match="B99"):
        load_kinds(listed)
