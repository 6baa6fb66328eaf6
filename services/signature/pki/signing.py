"""Signatures of certificates, lists and answers: whether they hold under a key, and what is weak about them."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import ocsp

from services.signature.pki import der

WEAK_HASHES = ("md2", "md4", "md5", "sha1", "sha224")
_RSA_BITS, _DSA_BITS, _CURVE_BITS = 2048, 2048, 224
_DSA, _EC = "1.2.840.10040.4.1", "1.2.840.10045.2.1"
_LEAST_EXPONENT = 3
_MOST_REMEMBERED = 20_000

ec.ECDSA(hashes.SHA256())  # now: the first one imports a module, and a worker that is confined opens no file

Signed = x509.Certificate | x509.CertificateRevocationList | ocsp.OCSPResponse


class Check(StrEnum):
    """What a signature is under a key."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNSUPPORTED = "unsupported"
    """An algorithm or a key that we do not know."""


@dataclass(slots=True)
class Checks:
    """Signatures checked before, by the digests of what is signed and of the key. Checking is what costs."""

    done: OrderedDict[tuple[bytes, bytes], Check] = field(default_factory=OrderedDict)

    def known(self, digest: bytes, key_info: bytes) -> Check | None:
        """What was found before."""
        return self.done.get((digest, hashlib.sha256(key_info).digest()))

    def check(self, digest: bytes, signed: Signed, content: bytes, key_info: bytes) -> Check:
        """Whether `content`, of the thing that has that digest, is signed by that key."""
        both = digest, hashlib.sha256(key_info).digest()
        found = self.done.get(both)
        if found is None:
            found = self.done[both] = _checked(signed, content, key_info)
            if len(self.done) > _MOST_REMEMBERED:
                self.done.popitem(last=False)
        return found


@lru_cache(maxsize=256)
def working_key(own: bytes, issuer: bytes) -> bytes:
    """SubjectPublicKeyInfo with the parameters that a DSA key inherits from its issuer's (RFC 5280 §6.1.4 (d), (e))."""
    algorithm, bits = der.parts(der.only(own).content)
    if _algorithm(algorithm) != (_DSA, False):
        return own
    above, _ = der.parts(der.only(issuer).content)
    return der.wrapped(der.SEQUENCE, above.whole + bits.whole) if _algorithm(above) == (_DSA, True) else own


@lru_cache(maxsize=256)
def wrong_key(key_info: bytes) -> str:
    """Why no certificate may hold this key, or empty: a curve is named, never written out (RFC 5480 §2.1.1)."""
    algorithm, _ = der.parts(der.only(key_info).content)
    oid, *parameters = der.parts(algorithm.content)
    named = len(parameters) == 1 and parameters[0].identifier == der.OID
    return "a curve that is not named" if der.dotted(oid.content) == _EC and not named else ""


@lru_cache(maxsize=256)
def inherits(key_info: bytes) -> bool:
    """The key is DSA and lacks parameters of its own."""
    algorithm, _ = der.parts(der.only(key_info).content)
    return _algorithm(algorithm) == (_DSA, False)


def _algorithm(identifier: der.Part) -> tuple[str, bool]:
    """OID, and whether there are parameters."""
    oid, *parameters = der.parts(identifier.content)
    return der.dotted(oid.content), bool(parameters) and bool(parameters[0].content)


@lru_cache(maxsize=256)
def _key(key_info: bytes) -> Any:
    return load_der_public_key(key_info)


def _checked(signed: Signed, content: bytes, key_info: bytes) -> Check:
    try:
        key = _key(key_info)
        key.verify(signed.signature, content, *_how(signed, key))
    except (InvalidSignature, ValueError, TypeError, AttributeError):
        return Check.BROKEN  # also where the key is of another kind than the signature
    except UnsupportedAlgorithm:
        return Check.UNSUPPORTED
    return Check.HOLDS


def _how(signed: Signed, key: Any) -> tuple[Any, ...]:
    """What `verify` wants besides."""
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey):
        return ()  # the key says it all
    algorithm = signed.signature_hash_algorithm
    if isinstance(key, dsa.DSAPublicKey):
        return (algorithm,)
    if isinstance(signed, ocsp.OCSPResponse):
        return (padding.PKCS1v15(), algorithm) if isinstance(key, rsa.RSAPublicKey) else (_ecdsa(algorithm),)
    how = signed.signature_algorithm_parameters
    return (how, algorithm) if isinstance(key, rsa.RSAPublicKey) else (how,)


def _ecdsa(algorithm: hashes.HashAlgorithm | None) -> ec.ECDSA:
    if algorithm is None:
        raise UnsupportedAlgorithm("no hash")
    return ec.ECDSA(algorithm)


def weak_hash(signed: Signed) -> tuple[str, ...]:
    """The hash of this signature, where it is weak."""
    try:
        algorithm: hashes.HashAlgorithm | None = signed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ()
    return (algorithm.name,) if algorithm is not None and algorithm.name in WEAK_HASHES else ()


@lru_cache(maxsize=256)
def weak_key(key_info: bytes) -> tuple[str, ...]:
    """The key's kind and size, where it is weak."""
    try:
        key = _key(key_info)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
        return (f"rsa-{key.key_size}",)
    if isinstance(key, rsa.RSAPublicKey) and key.public_numbers().e < _LEAST_EXPONENT:
        return ("rsa-exponent",)
    if isinstance(key, dsa.DSAPublicKey) and key.key_size < _DSA_BITS:
        return (f"dsa-{key.key_size}",)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < _CURVE_BITS:
        return (key.curve.name,)
    return ()
