"""Nothing foreign below Signature; relative namespaces; InclusiveNamespaces with the default one."""

import base64
import re

import pytest
from lxml import etree

from hub.model.statuses import Outcome
from services.signature.algorithms import ENVELOPED, EXCLUSIVE_C14N
from tests.unit.signature import authority, signing
from tests.unit.signature.documents import LETTER, judged, reason
from tests.unit.signature.signing import DSIG, Way, signed

INCLUSIVE = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE_C14N}" PrefixList="%s"/>'


def changed(pattern: str, by: str) -> bytes:
    text, count = re.subn(
        pattern, lambda _: by, signed(LETTER.bytes(), authority.sender()).decode(), count=1, flags=re.DOTALL
    )
    assert count == 1, pattern
    return text.encode()


ENVELOPE = '<edXML xmlns="http://www.e-doc.vn/Schema/"><edXMLEnvelope/></edXML>'
STRAYS = [
    (r"<ds:KeyInfo>", f"<ds:KeyInfo>{ENVELOPE}"),
    (r"</ds:KeyInfo>", f"{ENVELOPE}</ds:KeyInfo>"),
    (r"</ds:KeyInfo>", f"<ds:KeyValue>{ENVELOPE}</ds:KeyValue></ds:KeyInfo>"),
    (r"</ds:KeyInfo>", f"<ds:KeyName>{ENVELOPE}</ds:KeyName></ds:KeyInfo>"),
    (r"</ds:KeyInfo>", f"<ds:SPKIData>{ENVELOPE}</ds:SPKIData></ds:KeyInfo>"),
    (r"</ds:X509Data>", f"{ENVELOPE}</ds:X509Data>"),
    (r"</ds:X509Certificate>", f"{ENVELOPE}</ds:X509Certificate>"),
    (r"</ds:X509Data>", "<x xmlns=''/></ds:X509Data>"),
    (r"</ds:X509Data>", "<ds:X509Unknown/></ds:X509Data>"),
    (r"</ds:X509Data>", "<ds:X509IssuerSerial><ds:X509SKI/></ds:X509IssuerSerial></ds:X509Data>"),
    (r"<ds:KeyInfo>", "<ds:KeyInfo>text"),
    (r"</ds:KeyInfo>", "</ds:KeyInfo>text"),
    (r"</ds:X509Data>", "text</ds:X509Data>"),
    (r"<ds:SignedInfo>", "<ds:SignedInfo>text"),
    (r"</ds:Transforms>", "text</ds:Transforms>"),
    (r"</ds:Transforms>", f"{ENVELOPE}</ds:Transforms>"),
    (r"</ds:Transform>|(?<=exc-c14n#\")/>", f">{ENVELOPE}</ds:CanonicalizationMethod>"),
    (r"</ds:Signature>", f"<ds:Object>{ENVELOPE}</ds:Object></ds:Signature>"),
]


@pytest.mark.parametrize(("pattern", "by"), STRAYS)
def test_nothing_foreign_stands_below_the_signature(pattern: str, by: str) -> None:
    verdict = judged(changed(pattern, by))[0].verdict
    assert (verdict.outcome, verdict.reason) == (Outcome.INVALID, "STRUCTURE")


def test_an_element_of_no_namespace_is_none_of_ours() -> None:
    package = changed(
        r"<ds:SignatureValue>([^<]*)</ds:SignatureValue>", "<SignatureValue xmlns=''>AAAA</SignatureValue>"
    )
    assert reason(package) == "STRUCTURE"


@pytest.mark.parametrize("where", ["<edXML ", "<edXML:MessageHeader"])
def test_a_relative_namespace_has_no_canonical_form(where: str) -> None:
    package = signed(LETTER.bytes(), authority.sender()).decode()
    assert (
        reason(package.replace(where, f"{where} xmlns:odd='relative' ".replace("  ", " "), 1).encode()) == "MALFORMED"
    )


def test_an_unsigned_package_with_a_relative_namespace_is_absent() -> None:
    assert reason(LETTER.bytes().replace(b"<edXML ", b"<edXML xmlns:odd='relative' ", 1)) == "NO_SIGNATURE"


@pytest.mark.parametrize(
    ("prefixes", "default", "named"),
    [("#default", True, False), ("#default edXML", True, True), ("edXML", False, True), ("x #default", True, False)],
)
def test_the_default_namespace_may_be_named_inclusive(prefixes: str, default: bool, named: bool) -> None:  # noqa: FBT001 - a table
    """SignedInfo uses neither namespace; the canonical start tag is written here by hand."""
    package = LETTER.bytes().replace(b"<edXML:edXMLHeader>", b'<edXML:edXMLHeader xmlns="urn:default">', 1)
    made = signed(package, authority.sender(), Way(transforms=(ENVELOPED,))).decode()
    plain = f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"/>'
    assert plain in made
    made = made.replace(plain, f"{plain[:-2]}>{INCLUSIVE % prefixes}</ds:CanonicalizationMethod>")
    signed_info = etree.fromstring(made.encode()).find(f".//{{{DSIG}}}SignedInfo")
    assert signed_info is not None
    start = "<ds:SignedInfo" + (' xmlns="urn:default"' if default else "") + f' xmlns:ds="{DSIG}"'
    start += f' xmlns:edXML="{signed_info.nsmap["edXML"]}">' if named else ">"
    rest = etree.tostring(signed_info, method="c14n", exclusive=True)
    said = start.encode() + rest[rest.index(b">") + 1 :]
    value = base64.b64encode(signing._sign(authority.sender().key, signing.RSA_SHA256, said)).decode()
    assert (
        reason(re.sub(r"<ds:SignatureValue/>|<ds:SignatureValue>[^<]*", f"<ds:SignatureValue>{value}", made).encode())
        == "OK"
    )
