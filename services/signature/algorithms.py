"""XML signature algorithms by their URIs: an allow-list. What is not named here is forbidden and never evaluated.

Weak ones (MD5, SHA-1, SHA-224, DSA) are evaluated all the same: broken and weak is reported as broken.
"""

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from services.signature.certificates import PublicKey
from services.signature.facts import Permission

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_DSIG11 = "http://www.w3.org/2009/xmldsig11#"

ENVELOPED = f"{_DSIG}enveloped-signature"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
CANONICAL_METHODS = frozenset({C14N, EXCLUSIVE_C14N})


class Scheme(StrEnum):
    """Kinds of signature."""

    PKCS1 = "pkcs1"
    PSS = "pss"
    ECDSA = "ecdsa"
    DSA = "dsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureMethod:
    """A signature algorithm of the list."""

    name: str
    scheme: Scheme
    hash: hashes.HashAlgorithm
    weak: bool


_WEAK_HASHES = ("md5", "sha1", "sha224")
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - evaluated to say "broken" or "weak", never accepted
    "sha1": hashes.SHA1(),  # noqa: S303 - the same
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_SIGNATURE_URIS = {
    f"{_MORE}rsa-sha256": (Scheme.PKCS1, "sha256"),
    f"{_MORE}rsa-sha384": (Scheme.PKCS1, "sha384"),
    f"{_MORE}rsa-sha512": (Scheme.PKCS1, "sha512"),
    f"{_MORE_2007}sha256-rsa-MGF1": (Scheme.PSS, "sha256"),
    f"{_MORE_2007}sha384-rsa-MGF1": (Scheme.PSS, "sha384"),
    f"{_MORE_2007}sha512-rsa-MGF1": (Scheme.PSS, "sha512"),
    f"{_MORE}ecdsa-sha256": (Scheme.ECDSA, "sha256"),
    f"{_MORE}ecdsa-sha384": (Scheme.ECDSA, "sha384"),
    f"{_MORE}ecdsa-sha512": (Scheme.ECDSA, "sha512"),
    f"{_DSIG}rsa-sha1": (Scheme.PKCS1, "sha1"),
    f"{_MORE}rsa-md5": (Scheme.PKCS1, "md5"),
    f"{_MORE}rsa-sha224": (Scheme.PKCS1, "sha224"),
    f"{_MORE_2007}sha1-rsa-MGF1": (Scheme.PSS, "sha1"),
    f"{_MORE_2007}sha224-rsa-MGF1": (Scheme.PSS, "sha224"),
    f"{_MORE}ecdsa-sha1": (Scheme.ECDSA, "sha1"),
    f"{_MORE}ecdsa-sha224": (Scheme.ECDSA, "sha224"),
    f"{_DSIG}dsa-sha1": (Scheme.DSA, "sha1"),
    f"{_DSIG11}dsa-sha256": (Scheme.DSA, "sha256"),
}
_DIGEST_URIS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    f"{_MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    f"{_DSIG}sha1": "sha1",
    f"{_MORE}md5": "md5",
    f"{_MORE}sha224": "sha224",
}
_NOT_TO_BE_HAD = frozenset(
    {  # known and not forbidden, but our libraries do not have them
        f"{_MORE}rsa-ripemd160",
        f"{_MORE_2007}ripemd160-rsa-MGF1",
        f"{_MORE_2007}ecdsa-ripemd160",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
    }
)


def signature_permission(uri: str) -> Permission:
    """What the list says of a signature method."""
    return _permission(uri, _SIGNATURE_URIS)


def digest_permission(uri: str) -> Permission:
    """What the list says of a digest method."""
    return _permission(uri, _DIGEST_URIS)


def canonical_permission(uri: str) -> Permission:
    """What the list says of a canonicalization method."""
    return _permission(uri, CANONICAL_METHODS)


def _permission(uri: str, listed: Container[str]) -> Permission:
    if uri in listed:
        return Permission.ALLOWED
    return Permission.UNSUPPORTED if uri in _NOT_TO_BE_HAD else Permission.FORBIDDEN


def signature_method(uri: str) -> SignatureMethod:
    """The signature algorithm with this URI. Raises KeyError when it is not on the list."""
    scheme, digest = _SIGNATURE_URIS[uri]
    weak = digest in _WEAK_HASHES or scheme is Scheme.DSA
    return SignatureMethod(name=f"{scheme}-{digest}", scheme=scheme, hash=_HASHES[digest], weak=weak)


def digest_name(uri: str) -> str:
    """Name in hashlib of the digest algorithm with this URI. Raises KeyError when it is not on the list."""
    return _DIGEST_URIS[uri]


def is_weak_hash(name: str) -> bool:
    """True for hashes that no longer prove anything."""
    return name in _WEAK_HASHES


def holds(method: SignatureMethod, key: PublicKey, signature: bytes, data: bytes) -> bool:
    """True when `signature` over `data` verifies; a key of another kind never does."""
    try:
        return _verify(method, key, signature, data)
    except InvalidSignature:
        return False


def _verify(method: SignatureMethod, key: PublicKey, signature: bytes, data: bytes) -> bool:
    match method.scheme, key:
        case Scheme.PKCS1, rsa.RSAPublicKey():
            key.verify(signature, data, padding.PKCS1v15(), method.hash)
        case Scheme.PSS, rsa.RSAPublicKey():
            salted = padding.PSS(mgf=padding.MGF1(method.hash), salt_length=method.hash.digest_size)  # RFC 6931 §2.3.10
            key.verify(signature, data, salted, method.hash)
        case Scheme.ECDSA, ec.EllipticCurvePublicKey():
            key.verify(side_by_side(signature, (key.curve.key_size + 7) // 8), data, ec.ECDSA(method.hash))
        case Scheme.DSA, dsa.DSAPublicKey():
            width = (key.parameters().parameter_numbers().q.bit_length() + 7) // 8
            key.verify(side_by_side(signature, width), data, method.hash)
        case _:
            return False
    return True


def side_by_side(signature: bytes, width: int) -> bytes:
    """The DER that cryptography wants, of r and s side by side as XMLDSig writes them (RFC 6931 §2.3.6)."""
    if len(signature) != 2 * width:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(signature[:width]), int.from_bytes(signature[width:]))
