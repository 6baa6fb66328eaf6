"""The envelope's signature: what is VALID, and a table of flaws with the reason that each gets."""

import base64
import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import XMLVerifier

from hub.model.statuses import Outcome
from services.signature.algorithms import C14N, ENVELOPED, EXCLUSIVE_C14N
from tests.fakes.packages import File, Letter
from tests.unit.signature import authority, signing
from tests.unit.signature.authority import RECEIVED, YEAR
from tests.unit.signature.documents import LETTER, judged, reason
from tests.unit.signature.signing import DSIG, Way, signed

DS = f'xmlns:ds="{DSIG}"'


def plain() -> bytes:
    return signed(LETTER.bytes(), authority.sender())


def replaced(pattern: str, by: str, package: bytes | None = None) -> bytes:
    text = (package or plain()).decode()
    changed, count = re.subn(pattern, lambda _: by, text, count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return changed.encode()


def signature_of(package: bytes) -> str:
    found = re.search(r"<ds:Signature .*</ds:Signature>", package.decode(), re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(
    "way",
    [
        Way(),
        Way(canonical=C14N, transforms=(ENVELOPED, C14N)),
        Way(transforms=(ENVELOPED,)),
        Way(canonical=C14N),
        Way(method=signing.PSS_SHA256),
    ],
    ids=["exclusive", "inclusive", "no canonicalization named", "mixed", "pss"],
)
def test_valid_in_every_allowed_way(way: Way) -> None:
    (finding,) = judged(signed(LETTER.bytes(), authority.sender(), way))
    assert (finding.verdict.outcome, finding.verdict.reason) == (Outcome.VALID, "OK")
    assert finding.part == "envelope"
    assert finding.covered == "/edXML[1]"
    assert f"UID={authority.SENDER}" in finding.signer
    assert finding.serial == format(authority.sender().certificate.serial_number, "x")


def test_another_implementation_agrees_that_our_test_signatures_are_good() -> None:
    found = XMLVerifier().verify(plain(), x509_cert=authority.sender().certificate)
    assert not isinstance(found, list)


@pytest.mark.parametrize("canonical", [CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
                                       CanonicalizationMethod.CANONICAL_XML_1_0])  # fmt: skip
def test_signatures_of_another_implementation_are_valid(canonical: CanonicalizationMethod) -> None:
    place = f'\n <ds:Signature {DS} Id="placeholder"></ds:Signature>\n text</edXML:edXMLHeader>'
    root = etree.fromstring(LETTER.bytes().replace(b"</edXML:edXMLHeader>", place.encode()))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=canonical,
    )
    identity = authority.sender()
    signed_root = signer.sign(root, key=identity.key, cert=[identity.certificate, *identity.issuers])
    assert reason(etree.tostring(signed_root, encoding="UTF-8", xml_declaration=True)) == "OK"


def test_an_elliptic_curve_key_is_valid() -> None:
    identity = authority.issued(authority.curve_key("agency"), authority.SENDER)
    assert reason(signed(LETTER.bytes(), identity, Way(method=signing.ECDSA_SHA256))) == "OK"


def test_attributes_of_xml_on_ancestors_belong_to_the_signed_info() -> None:
    """C14N 1.0 §2.4; exclusive canonicalization leaves them out (§3)."""
    package = LETTER.bytes().replace(b"<edXML ", b'<edXML xml:lang="vi" ', 1)
    inclusive = Way(canonical=C14N, inherited='xml:lang="vi"')
    assert reason(signed(package, authority.sender(), inclusive)) == "OK"
    assert reason(signed(package, authority.sender(), Way(canonical=C14N))) == "SIGNATURE_MISMATCH"
    assert reason(signed(package, authority.sender(), Way(canonical=EXCLUSIVE_C14N))) == "OK"


def test_a_root_identifier_may_be_referred_to() -> None:
    package = LETTER.bytes().replace(b"<edXML ", b'<edXML Id="all" ', 1)
    assert reason(signed(package, authority.sender(), Way(uri="#all"))) == "OK"


def test_an_older_code_of_the_same_agency_is_the_same_agency() -> None:
    findings = judged(plain(), codes=("H99.7", authority.SENDER))
    assert findings[0].verdict.reason == "OK"


def test_a_long_attachment_is_cut_out_and_still_covered() -> None:
    big = LETTER.but(
        files=(File(name="a.bin", content_type="application/octet-stream", content=bytes(range(256)) * 1000),)
    )
    package = signed(big.bytes(), authority.sender())
    assert reason(package, big) == "OK"
    place = package.find(b"AAECAwQ")
    broken = package[: place + 90_000] + b"B" + package[place + 90_001 :]
    assert reason(broken, big) == "DIGEST_MISMATCH"


def _no_signature() -> bytes:
    return LETTER.bytes()


def _edxml_signature() -> bytes:
    return LETTER.bytes().replace(
        b"</edXML:edXMLHeader>", b"<Signature><SignedInfo>dummy</SignedInfo></Signature></edXML:edXMLHeader>"
    )


def _two_signatures() -> bytes:
    return plain().replace(b"</edXML:edXMLHeader>", signature_of(plain()).encode() + b"</edXML:edXMLHeader>")


def _moved(target: str) -> bytes:
    package = plain()
    signature = signature_of(package)
    return package.decode().replace(signature, "").replace(target, signature + target).encode()


def _wrapped() -> bytes:
    """XSW: the signed document goes into an Object, a forged root stands in its place."""
    package = plain()
    original = package[package.find(b"<edXML ") :].decode()
    forged = LETTER.but(sender=authority.OTHER).xml()
    signature = signature_of(package).replace("</ds:Signature>", f"<ds:Object>{original}</ds:Object></ds:Signature>")
    return forged.replace("</edXML:edXMLHeader>", signature + "</edXML:edXMLHeader>").encode()


def _sibling_copy() -> bytes:
    """A second envelope before the signed one."""
    package = plain().decode()
    envelope = LETTER.but(sender=authority.OTHER).xml()
    copy = envelope[envelope.find("<edXML:edXMLEnvelope") : envelope.find("<AttachmentEncoded>")]
    return package.replace("<edXML:edXMLEnvelope", copy + "<edXML:edXMLEnvelope", 1).encode()


def _inner_reference(root_too: bool) -> Callable[[], bytes]:  # noqa: FBT001 - one test's variant
    def make() -> bytes:
        package = LETTER.bytes().replace(b"<edXML:MessageHeader>", b'<edXML:MessageHeader Id="x">')
        if root_too:
            package = package.replace(b"<edXML ", b'<edXML Id="x" ', 1)
        return signed(package, authority.sender(), Way(uri="#x"))

    return make


def _with(way: Way) -> Callable[[], bytes]:
    return lambda: signed(LETTER.bytes(), authority.sender(), way)


def _by(identity: Callable[[], authority.Identity]) -> Callable[[], bytes]:
    return lambda: signed(LETTER.bytes(), identity())


def _issued(**more: Any) -> Callable[[], bytes]:
    return _by(lambda: authority.issued(authority.key("sender"), authority.SENDER, **more))


def _comment_in_organ_id() -> bytes:
    evil = LETTER.but(sender=authority.SENDER + ".evil")
    return signed(evil.bytes(), authority.sender()).replace(b".evil<", b"<!---->.evil<", 1)


def _doctype() -> bytes:
    return plain().replace(b"<edXML ", b'<!DOCTYPE edXML [<!ENTITY a "b">]><edXML ', 1)


RUBBISH = "<ds:X509Certificate>AAAA</ds:X509Certificate>"
X509 = r"<ds:X509Certificate>[^<]*</ds:X509Certificate>"

FLAWS: list[tuple[str, Callable[[], bytes], str]] = [
    # (A8) absent and placeholders
    ("no signature", _no_signature, "NO_SIGNATURE"),
    ("signature in the edXML namespace", _edxml_signature, "PLACEHOLDER"),
    (
        "empty DigitalSignature",
        lambda: LETTER.bytes().replace(b"</edXML:edXMLHeader>", b"<edXML:DigitalSignature/></edXML:edXMLHeader>"),
        "PLACEHOLDER",
    ),
    (
        "empty XMLDSig signature",
        lambda: LETTER.bytes().replace(b"</edXML:edXMLHeader>", f"<ds:Signature {DS}/></edXML:edXMLHeader>".encode()),
        "PLACEHOLDER",
    ),
    # (A5, A6) unreadable
    ("document type", _doctype, "DOCTYPE_FORBIDDEN"),
    (
        "document type behind a comment",
        lambda: _doctype().replace(b"<!DOCTYPE", b"<!-- x --><!DOCTYPE"),
        "DOCTYPE_FORBIDDEN",
    ),
    ("XML 1.1", lambda: plain().replace(b"version='1.0'", b"version='1.1'"), "MALFORMED"),
    ("another encoding", lambda: plain().replace(b"encoding='UTF-8'", b"encoding='UTF-7'"), "MALFORMED"),
    ("cut off", lambda: plain()[:-20], "MALFORMED"),
    ("not XML", lambda: b"PK\x03\x04", "MALFORMED"),
    # (A7, A9) wrapping and structure
    ("two signatures", _two_signatures, "STRUCTURE"),
    ("moved into the message header", lambda: _moved("</edXML:MessageHeader>"), "STRUCTURE"),
    ("moved to the root", lambda: _moved("</edXML>"), "STRUCTURE"),
    ("signed document wrapped in an Object", _wrapped, "STRUCTURE"),
    ("a second envelope before the signed one", _sibling_copy, "STRUCTURE"),
    ("reference to an inner element", _inner_reference(root_too=False), "NOT_COVERED"),
    ("identifier of two elements", _inner_reference(root_too=True), "WRAPPING"),
    ("reference without URI", _with(Way(uri=None)), "NOT_COVERED"),
    ("XPointer to everything", _with(Way(uri="#xpointer(/)")), "NOT_COVERED"),
    ("two SignedInfo", lambda: replaced(r"</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"), "STRUCTURE"),
    (
        "SignedInfo elsewhere too",
        lambda: replaced(r"</edXML:TraceHeaderList>", f"<ds:SignedInfo {DS}/></edXML:TraceHeaderList>"),
        "STRUCTURE",
    ),
    ("two references", lambda: replaced(r"</ds:Reference>", "</ds:Reference><ds:Reference URI='#x'/>"), "STRUCTURE"),
    # (A10, A11) markup
    ("comment in the digest", lambda: replaced(r"<ds:DigestValue>", "<ds:DigestValue><!-- x -->"), "STRUCTURE"),
    (
        "processing instruction in SignedInfo",
        lambda: replaced(r"<ds:SignedInfo>", "<ds:SignedInfo><?x y?>"),
        "STRUCTURE",
    ),
    ("comment in OrganId", _comment_in_organ_id, "STRUCTURE"),
    ("comment in DocumentId", lambda: replaced(r"2026/11/20,125", "2026/11/20<!-- -->,125"), "STRUCTURE"),
    ("digest is not base64", lambda: replaced(r"<ds:DigestValue>..", "<ds:DigestValue>*"), "STRUCTURE"),
    # content and value
    ("subject changed", lambda: replaced(r"năm 2027", "năm 2028"), "DIGEST_MISMATCH"),
    (
        "recipient added",
        lambda: replaced(r"<edXML:To>", "<edXML:To><edXML:OrganId>H01</edXML:OrganId></edXML:To><edXML:To>"),
        "DIGEST_MISMATCH",
    ),
    (
        "attachment changed",
        lambda: replaced(r"<ContentTransferEncoded>.", "<ContentTransferEncoded>X"),
        "DIGEST_MISMATCH",
    ),
    (
        "digest changed",
        lambda: replaced(r"<ds:DigestValue>[^<]*", f"<ds:DigestValue>{base64.b64encode(bytes(32)).decode()}"),
        "DIGEST_MISMATCH",
    ),
    (
        "signature value changed",
        lambda: replaced(r"<ds:SignatureValue>[^<]*", f"<ds:SignatureValue>{base64.b64encode(bytes(256)).decode()}"),
        "SIGNATURE_MISMATCH",
    ),
    (
        "certificate of somebody else put in",
        lambda: replaced(
            X509, f"<ds:X509Certificate>{base64.b64encode(authority.other().ders[0]).decode()}</ds:X509Certificate>"
        ),
        "SIGNATURE_MISMATCH",
    ),
    # (A18 to A21) algorithms, transforms, references
    ("HMAC", lambda: replaced(r"[^\"]*#rsa-sha256", f"{DSIG}hmac-sha1"), "ALGORITHM_FORBIDDEN"),
    (
        "HMAC output length",
        lambda: replaced(
            r"<ds:SignatureMethod ([^>]*)/>",
            f'<ds:SignatureMethod Algorithm="{signing.RSA_SHA256}"><ds:HMACOutputLength>0</ds:HMACOutputLength>'
            "</ds:SignatureMethod>",
        ),
        "STRUCTURE",
    ),
    ("unknown algorithm", lambda: replaced(r"[^\"]*#rsa-sha256", "urn:none"), "ALGORITHM_FORBIDDEN"),
    ("unknown digest", lambda: replaced(r"[^\"]*xmlenc#sha256", "urn:none"), "ALGORITHM_FORBIDDEN"),
    (
        "RIPEMD",
        lambda: replaced(r"[^\"]*xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#ripemd160"),
        "UNSUPPORTED_ALGORITHM",
    ),
    (
        "canonicalization with comments",
        lambda: replaced(
            r"CanonicalizationMethod Algorithm=\"[^\"]*", f'CanonicalizationMethod Algorithm="{C14N}#WithComments'
        ),
        "ALGORITHM_FORBIDDEN",
    ),
    ("XSLT", _with(Way(transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"))), "TRANSFORM_FORBIDDEN"),
    (
        "XPath",
        _with(
            Way(
                transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
                transform_markup="<XPath>//*</XPath>",
            )
        ),
        "TRANSFORM_FORBIDDEN",
    ),
    ("not enveloped", _with(Way(transforms=(EXCLUSIVE_C14N,))), "TRANSFORM_FORBIDDEN"),
    ("three transforms", _with(Way(transforms=(ENVELOPED, EXCLUSIVE_C14N, C14N))), "TRANSFORM_FORBIDDEN"),
    (
        "the samples' misspelt transform",
        _with(Way(transforms=(ENVELOPED, "http://www.w3.org/TR/xml-exc-c14n#"))),
        "TRANSFORM_FORBIDDEN",
    ),
    ("file reference", _with(Way(uri="file:///etc/passwd")), "EXTERNAL_REFERENCE"),
    ("network reference", _with(Way(uri="http://127.0.0.1:9/x")), "EXTERNAL_REFERENCE"),
    # keys
    ("no key", _with(Way(key_info="")), "NO_KEY"),
    ("bare key value", _with(Way(key_info="<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>")), "NO_KEY"),
    ("key by address", _with(Way(key_info="<ds:RetrievalMethod URI='http://127.0.0.1:9/'/>")), "NO_KEY"),
    ("certificate is rubbish", _with(Way(key_info=f"<ds:X509Data>{RUBBISH}</ds:X509Data>")), "NO_KEY"),
    # (A12 to A16) chain
    ("unknown authority of the same names", _by(authority.rogue), "UNTRUSTED"),
    ("expired", _issued(since=RECEIVED - 2 * YEAR, until=RECEIVED - timedelta(seconds=5)), "EXPIRED"),
    ("not yet valid", _issued(since=RECEIVED + timedelta(days=1)), "NOT_YET_VALID"),
    ("revoked", _issued(serial=authority.REVOKED_SERIAL), "REVOKED"),
    ("certificate for encryption only", _issued(usage=authority.uses("key_encipherment")), "PATH"),
    # (A13) sender
    ("another agency's certificate", _by(authority.other), "SENDER_MISMATCH"),
    ("certificate that names nobody", _by(lambda: authority.issued(authority.key("sender"))), "SENDER_MISMATCH"),
    (
        "certificate that names two",
        _by(lambda: authority.issued(authority.key("sender"), authority.SENDER, authority.OTHER)),
        "SENDER_MISMATCH",
    ),
    # (A18) weak, only where everything else holds
    ("SHA-1", _with(Way(method=signing.RSA_SHA1, digest=signing.SHA1)), "WEAK_ALGORITHM"),
    ("SHA-1 digest alone", _with(Way(digest=signing.SHA1)), "WEAK_ALGORITHM"),
    (
        "RSA of 1024 bits",
        _by(lambda: authority.issued(authority.key("short", 1024), authority.SENDER)),
        "WEAK_ALGORITHM",
    ),
    (
        "DSA",
        lambda: signed(
            LETTER.bytes(), authority.issued(authority.dsa_key(), authority.SENDER), Way(method=signing.DSA_SHA256)
        ),
        "WEAK_ALGORITHM",
    ),
    ("certificate signed with SHA-1", _by(authority.weakly_issued), "WEAK_ALGORITHM"),
    (
        "weak and broken",
        lambda: replaced(
            r"năm 2027", "năm 2028", signed(LETTER.bytes(), authority.sender(), Way(method=signing.RSA_SHA1))
        ),
        "DIGEST_MISMATCH",
    ),
    (
        "weak and another agency's",
        lambda: signed(LETTER.bytes(), authority.other(), Way(method=signing.RSA_SHA1)),
        "SENDER_MISMATCH",
    ),
]


@pytest.mark.parametrize(("make", "expected"), [flaw[1:] for flaw in FLAWS], ids=[flaw[0] for flaw in FLAWS])
def test_a_flaw_has_its_reason_and_is_never_valid(make: Callable[[], bytes], expected: str) -> None:
    verdict = judged(make())[0].verdict
    assert verdict.reason == expected
    assert verdict.outcome is not Outcome.VALID


OTHER_HEADERS = {
    "sender": LETTER.but(sender=authority.OTHER),
    "recipients": LETTER.but(recipients=("000.00.00.G99",)),
    "order of recipients": LETTER.but(recipients=tuple(reversed(LETTER.recipients))),
    "document id": LETTER.but(document_id="000.00.07.H99,2026/11/20,126/SM-VP"),
    "business type": LETTER.but(business_type="1"),
    "number": LETTER.but(number="126"),
    "notation": LETTER.but(notation="SM"),
    "attachments": LETTER.but(files=()),
}


@pytest.mark.parametrize("letter", OTHER_HEADERS.values(), ids=OTHER_HEADERS.keys())
def test_what_the_hub_acts_on_must_be_what_was_signed(letter: Letter) -> None:
    verdict = judged(plain(), letter)[0].verdict
    assert verdict.reason == ("SENDER_MISMATCH" if letter.sender != LETTER.sender else "NOT_COVERED")


def test_a_field_that_stands_there_twice_is_not_covered() -> None:
    twice = LETTER.but(extra="<edXML:DocumentId>another</edXML:DocumentId>")
    assert reason(signed(twice.bytes(), authority.sender()), twice) == "NOT_COVERED"


def canonical(package: bytes) -> bytes:
    """What the package says, without its signature and without comments."""
    tree = etree.fromstring(package).getroottree()
    for signature in tree.iter(f"{{{DSIG}}}Signature"):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
    return etree.tostring(tree, method="c14n", with_comments=False)


def test_no_single_changed_byte_makes_another_document_valid() -> None:
    """Blanks inside tags and the like may change; what the document says may not."""
    package = plain()
    said, rng = canonical(package), random.Random(1597)  # noqa: S311 - repeatable, not secret
    for place in rng.sample(range(len(package)), 400):
        mutant = package[:place] + bytes([rng.choice(b" <>&\"'/=.AZaz09\n\r\x00\xff")]) + package[place + 1 :]
        if judged(mutant)[0].verdict.outcome is Outcome.VALID:
            assert canonical(mutant) == said, place
