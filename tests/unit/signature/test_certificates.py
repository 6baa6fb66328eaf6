"""Certificates as signers: what is read, what is remembered."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services.signature import certificates
from tests.unit.signature import authority
from tests.unit.signature.hierarchy import made, middle


def padded(size: int) -> bytes:
    blob = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(size))
    return made("Long", middle(), extensions=[(blob, False)]).cert.public_bytes(Encoding.DER)


def test_long_certificates_are_not_remembered() -> None:
    before = certificates._remembered.cache_info().currsize
    assert certificates.read(padded(20 * 1024)) is not None
    assert certificates._remembered.cache_info().currsize == before


def test_very_long_ones_are_not_read() -> None:
    assert certificates.read(padded(65 * 1024)) is None


def test_a_version_that_nobody_knows_cannot_be_read() -> None:
    strange = authority.sender().ders[0].replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020107"), 1)
    assert certificates.read(strange) is None


def test_a_version_that_nobody_knows_beside_a_good_certificate_is_harmless() -> None:
    leaf, *others = authority.sender().ders
    strange = leaf.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020107"), 1)
    assert authority.usual().judge(leaf, [strange, *others], authority.RECEIVED).standing.value == "trusted"
