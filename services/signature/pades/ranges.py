"""Byte ranges: [0 first second length], the gap filled by exactly the signature's own /Contents (ISO 32000-2 §12.8.1).

That the gap holds the same letters is not enough: another dictionary may repeat them and say other things about who
signed. The /Contents must stand in the gap, as the reader met it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic

from services.signature.pdf_reader import STANDS_AT, Place

_PARTS = 4
Bytes = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """What a signature covers, and the message in between."""

    first: int
    second: int
    end: int
    contents: bytes

    @property
    def covered(self) -> int:
        """How many bytes."""
        return self.first + self.end - self.second

    def digest(self, content: Bytes, name: str) -> bytes:
        """Digest of the covered bytes by a hash algorithm in hashlib's words."""
        hasher = hashlib.new(name, usedforsecurity=False)
        with memoryview(content) as view:
            hasher.update(view[: self.first])
            hasher.update(view[self.second : self.end])
        return hasher.digest()


def byte_range(signature: generic.DictionaryObject, stream: Any, size: int) -> ByteRange | None:
    """The byte range of a signature in the file that `stream` reads; None when it is not exactly its surroundings."""
    numbers = _raw(signature, "/ByteRange")
    if isinstance(numbers, generic.IndirectObject):
        numbers = numbers.get_object()  # type: ignore[no-untyped-call]
    contents = _raw(signature, "/Contents")
    if not isinstance(numbers, generic.ArrayObject) or len(numbers) != _PARTS:
        return None
    if not all(type(number) is generic.NumberObject for number in numbers):
        return None
    start, first, second, length = (int(number) for number in numbers)
    if start != 0 or not 0 < first < second - 1 or length <= 0 or second + length > size:
        return None
    place = getattr(contents, STANDS_AT, None)  # only hexadecimal strings have one
    if not isinstance(place, Place) or place.stream is not stream or (place.start, place.stop) != (first, second):
        return None
    return ByteRange(first=first, second=second, end=second + length, contents=contents.original_bytes)


def _raw(dictionary: generic.DictionaryObject, key: str) -> Any:
    try:
        return dictionary.raw_get(key, decrypt=generic.EncryptedObjAccess.RAW)
    except KeyError:
        return None
