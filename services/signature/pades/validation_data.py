"""What a PDF brings to judge its own signatures by: the document security store (PAdES §5.4.2), and Adobe's attribute.

Each piece is signed by whoever it speaks for; that the document carries it proves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import pdf as asn1_pdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.rw_common import PdfHandler

from services.signature.pades.messages import Message
from services.signature.pades.trust import NOTHING, Brought
from services.signature.pdf_reader import value_of

_ADOBE = "adobe_revocation_info_archival"
_MOST = 256
_MOST_BYTES = 24 * 1024 * 1024
_KEYS = (("/Certs", "/Cert"), ("/CRLs", "/CRL"), ("/OCSPs", "/OCSP"))
_PURPOSES = (DecodePurpose.CERTIFICATE, DecodePurpose.CRL, DecodePurpose.OCSP_RESPONSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The document security store: in the catalogue, and by signature (VRI)."""

    brought: Brought = NOTHING
    there: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it holds what judging later takes: certificates, and answers about them."""
        return bool(self.brought.certificates and (self.brought.lists or self.brought.answers))


def store(reader: PdfHandler) -> Store:
    """The store of the file as it is now; what cannot be read of it is not there. Never raises but MemoryError."""
    try:
        found = value_of(reader.trailer_view["/Root"], "/DSS")
        if not isinstance(found, generic.DictionaryObject):
            return Store()
        kinds = [_kind(found, *each) for each in zip(_KEYS, _PURPOSES, strict=True)]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
        return Store(there=True)
    certificates, lists, answers = kinds
    return Store(brought=Brought(certificates=certificates, lists=lists, answers=answers), there=True)


def adobe(one: Message) -> Brought:
    """Evidence in the signed attribute that Adobe's products write."""
    values = one.values.get(_ADOBE, ())
    if len(values) != 1:
        return NOTHING
    try:
        kept = asn1_pdf.RevocationInfoArchival.load(values[0].dump())
        return Brought(
            lists=tuple(each.dump() for each in kept["crl"] or ()),
            answers=tuple(each.dump() for each in kept["ocsp"] or ()),
        )
    except (ValueError, TypeError, KeyError):
        return NOTHING


def _kind(dss: generic.DictionaryObject, keys: tuple[str, str], purpose: DecodePurpose) -> tuple[bytes, ...]:
    found: dict[bytes, None] = {}
    size = 0
    for stream in _streams(dss, *keys):
        content = bytes(stream.read_data(purpose))
        size += len(content)
        if len(found) >= _MOST or size > _MOST_BYTES:
            break
        found[content] = None
    return tuple(found)


def _streams(dss: generic.DictionaryObject, key: str, key_of_one: str) -> Iterator[generic.StreamObject]:
    yield from _of(value_of(dss, key))
    by_signature = value_of(dss, "/VRI")
    if isinstance(by_signature, generic.DictionaryObject):
        for number, name in enumerate(by_signature):
            entry = by_signature[name]
            if number < _MOST and isinstance(entry, generic.DictionaryObject):
                yield from _of(value_of(entry, key_of_one))


def _of(array: Any) -> Iterator[generic.StreamObject]:
    if isinstance(array, generic.ArrayObject):
        for position in range(len(array)):
            if isinstance(array[position], generic.StreamObject):
                yield array[position]
