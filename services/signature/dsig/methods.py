"""Algorithms by their URIs (XMLDSig 1.1 §6, RFC 6931, RFC 9231), and whether a value verifies.

Weak ones are evaluated all the same: broken and weak is broken.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from services.signature.algorithms import side_by_side

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"
DSIG_11 = "http://www.w3.org/2009/xmldsig11#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
RSA_PSS = f"{MORE_2007}rsa-pss"

PublicKey = (
    rsa.RSAPublicKey | dsa.DSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)
PUBLIC_KEYS = (
    rsa.RSAPublicKey,
    dsa.DSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
)

HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - evaluated to say "broken" or "weak", never accepted
    "sha1": hashes.SHA1(),  # noqa: S303 - the same
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3_224": hashes.SHA3_224(),
    "sha3_256": hashes.SHA3_256(),
    "sha3_384": hashes.SHA3_384(),
    "sha3_512": hashes.SHA3_512(),
}
_WEAK_HASHES = ("md5", "sha1")
_SMALLEST_RSA = 2048
_SMALLEST_CURVE = 224
_SMALLEST_DSA = 2048


class Scheme(StrEnum):
    """Kinds of signature."""

    PKCS1 = "rsa"
    PSS = "rsa-pss"
    ECDSA = "ecdsa"
    DSA = "dsa"
    EDDSA = "eddsa"
    HMAC = "hmac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A signature algorithm with its parameters."""

    scheme: Scheme
    hash: str
    mask_hash: str = ""
    salt: int = -1
    """RSA-PSS only; below zero: as long as the hash."""

    @property
    def weak(self) -> bool:
        """By its hash."""
        return is_weak_hash(self.hash) or is_weak_hash(self.mask_hash)


DIGESTS = {
    f"{DSIG}sha1": "sha1",
    f"{MORE}md5": "md5",
    f"{MORE}sha224": "sha224",
    f"{ENC}sha256": "sha256",
    f"{MORE}sha384": "sha384",
    f"{ENC}sha512": "sha512",
    **{f"{MORE_2007}sha3-{bits}": f"sha3_{bits}" for bits in (224, 256, 384, 512)},
}
_TWOS = ("sha224", "sha256", "sha384", "sha512")
METHODS = {
    f"{DSIG}rsa-sha1": Method(scheme=Scheme.PKCS1, hash="sha1"),
    f"{MORE}rsa-md5": Method(scheme=Scheme.PKCS1, hash="md5"),
    **{f"{MORE}rsa-{name}": Method(scheme=Scheme.PKCS1, hash=name) for name in _TWOS},
    **{
        f"{MORE_2007}{name.replace('_', '-')}-rsa-MGF1": Method(scheme=Scheme.PSS, hash=name, mask_hash=name)
        for name in HASHES
    },
    f"{MORE}ecdsa-sha1": Method(scheme=Scheme.ECDSA, hash="sha1"),
    **{f"{MORE}ecdsa-{name}": Method(scheme=Scheme.ECDSA, hash=name) for name in _TWOS},
    **{
        f"{MORE_2021}ecdsa-sha3-{bits}": Method(scheme=Scheme.ECDSA, hash=f"sha3_{bits}")
        for bits in (224, 256, 384, 512)
    },
    f"{DSIG}dsa-sha1": Method(scheme=Scheme.DSA, hash="sha1"),
    f"{DSIG_11}dsa-sha256": Method(scheme=Scheme.DSA, hash="sha256"),
    f"{MORE_2021}eddsa-ed25519": Method(scheme=Scheme.EDDSA, hash=""),
    f"{MORE_2021}eddsa-ed448": Method(scheme=Scheme.EDDSA, hash=""),
    f"{DSIG}hmac-sha1": Method(scheme=Scheme.HMAC, hash="sha1"),
    f"{MORE}hmac-md5": Method(scheme=Scheme.HMAC, hash="md5"),
    **{f"{MORE}hmac-{name}": Method(scheme=Scheme.HMAC, hash=name) for name in _TWOS},
}
MASK_HASHES = {
    f"{MORE_2007}MGF1": "",
    f"{DSIG}MGF1": "",
    f"{MORE_2007}mgf1sha1": "sha1",
    **{f"{MORE_2007}mgf1{name}": name for name in _TWOS},
}


def is_weak_hash(name: str) -> bool:
    """True for hashes that no longer prove anything."""
    return name in _WEAK_HASHES


def weakness(key: PublicKey) -> str:
    """Why a key is weak; empty when it is not."""
    match key:
        case rsa.RSAPublicKey() if key.key_size < _SMALLEST_RSA:
            return f"rsa-{key.key_size}"
        case dsa.DSAPublicKey() if key.key_size < _SMALLEST_DSA:
            return f"dsa-{key.key_size}"
        case ec.EllipticCurvePublicKey() if key.key_size < _SMALLEST_CURVE:
            return key.curve.name
    return ""


def digest(name: str, data: bytes) -> bytes:
    """The digest, by hashlib's name."""
    return hashlib.new(name, data, usedforsecurity=False).digest()


def holds(method: Method, key: PublicKey, signature: bytes, data: bytes) -> bool:
    """True when `signature` over `data` verifies; a key of another kind never does."""
    try:
        return _verified(method, key, signature, data)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False


def hmac_holds(method: Method, secret: bytes, value: bytes, data: bytes, bits: int) -> bool:
    """True when `value` is the first `bits` of the HMAC."""
    whole = hmac.digest(secret, data, method.hash)
    return len(value) * 8 == bits and hmac.compare_digest(whole[: bits // 8], value)


def _verified(method: Method, key: PublicKey, signature: bytes, data: bytes) -> bool:
    match method.scheme, key:
        case Scheme.PKCS1, rsa.RSAPublicKey():
            key.verify(signature, data, padding.PKCS1v15(), HASHES[method.hash])
        case Scheme.PSS, rsa.RSAPublicKey():
            algorithm = HASHES[method.hash]
            salt = algorithm.digest_size if method.salt < 0 else method.salt
            salted = padding.PSS(mgf=padding.MGF1(HASHES[method.mask_hash]), salt_length=salt)
            key.verify(signature, data, salted, algorithm)
        case Scheme.ECDSA, ec.EllipticCurvePublicKey():
            width = (key.curve.key_size + 7) // 8
            if width > len(signature) // 2 and len(signature) % 2 == 0:
                width = len(signature) // 2  # Java leaves leading zeros out of both
            key.verify(side_by_side(signature, width), data, ec.ECDSA(HASHES[method.hash]))
        case Scheme.DSA, dsa.DSAPublicKey():
            width = (key.parameters().parameter_numbers().q.bit_length() + 7) // 8
            key.verify(side_by_side(signature, width), data, HASHES[method.hash])
        case Scheme.EDDSA, ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            key.verify(signature, data)
        case _:
            return False
    return True
