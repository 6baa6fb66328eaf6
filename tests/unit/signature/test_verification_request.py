"""Requests of `hubctl verify`: what they may say, and how what they may not is answered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.model.statuses import Outcome
from services.signature.judges import judge
from services.signature.reasons import Reason
from services.signature.verification import (
    Answer,
    BadRequest,
    CoveredPart,
    EmbeddedKey,
    Kind,
    Profile,
    Request,
    RevocationMode,
    SignatureAnswer,
    SignerName,
    plain,
)
from services.signature.verification_request import request_of

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
FILES = {"a.xml": b"<a/>", "ca.pem": b"anchor", "k": b"secret"}


def opener(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(path)
    return FILES[path]


def asked(**fields: Any) -> Request:
    return request_of({"id": "1", "kind": "xmldsig", "path": "a.xml"} | fields, opener, NOW)


def test_defaults_are_those_of_the_contract() -> None:
    request = asked()
    assert (request.kind, request.profile, request.content, request.at) == (Kind.XMLDSIG, Profile.INTEROP, b"<a/>", NOW)
    assert request.base.revocation is RevocationMode.IF_PRESENT
    assert request.embedded_key is EmbeddedKey.NEVER
    assert (request.base.trust, request.keys, request.hmac_key, request.consumed) == ((), {}, None, "")


def test_every_field_arrives() -> None:
    request = asked(
        profile="edxml", trust=["ca.pem", "ca.pem"], crls="ca.pem", revocation="require",
        at="2026-01-02T03:04:05+07:00", embedded_key="any", keys={"*": "ca.pem"}, hmac_key="k", hmac_min_bits=96,
        external={"http://x/": "a.xml"}, id_attributes=["{urn:x}ID"], consumed="/a[1]", policies=["1.2.3"],
        require_explicit_policy=True, eku=["1.3.6.1.5.5.7.3.4"], key_usage=["digitalSignature"], max_path=2,
        password="p", method="urn:m", prefixes="a b", xpath={"expression": "//a", "namespaces": {"a": "urn:a"}},
    )  # fmt: skip
    assert request.base.trust == (b"anchor", b"anchor")
    assert request.base.crls == (b"anchor",)
    assert request.at == datetime(2026, 1, 1, 20, 4, 5, tzinfo=UTC)
    assert (request.hmac_key, request.hmac_min_bits, request.prefixes) == (b"secret", 96, ("a", "b"))
    assert request.node_set is not None
    assert request.node_set.namespaces == {"a": "urn:a"}
    assert request.base.rules.max_path == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "png"}, {"kind": None}, {"path": None}, {"path": "missing"}, {"path": 7}, {"profile": "x"},
        {"trust": {"a": "b"}}, {"trust": ["missing"]}, {"revocation": "maybe"}, {"at": "yesterday"},
        {"at": "2026-01-02T03:04:05"}, {"keys": ["a"]}, {"keys": {"a": "missing"}}, {"hmac_min_bits": "96"},
        {"hmac_min_bits": -1}, {"max_path": True}, {"require_explicit_policy": "yes"}, {"xpath": 7},
        {"xpath": {"namespaces": {}}}, {"kind": "c14n"}, {"surprise": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match=next(iter(wrong))):
        asked(**wrong)


def test_an_answer_has_the_fields_of_the_contract() -> None:
    one = SignatureAnswer(
        reason=Reason.OK, covered=(CoveredPart(path="/a[1]", sha256="00"),),
        signer=SignerName(subject="CN=a", issuer="CN=b", serial="1"), signing_time="2026-11-25T08:00:00Z",
    )  # fmt: skip
    told = plain(Answer(whole=one, signatures=(one,)))
    assert set(told) == {
        "verdict", "reason", "detail", "covered", "signer", "signing_time", "timestamp", "signatures",
    }  # fmt: skip
    assert (told["verdict"], told["reason"], told["timestamp"]) == ("VALID", "OK", None)
    assert told["signatures"][0]["covered"] == [{"path": "/a[1]", "sha256": "00"}]


@pytest.mark.parametrize(
    ("raised", "reason"),
    [(MemoryError(), Reason.LIMITS), (RecursionError(), Reason.LIMITS), (KeyError("x"), Reason.VERIFIER_CRASHED)],
)
def test_what_a_hostile_file_raises_is_an_answer(raised: Exception, reason: Reason) -> None:
    def fails(_request: Request) -> Answer:
        raise raised

    answer = judge(asked(), {Kind.XMLDSIG: fails})
    assert answer.whole.reason is reason
    assert answer.whole.outcome in (Outcome.INDETERMINATE, Outcome.INVALID)
