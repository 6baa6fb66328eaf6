"""Whether a certificate is the one that X509Data means: by issuer and serial, key identifier, subject or digest."""

import base64
import hashlib
import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from services.signature.dsig import key_values
from services.signature.dsig.methods import DIGESTS
from services.signature.dsig.nodes import Element

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_DSIG_11 = "{http://www.w3.org/2009/xmldsig11#}"
_ISSUER_SERIAL, _SKI = f"{_DSIG}X509IssuerSerial", f"{_DSIG}X509SKI"
_SUBJECT, _DIGEST = f"{_DSIG}X509SubjectName", f"{_DSIG_11}X509Digest"
NAMING = frozenset({_ISSUER_SERIAL, _SKI, _SUBJECT, _DIGEST})
_PART = re.compile(r"""\s*((?:\\.|"(?:\\.|[^"\\])*"|[^,;+\\"])+)""", re.DOTALL)
_ALIASES = {
    "e": "1.2.840.113549.1.9.1", "emailaddress": "1.2.840.113549.1.9.1", "email": "1.2.840.113549.1.9.1",
    "s": "2.5.4.8", "st": "2.5.4.8", "cn": "2.5.4.3", "o": "2.5.4.10", "ou": "2.5.4.11", "c": "2.5.4.6",
    "l": "2.5.4.7", "street": "2.5.4.9", "dc": "0.9.2342.19200300.100.1.25", "uid": "0.9.2342.19200300.100.1.1",
    "dnq": "2.5.4.46", "dnqualifier": "2.5.4.46", "serialnumber": "2.5.4.5", "sn": "2.5.4.4", "t": "2.5.4.12",
    "title": "2.5.4.12", "surname": "2.5.4.4", "givenname": "2.5.4.42", "g": "2.5.4.42",
}  # fmt: skip


def fingerprint(one: x509.Certificate) -> bytes:
    """SHA-256 of the certificate."""
    return hashlib.sha256(one.public_bytes(Encoding.DER)).digest()


def fits(one: x509.Certificate, name: Element) -> bool:
    """True when `name` (X509IssuerSerial and its like) means this certificate."""
    try:
        return _fits(one, name)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _fits(one: x509.Certificate, name: Element) -> bool:
    text = (name.text or "").strip()
    match name.tag:
        case tag if tag == _ISSUER_SERIAL:
            issuer = (name.findtext(f"{_DSIG}X509IssuerName") or "").strip()
            serial = (name.findtext(f"{_DSIG}X509SerialNumber") or "").strip()
            return serial.isdigit() and one.serial_number == int(serial) and _same(one.issuer, issuer)
        case tag if tag == _SUBJECT:
            return _same(one.subject, text)
        case tag if tag == _SKI:
            return key_values.decoded(name) in _key_identifiers(one)
    algorithm = DIGESTS.get(name.get("Algorithm", ""))
    return algorithm is not None and hashlib.new(
        algorithm, one.public_bytes(Encoding.DER)
    ).digest() == base64.b64decode(text)


def _key_identifiers(one: x509.Certificate) -> set[bytes]:
    try:
        return {one.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest}
    except x509.ExtensionNotFound:
        return {x509.SubjectKeyIdentifier.from_public_key(one.public_key()).digest}


def _same(name: x509.Name, text: str) -> bool:
    """The attributes are equal, in either order: tools write names both ways round."""
    written = _parsed(text)
    own = [(attribute.oid.dotted_string, _plain(str(attribute.value))) for attribute in name]
    return bool(written) and (written == own or written == own[::-1] or sorted(written) == sorted(own))


def _parsed(text: str) -> list[tuple[str, str]]:
    found = []
    for part in _PART.findall(text):
        kind, mark, value = part.strip().partition("=")
        if not mark:
            return []
        kind = kind.strip().lower().removeprefix("oid.")
        found.append((_ALIASES.get(kind, kind), _plain(_unescaped(value))))
    return found


def _unescaped(value: str) -> str:
    value = value.strip()
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        value = value[1:-1]
    octets = re.sub(r"(?:\\[0-9A-Fa-f]{2})+", lambda found: _octets(found[0]), value)
    return re.sub(r"\\(.)", r"\1", octets)


def _octets(escaped: str) -> str:
    return bytes.fromhex(escaped.replace("\\", "")).decode("utf-8", "replace")


def _plain(value: str) -> str:
    return " ".join(value.split()).casefold()
