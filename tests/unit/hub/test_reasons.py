"""Every refusal says in two languages what is wrong and what to do."""

import pytest

from hub.model.reasons import TEXTS, Code, text


def test_the_catalogue_is_complete() -> None:
    assert set(TEXTS) == set(Code)


@pytest.mark.parametrize("code", list(Code))
def test_sentences(code: Code) -> None:
    words = text(code)
    assert 400 <= words.http < 600
    for sentence in (words.vi, words.en, words.fix_vi, words.fix_en):
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0] == "D"
    assert not (words.vi + words.fix_vi).isascii()
    assert (words.en + words.fix_en).isascii()


def test_the_same_problem_is_described_once() -> None:
    sentences = [words.vi for words in TEXTS.values()]
    assert len(set(sentences)) == len(sentences)
