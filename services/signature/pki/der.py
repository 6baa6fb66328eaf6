"""Walking DER without a schema: the very bytes of each part, as they were signed."""

from collections.abc import Iterator
from dataclasses import dataclass

SEQUENCE, BOOLEAN, INTEGER, BIT_STRING, OID = 0x30, 0x01, 0x02, 0x03, 0x06
_LONG = 0x80
_MOST_LENGTH_OCTETS = 4


@dataclass(frozen=True, slots=True)
class Part:
    """One value: its identifier octet, whole encoding, content."""

    identifier: int
    whole: bytes
    content: bytes


def parts(content: bytes) -> Iterator[Part]:
    """The values in `content`, one after the other. Raises ValueError where there is none."""
    position, end = 0, len(content)
    while position < end:
        start, position = position, position + 2
        if position > end:
            raise ValueError("cut off")
        length = content[position - 1]
        if length >= _LONG:
            octets = length & 0x7F
            if not 0 < octets <= _MOST_LENGTH_OCTETS:
                raise ValueError("length of unknown form")
            length = int.from_bytes(content[position : position + octets], "big")
            position += octets
        if position + length > end:
            raise ValueError("cut off")
        yield Part(content[start], content[start : position + length], content[position : position + length])
        position += length


def only(content: bytes) -> Part:
    """The one value that `content` is."""
    found = list(parts(content))
    if len(found) != 1:
        raise ValueError("one value expected")
    return found[0]


def wrapped(identifier: int, content: bytes) -> bytes:
    """One value of that content."""
    size = len(content)
    if size < _LONG:
        return bytes([identifier, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([identifier, _LONG | len(octets)]) + octets + content


def dotted(content: bytes) -> str:
    """An object identifier's content as dotted numbers."""
    arcs: list[int] = []
    number = 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if octet < _LONG:
            arcs.append(number)
            number = 0
    if not arcs or content[-1] >= _LONG:
        raise ValueError("no object identifier")
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
