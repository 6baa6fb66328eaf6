"""Signs packages as a sender would, and with any step of it done wrong as a test wants."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from services.signature.algorithms import C14N, ENVELOPED, EXCLUSIVE_C14N
from tests.unit.signature.authority import Identity, Key

DSIG = "http://www.w3.org/2000/09/xmldsig#"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = f"{DSIG}rsa-sha1"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
DSA_SHA256 = "http://www.w3.org/2009/xmldsig11#dsa-sha256"
PSS_SHA256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
SHA256, SHA1 = "http://www.w3.org/2001/04/xmlenc#sha256", f"{DSIG}sha1"
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - weak on purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to sign."""

    method: str = RSA_SHA256
    digest: str = SHA256
    canonical: str = EXCLUSIVE_C14N
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE_C14N)
    uri: str | None = ""
    transform_markup: str = ""
    key_info: str | None = None
    inherited: str = ""
    """Attributes that the canonical SignedInfo has from its ancestors: `xml:lang="vi"`."""


PLAIN = Way()


def signed(package: bytes, identity: Identity, way: Way = PLAIN) -> bytes:
    """The package with its envelope's signature as the last child of edXMLHeader."""
    tree = etree.fromstring(package).getroottree()
    header = tree.find(".//{*}edXMLHeader")
    assert header is not None
    digest = hashlib.new(_name(way.digest), _canonical(tree, _document_form(way))).digest()
    signature = etree.fromstring(_markup(way, digest, identity))
    header.append(signature)
    signed_info = signature[0]
    said = _canonical(signed_info, way.canonical)  # lxml knows nothing of inherited attributes
    said = said.replace(b">", f" {way.inherited}>".encode(), 1) if way.inherited else said
    value = _sign(identity.key, way.method, said)
    signature[1].text = base64.b64encode(value).decode()
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)


def _document_form(way: Way) -> str:
    return next((uri for uri in way.transforms if uri in (C14N, EXCLUSIVE_C14N)), C14N)


def _canonical(node: "etree._Element | etree._ElementTree", method: str) -> bytes:
    return etree.tostring(node, method="c14n", exclusive=method == EXCLUSIVE_C14N, with_comments=False)


def _markup(way: Way, digest: bytes, identity: Identity) -> str:
    transforms = "".join(
        f'<ds:Transform Algorithm="{uri}">{way.transform_markup}</ds:Transform>' for uri in way.transforms
    )
    value = base64.b64encode(digest).decode()
    uri = "" if way.uri is None else f' URI="{way.uri}"'
    certificates = "".join(
        f"<ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate>" for der in identity.ders
    )
    key_info = f"<ds:X509Data>{certificates}</ds:X509Data>" if way.key_info is None else way.key_info
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{way.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{way.method}"/><ds:Reference{uri}><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{way.digest}"/><ds:DigestValue>{value}</ds:DigestValue>'
        f"</ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo>{key_info}</ds:KeyInfo></ds:Signature>"
    )


def _name(uri: str) -> str:
    return "sha1" if uri.endswith("sha1") else "sha256"


def _sign(key: Key, method: str, data: bytes) -> bytes:
    algorithm = _HASHES[_name(method)]
    match key:
        case rsa.RSAPrivateKey():
            scheme = (
                padding.PSS(padding.MGF1(algorithm), algorithm.digest_size) if "MGF1" in method else padding.PKCS1v15()
            )
            return key.sign(data, scheme, algorithm)
        case ec.EllipticCurvePrivateKey():
            numbers, width = decode_dss_signature(key.sign(data, ec.ECDSA(algorithm))), 32
        case dsa.DSAPrivateKey():
            numbers, width = decode_dss_signature(key.sign(data, algorithm)), 20
    return b"".join(number.to_bytes(width, "big") for number in numbers)


def signed_again(package: bytes, identity: Identity) -> bytes:
    """The same with a new value over a SignedInfo that has C14N 1.0, written here by hand."""
    text = package.decode()
    signed_info = text[text.index("<SignedInfo>") : text.index("</SignedInfo>") + len("</SignedInfo>")]
    root = etree.fromstring(package)
    scope = next(root.iter(f"{{{DSIG}}}SignedInfo")).nsmap
    declared = "".join(
        f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"'
        for prefix, uri in sorted(scope.items(), key=lambda pair: pair[0] or "")
    )
    said = etree.tostring(
        etree.fromstring(signed_info.replace("<SignedInfo>", f"<SignedInfo{declared}>")), method="c14n"
    )
    value = base64.b64encode(_sign(identity.key, RSA_SHA256, said)).decode()
    before, after = text.index("<SignatureValue>") + len("<SignatureValue>"), text.index("</SignatureValue>")
    return (text[:before] + value + text[after:]).encode()
