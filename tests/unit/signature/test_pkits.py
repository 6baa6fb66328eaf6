"""NIST PKITS, every subtest through kind `chain`: skipped where `cryptography-vectors` is not installed."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.signature.pki.judging import judge_chain
from tests.unit.signature import pkits

_WHERE = os.environ.get("PKITS_DATA")
FOLDER = Path(_WHERE) if _WHERE else pkits.folder()


@pytest.fixture
def negative_serial_numbers() -> Iterator[None]:
    """Two tests are about them, and the library warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.skipif(FOLDER is None, reason="PKITS is not there: install cryptography-vectors or set PKITS_DATA")
@pytest.mark.usefixtures("negative_serial_numbers")
def test_every_verdict_is_nists() -> None:
    assert FOLDER is not None
    cases = list(pkits.cases(FOLDER))
    answers = [(case, judge_chain(case.request)) for case in cases]
    assert len(cases) == 247
    assert [f"{case.name}: {answer.whole.reason}" for case, answer in answers if not pkits.agrees(case, answer)] == []
