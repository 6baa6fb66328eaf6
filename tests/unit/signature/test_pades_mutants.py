"""Some hundred mutants of each kind of valid PDF; `pdf_mutants.py` tries thousands."""

import pytest

from tests.unit.signature.pdf_mutants import originals, survivors


@pytest.mark.parametrize("name", ["signed", "twice", "validation data", "streams", "time stamp", "form"])
def test_no_mutant_is_valid_that_may_not_be(name: str) -> None:
    assert [label for label, _ in survivors(name, originals()[name], 120, 3)] == []
