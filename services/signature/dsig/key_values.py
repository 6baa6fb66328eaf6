"""Public keys and certificates, from bytes and from the elements of KeyValue (XMLDSig 1.1 §4.5.2, RFC 4050)."""

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_public_key,
    load_pem_public_key,
)

from services.signature.dsig.methods import PUBLIC_KEYS, PublicKey
from services.signature.dsig.nodes import Element, is_element

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_DSIG_11 = "{http://www.w3.org/2009/xmldsig11#}"
_RFC_4050 = "{http://www.w3.org/2001/04/xmldsig-more#}"
_MOST_BYTES = 2100  # 16 Kbit and a little
_CURVES: dict[str, ec.EllipticCurve] = {
    "1.2.840.10045.3.1.7": ec.SECP256R1(),
    "1.3.132.0.34": ec.SECP384R1(),
    "1.3.132.0.35": ec.SECP521R1(),
    "1.3.132.0.33": ec.SECP224R1(),
    "1.2.840.10045.3.1.1": ec.SECP192R1(),
    "1.3.132.0.10": ec.SECP256K1(),
    "1.3.36.3.3.2.8.1.1.7": ec.BrainpoolP256R1(),
    "1.3.36.3.3.2.8.1.1.11": ec.BrainpoolP384R1(),
    "1.3.36.3.3.2.8.1.1.13": ec.BrainpoolP512R1(),
}
_PROBLEMS = (ValueError, TypeError, UnsupportedAlgorithm, OverflowError)


def certificate(der: bytes) -> x509.Certificate | None:
    """None when it cannot be read."""
    try:
        found = x509.load_der_x509_certificate(der)
        _ = found.subject, found.issuer, found.serial_number, found.extensions  # parsed late: fail now, not in use
    except (*_PROBLEMS, x509.DuplicateExtension):
        return None
    return found


@lru_cache(maxsize=256)
def certificates(content: bytes) -> tuple[x509.Certificate, ...]:
    """All of a file, PEM or DER; none when it holds none."""
    try:
        ders = [der(one) for one in x509.load_pem_x509_certificates(content)] if b"-----BEGIN" in content else [content]
    except _PROBLEMS:
        return ()
    return tuple(one for each in ders if (one := certificate(each)) is not None)


def certified(one: x509.Certificate) -> PublicKey | None:
    """The certificate's key; None for a kind that does not sign."""
    try:
        key = one.public_key()
    except _PROBLEMS:
        return None
    return key if isinstance(key, PUBLIC_KEYS) else None


def public_key(content: bytes) -> PublicKey | None:
    """A public key or certificate, PEM or DER."""
    found = certificates(content)
    if found:
        return certified(found[0])
    load = load_pem_public_key if b"-----BEGIN" in content else load_der_public_key
    try:
        key = load(content)
    except _PROBLEMS:
        return None
    return key if isinstance(key, PUBLIC_KEYS) else None


def der(one: x509.Certificate) -> bytes:
    """The certificate's bytes."""
    return one.public_bytes(Encoding.DER)


def from_element(element: Element) -> PublicKey | None:
    """The key of RSAKeyValue, DSAKeyValue, ECKeyValue, ECDSAKeyValue or DEREncodedKeyValue; None for any other."""
    reader = _READERS.get(str(element.tag))
    try:
        return reader(element) if reader is not None else None
    except _PROBLEMS:
        return None


def _rsa(element: Element) -> PublicKey:
    exponent, modulus = _number(element, "Exponent"), _number(element, "Modulus")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _dsa(element: Element) -> PublicKey:
    parameters = dsa.DSAParameterNumbers(_number(element, "P"), _number(element, "Q"), _number(element, "G"))
    return dsa.DSAPublicNumbers(_number(element, "Y"), parameters).public_key()


def _ec(element: Element) -> PublicKey:
    named = element.find(f"{_DSIG_11}NamedCurve")
    point = element.find(f"{_DSIG_11}PublicKey")
    if named is None or point is None:
        raise ValueError("no named curve")
    return ec.EllipticCurvePublicKey.from_encoded_point(_curve(named.get("URI", "")), decoded(point))


def _ec_4050(element: Element) -> PublicKey:
    named = element.find(f"{_RFC_4050}DomainParameters/{_RFC_4050}NamedCurve")
    point = element.find(f"{_RFC_4050}PublicKey")
    if named is None or point is None:
        raise ValueError("no named curve")
    x, y = (_coordinate(point.find(f"{_RFC_4050}{name}")) for name in ("X", "Y"))
    return ec.EllipticCurvePublicNumbers(x, y, _curve(named.get("URN", ""))).public_key()


def _der(element: Element) -> PublicKey:
    key = load_der_public_key(decoded(element))
    if not isinstance(key, PUBLIC_KEYS):
        raise TypeError("a key that does not sign")
    return key


def _curve(uri: str) -> ec.EllipticCurve:
    curve = _CURVES.get(uri.removeprefix("urn:oid:"))
    if curve is None:
        raise ValueError("an unknown curve")
    return curve


def _coordinate(element: Element | None) -> int:
    text = "" if element is None else element.get("Value", "")
    if not text.isascii() or not text.isdigit() or len(text) > 200:  # noqa: PLR2004 - digits of the longest curve
        raise ValueError("no coordinate")
    return int(text)


def _number(element: Element, name: str) -> int:
    found = element.findall(f"{_DSIG}{name}")
    if len(found) != 1:
        raise ValueError(f"not exactly one {name}")
    return int.from_bytes(decoded(found[0]))


def decoded(element: Element) -> bytes:
    """The bytes of a base64 text. Raises ValueError."""
    if any(is_element(child) for child in element):
        raise ValueError("markup in base64")
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(content) > _MOST_BYTES and str(element.tag) in _SHORT:
        raise ValueError("longer than a key")
    return content


_SHORT = {f"{_DSIG}{name}" for name in ("Modulus", "Exponent", "P", "Q", "G", "Y")}
_READERS = {
    f"{_DSIG}RSAKeyValue": _rsa,
    f"{_DSIG}DSAKeyValue": _dsa,
    f"{_DSIG_11}ECKeyValue": _ec,
    f"{_RFC_4050}ECDSAKeyValue": _ec_4050,
    f"{_DSIG_11}DEREncodedKeyValue": _der,
}
