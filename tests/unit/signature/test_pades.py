"""Kind `pdf` of `hubctl verify`: the corpus, case by case, and what else an answer says."""

import time

import pytest

from hub.model.statuses import Outcome
from services.signature.verification import EmbeddedKey, Profile
from tests.unit.signature import pdfs
from tests.unit.signature.pdf_bombs import BOMBS
from tests.unit.signature.pdf_corpus import CASES
from tests.unit.signature.pdf_requests import answered, base


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_its_reason(name: str) -> None:
    case = CASES[name]
    content = case.make()
    for profile, expected in ((Profile.INTEROP, case.reason), (Profile.EDXML, case.edxml or case.reason)):
        answer = answered(content, profile=profile, password=case.password, at=case.at)
        assert answer.whole.reason == expected, answer.whole.detail
        assert (answer.whole.outcome is Outcome.VALID) == (expected == "OK")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_put_away_within_seconds(name: str) -> None:
    content, start = BOMBS[name](), time.process_time()
    answer = answered(content)
    assert answer.whole.reason in ("MALFORMED", "LIMITS")
    assert time.process_time() - start < 8


def test_each_signature_is_reported_in_order_with_what_it_covers() -> None:
    answer = answered(pdfs.twice())
    assert [one.covered[0].extent for one in answer.signatures] == ["REVISION", "WHOLE_FILE"]
    assert answer.whole.covered[0].bytes == sum(pdfs.byte_range(pdfs.twice())[1::2])
    assert answer.whole.signer is not None
    assert answer.whole.signer.serial.isdecimal()


def test_without_anchors_nobody_is_trusted_and_integrity_can_be_asked_alone() -> None:
    assert answered(pdfs.good(), by=base(trust=False)).whole.reason == "UNTRUSTED"
    assert answered(pdfs.good(), by=base(trust=False), embedded_key=EmbeddedKey.ANY).whole.reason == "OK"


def test_without_lists_nobody_can_say() -> None:
    assert answered(pdfs.good(), by=base(crls=False)).whole.reason == "REVOCATION_UNKNOWN"
