"""Verdicts on XML signatures by the recommendation: what holds, and a table of flaws with the reason of each."""

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from hub.model.statuses import Outcome
from services.signature.dsig import canonical, transforms
from services.signature.dsig.canonical import C14N, C14N_11
from services.signature.verification import EmbeddedKey, RevocationMode, TrustBase
from tests.unit.signature import authority
from tests.unit.signature.authority import RECEIVED, YEAR
from tests.unit.signature.dsig_documents import (
    ANY,
    BODY,
    DSIG,
    ENC,
    ENVELOPED,
    EXCLUSIVE,
    HMAC_SHA256,
    MORE,
    NOTHING_TRUSTED,
    RSA_SHA256,
    SECRET,
    USUAL,
    Ref,
    Shape,
    b64,
    certificates_of,
    filled,
    issuer_serial,
    judged,
    made,
    pem_of,
    reason,
    rsa_value,
    transform,
)

KEY = authority.key("sender")
XPATH, FILTER = transforms.XPATH, transforms.FILTER_2
OBJECT = '<ds:Object Id="o"><Data xmlns="">text</Data></ds:Object>'


def xpath(expression: str) -> str:
    return transform(XPATH, f'<ds:XPath xmlns:dsig="{DSIG}">{expression}</ds:XPath>')


def filters(*pairs: tuple[str, str]) -> str:
    return transform(
        FILTER, "".join(f'<f:XPath xmlns:f="{FILTER}" Filter="{how}">{said}</f:XPath>' for how, said in pairs)
    )


NOT_SIGNATURE = "not(ancestor-or-self::dsig:Signature)"
HOLD: dict[str, Callable[[], bytes]] = {
    "enveloped": made,
    "by identifier": lambda: made(Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),))),
    "without transforms": lambda: made(Shape(refs=(Ref(uri="#a", transforms=""),))),
    "by pointer": lambda: made(Shape(refs=(Ref(uri="#xpointer(id('a'))", transforms=EXCLUSIVE),))),
    "pointer to all": lambda: made(Shape(refs=(Ref(uri="#xpointer(/)"),))),
    "enveloping": lambda: made(Shape(refs=(Ref(uri="#o", transforms=""),), objects=OBJECT), "%s"),
    "two references": lambda: made(Shape(refs=(Ref(), Ref(uri="#a", transforms=transform(C14N))))),
    "C14N 1.1": lambda: made(
        Shape(refs=(Ref(transforms=ENVELOPED + transform(C14N_11)),), canonicalization=C14N_11),
        f'<x xml:lang="vi" xml:base="a/" xml:id="q">{BODY}</x>',
    ),
    "C14N 1.0 below xml attributes": lambda: made(
        Shape(canonicalization=C14N), f'<x xml:lang="vi" xmlns="urn:d">{BODY}</x>'
    ),
    "with comments": lambda: made(
        Shape(canonicalization=f"{C14N}#WithComments"), BODY.replace("<Subject>", "<!-- c --><Subject>")
    ),
    "inclusive prefixes": lambda: made(
        Shape(
            refs=(
                Ref(
                    uri="#a",
                    transforms=transform(
                        canonical.EXCLUSIVE,
                        f'<e:InclusiveNamespaces xmlns:e="{canonical.EXCLUSIVE}" PrefixList="#default p"/>',
                    ),
                ),
            )
        ),
        f'<x xmlns="urn:d" xmlns:p="urn:p">{BODY}</x>',
    ),
    "XPath": lambda: made(Shape(refs=(Ref(transforms=xpath(NOT_SIGNATURE)),))),
    "XPath as enveloped": lambda: made(
        Shape(
            refs=(
                Ref(
                    transforms=xpath(
                        "count(ancestor-or-self::dsig:Signature | here()/ancestor::dsig:Signature[1]) &gt; "
                        "count(ancestor-or-self::dsig:Signature)"
                    )
                ),
            )
        )
    ),
    "filters": lambda: made(
        Shape(refs=(Ref(transforms=filters(("intersect", "//Assertion"), ("subtract", "//none"))),))
    ),
    "filter with here": lambda: made(Shape(refs=(Ref(transforms=filters(("subtract", "here()/ancestor::*[5]"))),))),
    "base64": lambda: made(
        Shape(
            refs=(Ref(uri="#o", transforms=transform(transforms.BASE64)),),
            objects=f'<ds:Object Id="o">{b64(b"hello")}</ds:Object>',
        )
    ),
    "entities and defaults": lambda: made(
        None, '<!DOCTYPE Response [<!ENTITY e "An"><!ATTLIST Subject k CDATA "v">]>' + BODY.replace("An<", "&e;<")
    ),
    "identifier by document type": lambda: made(
        Shape(refs=(Ref(uri="#z", transforms=EXCLUSIVE),)),
        "<!DOCTYPE Response [<!ATTLIST Subject key ID #IMPLIED>]>" + BODY.replace("<Subject", '<Subject key="z"'),
    ),
    "P-256": lambda: made(
        Shape(method=f"{MORE}ecdsa-sha256"),
        signer=authority.issued(authority.curve_key("dsig"), authority.SENDER),
    ),
    "PSS": lambda: made(Shape(method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")),
    "PSS with parameters": lambda: made(
        Shape(
            method="http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
            parameters='<p:RSAPSSParams xmlns:p="http://www.w3.org/2007/05/xmldsig-more#"><ds:DigestMethod '
            f'Algorithm="{ENC}sha256"/><p:SaltLength>32</p:SaltLength></p:RSAPSSParams>',
        )
    ),
    "SHA-512": lambda: made(Shape(method=f"{MORE}rsa-sha512", refs=(Ref(digest=f"{ENC}sha512"),))),
}


@pytest.mark.parametrize("make", HOLD.values(), ids=HOLD.keys())
def test_what_holds(make: Callable[[], bytes]) -> None:
    answer = judged(make())
    assert (answer.whole.outcome, answer.whole.reason) == (Outcome.VALID, "OK"), answer.whole.detail
    assert answer.whole.signer is not None
    assert answer.whole.signer.serial.isdigit()


@pytest.mark.parametrize("way", list(CanonicalizationMethod))
@pytest.mark.parametrize("form", list(SignatureConstructionMethod))
def test_signatures_of_another_implementation_hold(
    way: CanonicalizationMethod, form: SignatureConstructionMethod
) -> None:
    if form is SignatureConstructionMethod.detached:
        pytest.skip("its content lies outside")
    identity = authority.sender()
    root = etree.fromstring('<a xmlns="urn:a" xmlns:b="urn:b"><b:c d="1">e</b:c></a>')
    signer = XMLSigner(method=form, c14n_algorithm=way)
    content = etree.tostring(signer.sign(root, key=identity.key, cert=[identity.certificate, *identity.issuers]))
    assert reason(content) == "OK"
    assert reason(content.replace(b">e<", b">E<")) == "DIGEST_MISMATCH"


ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
POINT = authority.curve_key("dsig").public_key().public_numbers()
DSIG_11 = 'xmlns:d="http://www.w3.org/2009/xmldsig11#"'


def ec_value() -> str:
    point = b64(b"\x04" + POINT.x.to_bytes(32) + POINT.y.to_bytes(32))
    return (
        f'<ds:KeyValue><d:ECKeyValue {DSIG_11}><d:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<d:PublicKey>{point}</d:PublicKey></d:ECKeyValue></ds:KeyValue>"
    )


def ec_4050() -> str:
    return (
        f'<ds:KeyValue><ECDSAKeyValue xmlns="{MORE}"><DomainParameters><NamedCurve URN="urn:oid:1.2.840.10045.3.1.7"/>'
        f'</DomainParameters><PublicKey><X Value="{POINT.x}"/><Y Value="{POINT.y}"/></PublicKey></ECDSAKeyValue>'
        "</ds:KeyValue>"
    )


def ec_der() -> str:
    content = authority.curve_key("dsig").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"<d:DEREncodedKeyValue {DSIG_11}>{b64(content)}</d:DEREncodedKeyValue>"


def with_key(key_info: str, **more: Any) -> bytes:
    return made(Shape(key_info=key_info, **more), signer=KEY)


CURVE = authority.curve_key("dsig")
ECDSA = f"{MORE}ecdsa-sha256"
CERTIFICATE = authority.sender().certificate
PEM = CERTIFICATE.public_bytes(Encoding.PEM)
RETRIEVAL = (
    f'<ds:RetrievalMethod Type="{DSIG}X509Data" URI="#k"/>',
    f'<ds:Object Id="k">{certificates_of(authority.sender())}</ds:Object>',
)
KEYS: list[tuple[str, Callable[[], bytes], dict[str, Any], str]] = [
    ("bare key, never", lambda: with_key(rsa_value(KEY)), {}, "NO_KEY"),
    ("bare key, any", lambda: with_key(rsa_value(KEY)), ANY, "OK"),
    ("bare key of a certificate that is known", lambda: with_key(rsa_value(KEY)),
     {"base": TrustBase(trust=USUAL.trust, crls=USUAL.crls,
                        intermediates=(PEM, authority.issuing().public_bytes(Encoding.DER)))}, "OK"),
    ("ECKeyValue", lambda: made(Shape(method=ECDSA, key_info=ec_value()), signer=CURVE), ANY, "OK"),
    ("RFC 4050", lambda: made(Shape(method=ECDSA, key_info=ec_4050()), signer=CURVE), ANY, "OK"),
    ("DEREncodedKeyValue", lambda: made(Shape(method=ECDSA, key_info=ec_der()), signer=CURVE), ANY, "OK"),
    ("another bare key", lambda: with_key(rsa_value(authority.key("other"))), ANY, "SIGNATURE_MISMATCH"),
    ("a bare key of another kind", lambda: with_key(ec_value()), ANY, "SIGNATURE_MISMATCH"),
    ("Ed25519", lambda: made(Shape(method="http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"), signer=ED25519),
     {"keys": {"*": pem_of(ED25519)}}, "OK"),
    ("by name", lambda: with_key("<ds:KeyName> somebody </ds:KeyName>"), {"keys": {"somebody": pem_of(KEY)}}, "OK"),
    ("by name of nobody", lambda: with_key("<ds:KeyName>x</ds:KeyName>"), {"keys": {"y": pem_of(KEY)}}, "NO_KEY"),
    ("name of another", lambda: with_key("<ds:KeyName>x</ds:KeyName>"),
     {"keys": {"x": pem_of(authority.key("other"))}}, "SIGNATURE_MISMATCH"),
    ("whatever the document says", lambda: with_key(""), {"keys": {"*": PEM}, **NOTHING_TRUSTED}, "OK"),
    ("whatever it says, another", made, {"keys": {"*": pem_of(authority.key("other"))}}, "SIGNATURE_MISMATCH"),
    ("no KeyInfo", lambda: with_key(""), {}, "NO_KEY"),
    ("issuer and serial", lambda: with_key(issuer_serial(CERTIFICATE)),
     {"base": TrustBase(trust=USUAL.trust, crls=USUAL.crls,
                        intermediates=(PEM, authority.issuing().public_bytes(Encoding.PEM)))}, "OK"),
    ("issuer and serial of none that is known", lambda: with_key(issuer_serial(CERTIFICATE)), {}, "NO_KEY"),
    ("retrieval in the document", lambda: with_key(RETRIEVAL[0], objects=RETRIEVAL[1]), {}, "OK"),
    ("retrieval of itself", lambda: with_key('<ds:RetrievalMethod Id="me" URI="#me"/>'), {}, "NO_KEY"),
    ("retrieval from outside", lambda: with_key('<ds:RetrievalMethod URI="http://127.0.0.1:9/k"/>'), {}, "NO_KEY"),
    ("retrieval of a file", lambda: with_key(
        f'<ds:RetrievalMethod URI="file:///etc/passwd" Type="{DSIG}rawX509Certificate"/>'), {}, "NO_KEY"),
    ("a certificate that is none", lambda: with_key(
        "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"), {}, "NO_KEY"),
    ("nothing trusted", made, NOTHING_TRUSTED, "UNTRUSTED"),
    ("nothing trusted, any key", made, NOTHING_TRUSTED | ANY, "OK"),
    ("unknown authority", lambda: made(signer=authority.rogue()), {}, "UNTRUSTED"),
    ("expired", lambda: made(signer=authority.issued(KEY, since=RECEIVED - 2 * YEAR,
                                                     until=RECEIVED - timedelta(seconds=5))), {}, "EXPIRED"),
    ("not yet valid", lambda: made(signer=authority.issued(KEY, since=RECEIVED + YEAR / 2)), {}, "NOT_YET_VALID"),
    ("revoked", lambda: made(signer=authority.issued(KEY, serial=authority.REVOKED_SERIAL)), {}, "REVOKED"),
    ("revocation unknown", made,
     {"base": TrustBase(trust=USUAL.trust, revocation=RevocationMode.REQUIRE)}, "REVOCATION_UNKNOWN"),
    ("certificate for encryption only", lambda: made(
        signer=authority.issued(KEY, usage=authority.uses("key_encipherment"))), {}, "PATH"),
    ("short key", lambda: made(signer=authority.issued(authority.key("short", 1024))), {}, "WEAK_ALGORITHM"),
    ("DSA of 1024 bits", lambda: made(Shape(method="http://www.w3.org/2009/xmldsig11#dsa-sha256"),
                                      signer=authority.issued(authority.dsa_key())), {}, "WEAK_ALGORITHM"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "fields", "expected"), [case[1:] for case in KEYS], ids=[case[0] for case in KEYS])
def test_keys(make: Callable[[], bytes], fields: dict[str, Any], expected: str) -> None:
    assert reason(make(), **fields) == expected


def mac(bits: str = "") -> bytes:
    parameters = f"<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>" if bits else ""
    content = made(Shape(method=HMAC_SHA256, parameters=parameters, key_info=""), signer=SECRET)
    if not bits.isdigit():
        return content
    value = re.search(rb"SignatureValue>([^<]*)<", content)
    assert value
    short = b64(base64.b64decode(value[1])[: int(bits) // 8]).encode()
    return content.replace(value[1], short)


MACS = [
    ("", {"hmac_key": SECRET}, "OK"),
    ("256", {"hmac_key": SECRET}, "OK"),
    ("128", {"hmac_key": SECRET}, "OK"),
    ("", {"hmac_key": b"another"}, "SIGNATURE_MISMATCH"),
    ("", {}, "ALGORITHM_FORBIDDEN"),
    ("", ANY, "ALGORITHM_FORBIDDEN"),
    ("", {"hmac_key": b""}, "ALGORITHM_FORBIDDEN"),
    ("", {"hmac_key": PEM}, "ALGORITHM_FORBIDDEN"),
    ("", {"hmac_key": pem_of(KEY)}, "ALGORITHM_FORBIDDEN"),
    ("120", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
    ("120", {"hmac_key": SECRET, "hmac_min_bits": 120}, "OK"),
    ("128", {"hmac_key": SECRET, "hmac_min_bits": 160}, "ALGORITHM_FORBIDDEN"),
    ("0", {"hmac_key": SECRET, "hmac_min_bits": 0}, "ALGORITHM_FORBIDDEN"),
    ("8", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
    ("129", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
    ("264", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
    ("-8", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
    ("1e3", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
    ("99999999999999999999", {"hmac_key": SECRET}, "ALGORITHM_FORBIDDEN"),
]


@pytest.mark.parametrize(("bits", "fields", "expected"), MACS)
def test_authentication_codes(bits: str, fields: dict[str, Any], expected: str) -> None:
    assert reason(mac(bits), **fields) == expected


def changed(pattern: str, by: str, content: bytes | None = None) -> bytes:
    text, count = re.subn(pattern, lambda _: by, (content or made()).decode(), count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return text.encode()


def xsw(template: str) -> bytes:
    """The signed Assertion is kept where `%o` stands, an evil one is put where it was read."""
    content = made(Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),))).decode()
    original = content[content.index("<Assertion") : content.index("<ds:Signature")]
    signature = content[content.index("<ds:Signature") : content.index("</Response>")]
    evil = original.replace(">An<", ">Evil<")
    return template.replace("%e", evil).replace("%o", original).replace("%s", signature).encode()


ASSERTION = {"consumed": "/Response/Assertion"}
FIRST = {"consumed": "/Response[1]/Assertion[1]"}
FLAWS: list[tuple[str, Callable[[], bytes], dict[str, Any], str]] = [
    # absent
    ("no signature", lambda: b"<a/>", {}, "NO_SIGNATURE"),
    ("empty signature", f'<a><ds:Signature xmlns:ds="{DSIG}"/></a>'.encode, {}, "PLACEHOLDER"),
    ("signature of another namespace", lambda: b"<a><Signature><SignedInfo/></Signature></a>", {}, "PLACEHOLDER"),
    # reading
    ("not XML", lambda: b"PK\x03\x04", {}, "MALFORMED"),
    ("nothing", lambda: b"", {}, "MALFORMED"),
    ("cut off", lambda: made()[:-3], {}, "MALFORMED"),
    ("relative namespace", lambda: changed("<Response", "<Response xmlns:x='rel'"), {}, "MALFORMED"),
    ("external entity", lambda: b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", {},
     "EXTERNAL_REFERENCE"),
    # structure
    ("two SignedInfo", lambda: changed("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"), {}, "STRUCTURE"),
    ("SignedInfo twice, the good one first", lambda: changed(
        "(<ds:SignatureValue>)", "<ds:SignedInfo/><ds:SignatureValue>"), {}, "STRUCTURE"),
    ("two values", lambda: changed("<ds:KeyInfo>", "<ds:SignatureValue/><ds:KeyInfo>"), {}, "STRUCTURE"),
    ("wrong order", lambda: changed("<ds:SignedInfo>", "<ds:KeyInfo/><ds:SignedInfo>"), {}, "STRUCTURE"),
    ("comment in the digest", lambda: changed("<ds:DigestValue>", "<ds:DigestValue><!-- x -->"), {}, "STRUCTURE"),
    ("instruction in the value", lambda: changed("<ds:SignatureValue>....", "<ds:SignatureValue><?x y?>"), {},
     "STRUCTURE"),
    ("element in the digest", lambda: changed("<ds:DigestValue>", "<ds:DigestValue><x/>"), {}, "STRUCTURE"),
    ("digest that is not base64", lambda: changed("<ds:DigestValue>..", "<ds:DigestValue>*"), {}, "STRUCTURE"),
    ("text between", lambda: changed("<ds:SignedInfo>", "<ds:SignedInfo>x"), {}, "STRUCTURE"),
    ("foreign element", lambda: changed("<ds:SignedInfo>", "<ds:SignedInfo><x/>"), {}, "STRUCTURE"),
    ("no reference", lambda: changed("<ds:Reference.*</ds:Reference>", ""), {}, "STRUCTURE"),
    ("no algorithm", lambda: changed('<ds:SignatureMethod Algorithm="[^"]*"', "<ds:SignatureMethod"), {}, "STRUCTURE"),
    ("Transforms without any", lambda: changed("<ds:Transforms>.*</ds:Transforms>", "<ds:Transforms/>"), {},
     "STRUCTURE"),
    ("length for a method that has none", lambda: made(
        Shape(parameters="<ds:HMACOutputLength>8</ds:HMACOutputLength>")), {}, "STRUCTURE"),
    # content
    ("content changed", lambda: changed(">An<", ">Anh<"), {}, "DIGEST_MISMATCH"),
    ("attribute added", lambda: changed("<Subject", "<Subject x='1'"), {}, "DIGEST_MISMATCH"),
    ("comment added where comments are no part", lambda: changed("<Subject>", "<Subject><!-- x -->"), {}, "OK"),
    ("digest changed", lambda: changed("<ds:DigestValue>[^<]*", f"<ds:DigestValue>{b64(bytes(32))}"), {},
     "DIGEST_MISMATCH"),
    ("short digest", lambda: changed("<ds:DigestValue>[^<]*", "<ds:DigestValue>AAAA"), {}, "DIGEST_MISMATCH"),
    ("value changed", lambda: changed("<ds:SignatureValue>[^<]*", f"<ds:SignatureValue>{b64(bytes(256))}"), {},
     "SIGNATURE_MISMATCH"),
    ("empty value", lambda: changed("<ds:SignatureValue>[^<]*", "<ds:SignatureValue>"), {}, "SIGNATURE_MISMATCH"),
    ("SignedInfo changed", lambda: changed("<ds:Reference ", "<ds:Reference Id='x' "), {}, "SIGNATURE_MISMATCH"),
    ("zero r and s", lambda: changed(
        "<ds:SignatureValue>[^<]*", f"<ds:SignatureValue>{b64(bytes(64))}",
        made(Shape(method=ECDSA, key_info=ec_value()), signer=CURVE)), ANY, "SIGNATURE_MISMATCH"),
    # algorithms and transforms
    ("XSLT", lambda: changed(re.escape(canonical.EXCLUSIVE) + '"></ds:Transform>',
                             f'{transforms.XSLT}"><x/></ds:Transform>'), {}, "TRANSFORM_FORBIDDEN"),
    ("XSLT beside what is unknown", lambda: changed(
        "<ds:Transforms>", "<ds:Transforms>" + transform("urn:x") + transform(transforms.XSLT)), {},
     "TRANSFORM_FORBIDDEN"),
    ("XSLT as canonicalization", lambda: changed(
        'CanonicalizationMethod Algorithm="[^"]*', f'CanonicalizationMethod Algorithm="{transforms.XSLT}'), {},
     "TRANSFORM_FORBIDDEN"),
    ("unknown transform", lambda: made(Shape(key_info=None)).replace(
        transforms.ENVELOPED.encode(), b"urn:unknown"), {}, "SIGNATURE_MISMATCH"),
    ("unknown method", lambda: changed(re.escape(RSA_SHA256), "urn:none"), {}, "UNSUPPORTED_ALGORITHM"),
    ("RIPEMD", lambda: changed(re.escape(RSA_SHA256), f"{MORE}rsa-ripemd160"), {}, "UNSUPPORTED_ALGORITHM"),
    ("unknown method and broken", lambda: changed(">An<", ">B<", changed(re.escape(RSA_SHA256), "urn:none")), {},
     "DIGEST_MISMATCH"),
    ("SHA-1", lambda: made(Shape(method=f"{DSIG}rsa-sha1", refs=(Ref(digest=f"{DSIG}sha1"),))), {}, "WEAK_ALGORITHM"),
    ("SHA-1 digest", lambda: made(Shape(refs=(Ref(digest=f"{DSIG}sha1"),))), {}, "WEAK_ALGORITHM"),
    ("MD5", lambda: made(Shape(method=f"{MORE}rsa-md5", refs=(Ref(digest=f"{MORE}md5"),))), {}, "WEAK_ALGORITHM"),
    ("weak and broken", lambda: changed(">An<", ">B<", made(Shape(method=f"{DSIG}rsa-sha1"))), {}, "DIGEST_MISMATCH"),
    ("weak and untrusted", lambda: made(Shape(method=f"{DSIG}rsa-sha1")), NOTHING_TRUSTED, "UNTRUSTED"),
    ("bad XPath", lambda: changed("self::none", "self::[", made(
        Shape(refs=(Ref(transforms=xpath("not(self::none)") + EXCLUSIVE),)))), {}, "STRUCTURE"),
    ("XPath that could take long", lambda: changed("self::none", "//*[count(//*[count(//*) &gt; 1]) &gt; 1]" , made(
        Shape(refs=(Ref(transforms=xpath("not(self::none)") + EXCLUSIVE),)),
        BODY.replace("<Subject>", "<x/>" * 400 + "<Subject>"))), {}, "SIGNATURE_MISMATCH"),
    # references
    ("reference to nobody", lambda: changed('URI=""', 'URI="#none"'), {}, "NOT_COVERED"),
    ("identifier of two", lambda: changed("<Subject>", "<Subject ID='a'>", made(
        Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),)))), {}, "WRAPPING"),
    ("identifier under two names", lambda: changed("<Response ", "<Response Id='a' ", made(
        Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),)))), {}, "WRAPPING"),
    ("file", lambda: with_external("file:///etc/passwd"), {}, "EXTERNAL_REFERENCE"),
    ("address", lambda: with_external("http://127.0.0.1:9/x"), {}, "EXTERNAL_REFERENCE"),
    ("relative address", lambda: with_external("x.xml"), {}, "EXTERNAL_REFERENCE"),
    ("given address", lambda: with_external("x.xml"), {"external": {"x.xml": b"content"}}, "OK"),
    ("given address, another content", lambda: with_external("x.xml"), {"external": {"x.xml": b"x"}},
     "DIGEST_MISMATCH"),
    ("enveloped elsewhere", lambda: changed('URI=""', 'URI="x.xml"'), {"external": {"x.xml": b"<a/>"}}, "STRUCTURE"),
    # coverage
    ("covered", made, ASSERTION, "OK"),
    ("root covered", made, {"consumed": "/Response"}, "OK"),
    ("covered by position", made, FIRST, "OK"),
    ("part covered only", lambda: made(Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),))), {"consumed": "/Response"},
     "NOT_COVERED"),
    ("below what is covered", lambda: made(Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),))),
     {"consumed": "/Response/Assertion/Subject"}, "OK"),
    ("nothing at the path", made, {"consumed": "/Response/None"}, "NOT_COVERED"),
    ("only an Object", lambda: made(Shape(refs=(Ref(uri="#o", transforms=""),), objects=OBJECT)), ASSERTION,
     "NOT_COVERED"),
    ("all but the subject", lambda: made(Shape(refs=(Ref(
        transforms=xpath(f"{NOT_SIGNATURE} and not(ancestor-or-self::Subject)")),))), ASSERTION, "NOT_COVERED"),
    ("decoded text covers no element", lambda: made(
        Shape(refs=(Ref(uri="#a", transforms=transform(transforms.BASE64)),)), BODY.replace("An", "QUJD")), ASSERTION,
     "NOT_COVERED"),
    ("XSW: evil first", lambda: xsw('<Response ID="r">%e%o%s</Response>'.replace("%e", "%e")), FIRST, "WRAPPING"),
    ("XSW: in an Object", lambda: xsw('<Response ID="r">%e%s</Response>').replace(
        b"</ds:Signature>", b"<ds:Object>" + xsw("%o") + b"</ds:Object></ds:Signature>"), FIRST, "WRAPPING"),
    ("XSW: evil without identifier", lambda: xsw('<Response ID="r">%e<x>%o</x>%s</Response>').replace(
        b'<Assertion ID="a"', b'<Assertion ID="b"', 1), FIRST, "WRAPPING"),
    ("XSW: evil around the good", lambda: xsw(
        '<Response ID="r"><Assertion ID="b"><Subject>Evil</Subject>%o</Assertion>%s</Response>'), FIRST, "WRAPPING"),
    ("two at the path", lambda: xsw('<Response ID="r"><Assertion ID="b"/>%o%s</Response>'), ASSERTION, "WRAPPING"),
    ("the second is signed and consumed", lambda: xsw('<Response ID="r"><Assertion ID="b"/>%o%s</Response>'),
     {"consumed": "/Response[1]/Assertion[2]"}, "OK"),
]  # fmt: skip


def with_external(uri: str) -> bytes:
    return made(Shape(refs=(Ref(uri=uri, transforms=""),)), external={uri: b"content"})


@pytest.mark.parametrize(("make", "fields", "expected"), [flaw[1:] for flaw in FLAWS], ids=[flaw[0] for flaw in FLAWS])
def test_a_flaw_has_its_reason(make: Callable[[], bytes], fields: dict[str, Any], expected: str) -> None:
    answer = judged(make(), **fields)
    assert answer.whole.reason == expected, answer.whole.detail
    if expected != "OK":
        assert answer.whole.outcome is not Outcome.VALID


def test_what_is_covered_is_told() -> None:
    whole = judged(made(Shape(refs=(Ref(), Ref(uri="#a", transforms=EXCLUSIVE))))).whole
    assert [part.path for part in whole.covered] == ["/Response[1]", "/Response[1]/Assertion[1]"]
    assert all(re.fullmatch("[0-9a-f]{64}", part.sha256) for part in whole.covered)


def test_several_signatures_must_all_hold() -> None:
    first = made(Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE),))).decode()
    second = first.replace("</Response>", Shape(refs=(Ref(uri="#b", transforms=EXCLUSIVE),)).markup(
        certificates_of(authority.sender())) + '<Other ID="b">x</Other></Response>')  # fmt: skip
    both = filled(second, KEY)
    answer = judged(both)
    assert [one.reason for one in answer.signatures] == ["OK", "OK"]
    assert answer.whole.reason == "OK"
    assert [part.path for part in answer.whole.covered] == ["/Response[1]/Assertion[1]", "/Response[1]/Other[1]"]
    broken = judged(both.replace(b">x<", b">y<"))
    assert [one.reason for one in broken.signatures] == ["OK", "DIGEST_MISMATCH"]
    assert broken.whole.reason == "DIGEST_MISMATCH"
    empty = both.replace(b"</Response>", f'<ds:Signature xmlns:ds="{DSIG}"/></Response>'.encode())
    assert judged(empty).whole.outcome is Outcome.ABSENT


def test_a_manifest_is_told_and_does_not_count() -> None:
    listed = Ref(uri="#a", transforms=EXCLUSIVE).markup
    listed = listed.replace("<ds:DigestValue/>", f"<ds:DigestValue>{b64(bytes(32))}</ds:DigestValue>")
    manifest = f'<ds:Object><ds:Manifest Id="m">{listed}</ds:Manifest></ds:Object>'
    answer = judged(made(Shape(refs=(Ref(uri="#m", transforms=EXCLUSIVE),), objects=manifest)))
    assert answer.whole.reason == "OK"
    assert "DIGEST_MISMATCH" in answer.whole.detail


def test_any_key_says_nothing_about_who() -> None:
    assert judged(made(signer=authority.rogue()), embedded_key=EmbeddedKey.ANY).whole.reason == "OK"
