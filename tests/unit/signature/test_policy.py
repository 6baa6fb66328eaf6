"""The whole from its parts, and what stops."""

import itertools

import pytest

from hub.model.statuses import Outcome, SignaturePolicy
from hub.model.values import SignatureFinding
from services.signature.policy import shown, stops, verdict_on_document
from services.signature.reasons import Reason, verdict_for
from services.signature.verdict import only

STOPPED = {
    SignaturePolicy.REQUIRED: {Outcome.INDETERMINATE, Outcome.ABSENT, Outcome.INVALID},
    SignaturePolicy.OPTIONAL: {Outcome.INVALID},
    SignaturePolicy.LEGACY_UNSIGNED: set[Outcome](),
}
ONE_REASON = {
    Outcome.VALID: Reason.OK,
    Outcome.ABSENT: Reason.PLACEHOLDER,
    Outcome.INDETERMINATE: Reason.TIMEOUT,
    Outcome.INVALID: Reason.REVOKED,
}


def finding(reason: Reason) -> SignatureFinding:
    return only(reason)[0]


@pytest.mark.parametrize(("policy", "outcome"), list(itertools.product(SignaturePolicy, Outcome)))
def test_the_table_of_policies(policy: SignaturePolicy, outcome: Outcome) -> None:
    assert stops(policy, verdict_for(ONE_REASON[outcome])) is (outcome in STOPPED[policy])


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([Reason.OK], Reason.OK),
        ([Reason.OK, Reason.OK], Reason.OK),
        ([Reason.OK, Reason.NO_SIGNATURE], Reason.NO_SIGNATURE),
        ([Reason.PLACEHOLDER, Reason.OK], Reason.PLACEHOLDER),
        ([Reason.PLACEHOLDER, Reason.NO_SIGNATURE], Reason.PLACEHOLDER),
        ([Reason.NO_SIGNATURE, Reason.WEAK_ALGORITHM], Reason.WEAK_ALGORITHM),
        ([Reason.WEAK_ALGORITHM, Reason.OK, Reason.EXPIRED, Reason.REVOKED], Reason.EXPIRED),
    ],
)
def test_the_whole_is_the_worst_of_its_parts(parts: list[Reason], whole: Reason) -> None:
    assert verdict_on_document([finding(part) for part in parts]) == verdict_for(whole)


def test_the_worst_are_shown_when_there_are_too_many() -> None:
    many = [finding(Reason.OK)] * 200 + [finding(Reason.REVOKED)] + [finding(Reason.NO_SIGNATURE)] * 3
    kept = [one.verdict.reason for one in shown(many)]
    assert len(kept) == 128
    assert kept[-4:] == ["REVOKED", "NO_SIGNATURE", "NO_SIGNATURE", "NO_SIGNATURE"]
    assert shown(many[:5]) == tuple(many[:5])


def test_no_parts_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="empty"):
        verdict_on_document([])


def test_each_reason_has_one_outcome_and_only_ok_is_valid() -> None:
    assert [reason for reason in Reason if verdict_for(reason).outcome is Outcome.VALID] == [Reason.OK]
    for reason in (one for one in Reason if one.endswith("_FORBIDDEN")):
        assert verdict_for(reason).outcome is Outcome.INVALID
