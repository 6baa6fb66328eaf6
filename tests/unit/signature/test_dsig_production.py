"""The production profile by way of `hubctl verify`: the same verdicts as the service's, without a registry."""

from collections.abc import Callable

import pytest

from hub.model.statuses import Outcome
from services.signature.algorithms import C14N, ENVELOPED
from services.signature.dsig.judging import judge_xml
from services.signature.verification import Answer, Kind, Profile, Request, TrustBase
from tests.unit.signature import authority, signing
from tests.unit.signature.documents import LETTER
from tests.unit.signature.dsig_documents import NOTHING_TRUSTED, USUAL
from tests.unit.signature.signing import DSIG, Way, signed


def judged(content: bytes, base: TrustBase = USUAL) -> Answer:
    return judge_xml(
        Request(kind=Kind.XMLDSIG, profile=Profile.EDXML, content=content, at=authority.RECEIVED, base=base)
    )


def plain() -> bytes:
    return signed(LETTER.bytes(), authority.sender())


def test_a_signed_package_holds() -> None:
    answer = judged(plain())
    assert (answer.whole.outcome, answer.whole.reason) == (Outcome.VALID, "OK")
    assert [part.path for part in answer.whole.covered] == ["/edXML[1]"]
    assert answer.whole.signer is not None
    assert answer.whole.signer.serial == str(authority.sender().certificate.serial_number)
    assert answer.signatures == (answer.whole,)


CASES: list[tuple[str, Callable[[], bytes], str]] = [
    ("unsigned", LETTER.bytes, "NO_SIGNATURE"),
    ("placeholder", lambda: LETTER.bytes().replace(
        b"</edXML:edXMLHeader>", b"<Signature>x</Signature></edXML:edXMLHeader>"), "PLACEHOLDER"),
    ("document type", lambda: plain().replace(b"<edXML ", b"<!DOCTYPE edXML><edXML ", 1), "DOCTYPE_FORBIDDEN"),
    ("not XML", lambda: b"PK", "MALFORMED"),
    ("relative namespace", lambda: plain().replace(b"<edXML ", b"<edXML xmlns:x='rel' ", 1), "MALFORMED"),
    ("changed", lambda: plain().replace("năm 2027".encode(), "năm 2028".encode()), "DIGEST_MISMATCH"),
    ("rogue authority", lambda: signed(LETTER.bytes(), authority.rogue()), "UNTRUSTED"),
    ("another agency", lambda: signed(LETTER.bytes(), authority.other()), "SENDER_MISMATCH"),
    ("a certificate that names no agency", lambda: signed(
        LETTER.bytes(), authority.issued(authority.key("sender"))), "OK"),
    ("SHA-1", lambda: signed(
        LETTER.bytes(), authority.sender(), Way(method=signing.RSA_SHA1, digest=signing.SHA1)), "WEAK_ALGORITHM"),
    ("below KeyInfo", lambda: plain().replace(b"<ds:KeyInfo>", b"<ds:KeyInfo><edXML xmlns=''/>"), "STRUCTURE"),
    ("XSLT", lambda: signed(LETTER.bytes(), authority.sender(), Way(
        transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"))), "TRANSFORM_FORBIDDEN"),
    ("file", lambda: signed(LETTER.bytes(), authority.sender(), Way(uri="file:///etc/passwd")), "EXTERNAL_REFERENCE"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdicts(make: Callable[[], bytes], expected: str) -> None:
    answer = judged(make())
    assert answer.whole.reason == expected, answer.whole.detail
    assert (answer.whole.outcome is Outcome.VALID) == (expected == "OK")


def test_nothing_trusted_is_untrusted() -> None:
    assert judged(plain(), NOTHING_TRUSTED["base"]).whole.reason == "UNTRUSTED"


def test_a_default_namespace_from_above_is_written_once() -> None:
    """Java writes `<Signature xmlns=...>`: below it C14N 1.0 has no `xmlns=""` (lxml alone would write one)."""
    way = Way(canonical=C14N, transforms=(ENVELOPED, C14N))
    package = signed(LETTER.bytes(), authority.sender(), way).decode()
    start, end = package.index("<ds:Signature "), package.index("</ds:Signature>")
    signature = package[start:end].replace("<ds:", "<").replace("</ds:", "</").replace("xmlns:ds=", "xmlns=")
    package = package[:start] + signature + "</Signature>" + package[end + len("</ds:Signature>") :]
    found = signing.signed_again(package.encode(), authority.sender())
    assert DSIG.encode() in found
    assert judged(found).whole.reason == "OK"
