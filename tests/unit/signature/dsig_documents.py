"""Documents with signatures of any shape: a template is filled in with digests and a value, then broken as wanted."""

import base64
import hmac
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.signature.dsig import canonical, methods, structure, transforms
from services.signature.dsig.judging import judge_xml
from services.signature.dsig.nodes import Tree
from services.signature.dsig.reading import read
from services.signature.dsig.references import found
from services.signature.verification import Answer, EmbeddedKey, Kind, Profile, Request, TrustBase
from tests.unit.signature import authority

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
SHA256 = f"{ENC}sha256"
RSA_SHA256 = f"{MORE}rsa-sha256"
HMAC_SHA256 = f"{MORE}hmac-sha256"
SECRET = b"a secret of the caller"


def transform(uri: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'


ENVELOPED = transform(transforms.ENVELOPED)
EXCLUSIVE = transform(canonical.EXCLUSIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A reference to sign."""

    uri: str | None = ""
    transforms: str = ENVELOPED + EXCLUSIVE
    digest: str = SHA256
    attributes: str = ""

    @property
    def markup(self) -> str:
        uri = "" if self.uri is None else f' URI="{self.uri}"'
        listed = f"<ds:Transforms>{self.transforms}</ds:Transforms>" if self.transforms else ""
        return (
            f"<ds:Reference{uri}{self.attributes}>{listed}"
            f'<ds:DigestMethod Algorithm="{self.digest}"/><ds:DigestValue/></ds:Reference>'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A signature to make."""

    refs: tuple[Ref, ...] = (Ref(),)
    method: str = RSA_SHA256
    parameters: str = ""
    canonicalization: str = canonical.EXCLUSIVE
    key_info: str | None = None
    objects: str = ""
    attributes: str = ""

    def but(self, **changes: Any) -> "Shape":
        return replace(self, **changes)

    def markup(self, key_info: str) -> str:
        told = key_info if self.key_info is None else self.key_info
        told = f"<ds:KeyInfo>{told}</ds:KeyInfo>" if told else ""
        return (
            f'<ds:Signature xmlns:ds="{DSIG}"{self.attributes}><ds:SignedInfo>'
            f'<ds:CanonicalizationMethod Algorithm="{self.canonicalization}"/>'
            f'<ds:SignatureMethod Algorithm="{self.method}">{self.parameters}</ds:SignatureMethod>'
            f"{''.join(ref.markup for ref in self.refs)}</ds:SignedInfo><ds:SignatureValue/>{told}{self.objects}"
            "</ds:Signature>"
        )


BODY = '<Response ID="r"><Assertion ID="a"><Subject>An</Subject></Assertion>%s</Response>'


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def certificates_of(identity: authority.Identity) -> str:
    return (
        "<ds:X509Data>"
        + "".join(f"<ds:X509Certificate>{b64(der)}</ds:X509Certificate>" for der in identity.ders)
        + ("</ds:X509Data>")
    )


def made(
    shape: Shape | None = None, body: str = BODY, signer: Any = None, external: dict[str, bytes] | None = None
) -> bytes:
    """The body with its `%s` replaced by a signature that holds; `signer` is an Identity, a key, or a secret."""
    shape, signer = shape or Shape(), signer or authority.sender()
    key = signer.key if isinstance(signer, authority.Identity) else signer
    told = certificates_of(signer) if isinstance(signer, authority.Identity) else ""
    return filled(body.replace("%s", shape.markup(told)), key, external or {})


def filled(text: str, key: Any, external: dict[str, bytes] | None = None) -> bytes:
    """Digests and the value put into the first signature whose value is empty."""
    while True:
        document = read(text.encode())
        signature = next(
            one for one in document.root.iter(f"{{{DSIG}}}Signature") if not one.findtext(f"{{{DSIG}}}SignatureValue")
        )  # fmt: skip
        parts = structure.taken_apart(signature)
        empty = next((one for one in parts.references if not one.digest), None)
        if empty is None:
            break
        start = found(empty.uri, document, external or {})
        data = transforms.digested(transforms.applied(start, empty.transforms, signature))
        digest = methods.digest(methods.DIGESTS[empty.digest_method], data.octets)
        text = text.replace("<ds:DigestValue/>", f"<ds:DigestValue>{b64(digest)}</ds:DigestValue>", 1)
    form = transforms.form_of(parts.canonicalization)
    assert form is not None
    said = canonical.of(Tree(top=parts.signed_info), form)
    value = signed(key, parts.method.get("Algorithm", ""), said)
    return text.replace("<ds:SignatureValue/>", f"<ds:SignatureValue>{b64(value)}</ds:SignatureValue>", 1).encode()


def signed(key: Any, uri: str, said: bytes) -> bytes:
    method = methods.METHODS.get(uri) or methods.Method(scheme=methods.Scheme.PSS, hash="sha256", mask_hash="sha256")
    if isinstance(key, bytes):
        return hmac.digest(key, said, method.hash)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(said)
    algorithm = methods.HASHES[method.hash]
    match key:
        case rsa.RSAPrivateKey():
            pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
            return key.sign(said, pss if method.scheme is methods.Scheme.PSS else padding.PKCS1v15(), algorithm)
        case ec.EllipticCurvePrivateKey():
            width = (key.curve.key_size + 7) // 8
            numbers = decode_dss_signature(key.sign(said, ec.ECDSA(algorithm)))
        case dsa.DSAPrivateKey():
            width = (key.parameters().parameter_numbers().q.bit_length() + 7) // 8
            numbers = decode_dss_signature(key.sign(said, algorithm))
        case _:
            raise AssertionError(key)
    return b"".join(number.to_bytes(width, "big") for number in numbers)


USUAL = TrustBase(trust=(authority.anchors(),), crls=tuple(authority.crls()))


def judged(content: bytes, **fields: Any) -> Answer:
    """By the usual trust, unless said otherwise."""
    given: dict[str, Any] = {"base": USUAL, "profile": Profile.INTEROP, "at": authority.RECEIVED} | fields
    return judge_xml(Request(kind=Kind.XMLDSIG, content=content, **given))


def reason(content: bytes, **fields: Any) -> str:
    return judged(content, **fields).whole.reason


def pem_of(key: Any) -> bytes:
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def rsa_value(key: Any) -> str:
    numbers = key.public_key().public_numbers()
    return (
        f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{b64(numbers.n.to_bytes(key.key_size // 8))}</ds:Modulus>"
        f"<ds:Exponent>{b64(numbers.e.to_bytes(3))}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    )


ANY = {"embedded_key": EmbeddedKey.ANY}
NOTHING_TRUSTED = {"base": TrustBase()}


def issuer_serial(one: x509.Certificate) -> str:
    return (
        f"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{one.issuer.rfc4514_string()}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{one.serial_number}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"
    )
