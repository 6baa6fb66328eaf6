"""NIST's Public Key Interoperability Test Suite as requests for kind `chain`: every section, with every subtest.

The files come with the package `cryptography-vectors`; expected verdicts are NIST's. A certificate's name carries its
verdict, but for those of the policy sections, whose verdict depends on the inputs: they stand in `INPUTS`.
`python -m tests.unit.signature.pkits [FOLDER]` prints the table.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from hub.model.statuses import Outcome
from services.signature.pki.judging import judge_chain
from services.signature.verification import (
    Answer,
    Kind,
    PathRules,
    Profile,
    Request,
    RevocationMode,
    TrustBase,
)

AT = datetime(2016, 6, 1, tzinfo=UTC)
_POLICY = "2.16.840.1.101.3.2.1.48."


def rules(*policies: int, explicit: bool = False, mapping: bool = True, any_policy: bool = True) -> PathRules:
    return PathRules(
        policies=tuple(f"{_POLICY}{number}" for number in policies),
        require_explicit_policy=explicit,
        inhibit_policy_mapping=not mapping,
        inhibit_any_policy=not any_policy,
    )


_DEFAULT = rules()
INPUTS: dict[str, list[tuple[PathRules, bool]]] = {
    "ValidCertificatePathTest1": [
        (_DEFAULT, True), (rules(explicit=True), True), (rules(1, explicit=True), True),
        (rules(2, explicit=True), False), (rules(1, 2, explicit=True), True),
    ],
    "AllCertificatesNoPoliciesTest2": [(_DEFAULT, True), (rules(explicit=True), False)],
    "DifferentPoliciesTest3": [
        (_DEFAULT, True), (rules(explicit=True), False), (rules(1, 2, explicit=True), False),
    ],
    "DifferentPoliciesTest4": [(_DEFAULT, False)],
    "DifferentPoliciesTest5": [(_DEFAULT, False)],
    "OverlappingPoliciesTest6": [(_DEFAULT, True), (rules(1), True), (rules(2), False)],
    "DifferentPoliciesTest7": [(_DEFAULT, False)],
    "DifferentPoliciesTest8": [(_DEFAULT, False)],
    "DifferentPoliciesTest9": [(_DEFAULT, False)],
    "AllCertificatesSamePoliciesTest10": [(_DEFAULT, True), (rules(1), True), (rules(2), True)],
    "AllCertificatesanyPolicyTest11": [(_DEFAULT, True), (rules(1), True)],
    "DifferentPoliciesTest12": [(_DEFAULT, False)],
    "AllCertificatesSamePoliciesTest13": [(rules(1), True), (rules(2), True), (rules(3), True)],
    "AnyPolicyTest14": [(rules(1), True), (rules(2), False)],
    "UserNoticeQualifierTest15": [(_DEFAULT, True)],
    "UserNoticeQualifierTest16": [(_DEFAULT, True)],
    "UserNoticeQualifierTest17": [(_DEFAULT, True)],
    "UserNoticeQualifierTest18": [(rules(1), True), (rules(2), True)],
    "UserNoticeQualifierTest19": [(_DEFAULT, True)],
    "CPSPointerQualifierTest20": [(rules(1, explicit=True), True)],
    "ValidPolicyMappingTest1": [(rules(1), True), (rules(2), False), (rules(1, mapping=False), False)],
    "InvalidPolicyMappingTest2": [(_DEFAULT, False), (rules(mapping=False), False)],
    "ValidPolicyMappingTest3": [(rules(1), False), (rules(2), True)],
    "ValidPolicyMappingTest5": [(rules(1), True), (rules(6), False)],
    "ValidPolicyMappingTest6": [(rules(1), True), (rules(6), False)],
    "ValidPolicyMappingTest12": [(rules(1), True), (rules(2), True)],
    "inhibitAnyPolicyTest3": [(_DEFAULT, True), (rules(any_policy=False), False)],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One subtest."""

    name: str
    valid: bool
    request: Request


def folder() -> Path | None:
    """Where the suite is, if its package is installed."""
    found = importlib.util.find_spec("cryptography_vectors")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "x509" / "PKITS_data"


@cache
def suite(where: Path) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Anchor, certificates of authorities and lists."""
    certificates = sorted((where / "certs").glob("*.crt"))
    anchor = next(file for file in certificates if file.stem == "TrustAnchorRootCertificate")
    between = tuple(file.read_bytes() for file in certificates if not file.stem.endswith("EE") and file != anchor)
    return anchor.read_bytes(), between, tuple(file.read_bytes() for file in sorted((where / "crls").glob("*.crl")))


def cases(where: Path) -> Iterator[Case]:
    anchor, between, lists = suite(where)
    for file in sorted((where / "certs").glob("*EE.crt")):
        name = file.stem.removesuffix("EE")
        for number, (inputs, valid) in enumerate(INPUTS.get(name, [(_DEFAULT, not name.startswith("Invalid"))])):
            base = TrustBase(trust=(anchor,), intermediates=between, crls=lists, revocation=RevocationMode.REQUIRE,
                             rules=inputs)  # fmt: skip
            request = Request(kind=Kind.CHAIN, profile=Profile.INTEROP, content=file.read_bytes(), at=AT, base=base)
            yield Case(name=f"{name}.{number}", valid=valid, request=request)


def agrees(case: Case, answer: Answer) -> bool:
    """NIST's verdict is about the way: one that is weak and else valid (DSA of 1024 bits) counts as valid."""
    weak = answer.whole.reason.value == "WEAK_ALGORITHM"
    return (answer.whole.outcome is Outcome.VALID or weak) == case.valid


def main() -> None:
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else folder()
    if where is None:
        sys.exit("cryptography-vectors is not installed")
    table: Counter[tuple[str, bool]] = Counter()
    for case in cases(where):
        answer = judge_chain(case.request)
        right = agrees(case, answer)
        table[answer.whole.reason.value, right] += 1
        if not right:
            sys.stdout.write(f"{case.name}: expected {case.valid}: {answer.whole.reason} {answer.whole.detail}\n")
    for (reason, right), count in sorted(table.items()):
        sys.stdout.write(f"{reason:20} {'as NIST' if right else 'WRONG'} {count}\n")
    sys.stdout.write(f"total {table.total()}\n")


if __name__ == "__main__":
    main()
