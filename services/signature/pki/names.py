"""Distinguished names as RFC 5280 §7.1 compares them: case and blanks do not count, nor which string type it is."""

import codecs
import unicodedata
from functools import lru_cache

from services.signature.pki import der

Attribute = tuple[str, str | bytes]
NameKey = tuple[frozenset[Attribute], ...]
"""A name for comparing: the order of its parts counts, that within one part does not."""

EMAIL_ADDRESS = "1.2.840.113549.1.9.1"
_ENCODINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii", 0x1C: "utf-32-be",
              0x1E: "utf-16-be"}  # fmt: skip
for _encoding in _ENCODINGS.values():
    codecs.lookup(_encoding)  # now: a worker that is confined opens no file, and codecs are files


@lru_cache(maxsize=256)
def key(name: bytes) -> NameKey:
    """Of a Name in DER. Raises ValueError."""
    return tuple(frozenset(_attribute(each) for each in der.parts(part.content)) for part in der.parts(
        der.only(name).content))  # fmt: skip


def _attribute(attribute: der.Part) -> Attribute:
    kind, value = der.parts(attribute.content)
    if kind.identifier != der.OID:
        raise ValueError("attribute without a type")
    return der.dotted(kind.content), _prepared(value)


def _prepared(value: der.Part) -> str | bytes:
    encoding = _ENCODINGS.get(value.identifier)
    if encoding is None:
        return value.whole
    try:
        text = value.content.decode(encoding)
    except UnicodeDecodeError:
        return value.whole
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def emails(name: NameKey) -> list[str]:
    """Electronic mail addresses within a name, as compared."""
    return [value for part in name for kind, value in part if kind == EMAIL_ADDRESS and isinstance(value, str)]
