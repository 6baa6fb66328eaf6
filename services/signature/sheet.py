"""A package laid out for work: its long base64 texts are cut out and only marked.

So no tree, no canonical form and no buffer ever holds an attachment: 100 MB are verified in the memory that one decoded
attachment needs. Canonicalization treats a text of base64 letters and blanks the same way wherever it stands: it passes
through unchanged but for line ends. So the canonical form of the sheet, with the cuts put back, is that of the package.
The mark contains the package's own SHA-256: nobody can write it into the package beforehand.
"""

import binascii
import hashlib
import io
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from services.signature.facts import Reading

Buffer = bytes | mmap.mmap

_SHORTEST_CUT = 64 * 1024
_CHUNK = 1 << 20
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\t "
_BLANKS = b"\r\n\t "
_BLANK_RUN = re.compile(rb"[\r\n\t ]*")
_SKIPPED = ((b"<!--", b"-->"), (b"<?", b"?>"))
_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1(\s+encoding\s*=\s*(["'])(utf-8|us-ascii)\3)?(\s+standalone\s*=\s*(["'])(yes|no)\6)?\s*\?>""",
    re.IGNORECASE,
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Unreadable(Exception):  # noqa: N818 - what the package is, not what went wrong with us
    """The package is not XML 1.0 in UTF-8 without DOCTYPE."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.reading = reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The package's bytes, and its text with marks in place of the cuts."""

    data: Buffer
    text: bytes
    cuts: tuple[tuple[int, int], ...]
    """From and to, in `data`."""
    marks: re.Pattern[bytes]

    def digest(self, canonical: bytes, algorithm: str) -> bytes:
        """Digest of a canonical form of `text` with the cuts put back; `algorithm` in hashlib's words."""
        hasher = hashlib.new(algorithm)
        for piece in self._whole(canonical):
            hasher.update(piece)
        return hasher.digest()

    def decoded(self, text: str) -> io.BytesIO | None:
        """The bytes that a base64 text of the sheet stands for; None when it is not base64."""
        decoded, rest, padded = io.BytesIO(), b"", False
        for piece in self._whole(text.encode()):
            letters = rest + (piece.translate(None, _BLANKS) if any(blank in piece for blank in _BLANKS) else piece)
            if letters and padded:
                return None
            full = len(letters) & ~3
            try:
                decoded.write(binascii.a2b_base64(letters[:full], strict_mode=True))
            except ValueError:
                return None
            padded = padded or letters.endswith(b"=", 0, full)  # a piece of blanks only ends nothing
            rest = letters[full:]
        return None if rest else decoded

    def _whole(self, text: bytes) -> Iterator[bytes]:
        position = 0
        for found in self.marks.finditer(text):
            yield text[position : found.start()]
            yield from self._cut(*self.cuts[int(found[1])])
            position = found.end()
        yield text[position:]

    def _cut(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            stop = min(start + _CHUNK, end)
            if self.data[stop - 1 : min(stop + 1, end)] == b"\r\n":
                stop += 1  # CR LF is one line end: never part them
            chunk = self.data[start:stop]
            yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk  # XML 1.0 §2.11
            start = stop


def lay_out(data: Buffer, sha256: str) -> Sheet:
    """Cut the long base64 texts out of a package whose SHA-256 is given in hexadecimal."""
    mark = f"cut-{sha256}-".encode()
    cuts: list[tuple[int, int]] = []
    parts: list[bytes] = []
    position = 0
    for start, end in _long_texts(data):
        parts += (data[position:start], mark, b"%d;" % len(cuts))
        cuts.append((start, end))
        position = end
    parts.append(data[position:])
    return Sheet(data=data, text=b"".join(parts), cuts=tuple(cuts), marks=re.compile(mark + rb"(\d{1,7});"))


def _long_texts(data: Buffer) -> Iterator[tuple[int, int]]:
    close = data.find(b">")
    while close >= 0:
        start, end = close + 1, data.find(b"<", close)
        if end < 0:
            return
        if end - start >= _SHORTEST_CUT and _is_base64(data, start, end):
            yield start, end
        close = data.find(b">", end)


def _is_base64(data: Buffer, start: int, end: int) -> bool:
    return not any(
        data[place : min(place + _CHUNK, end)].translate(None, _LETTERS) for place in range(start, end, _CHUNK)
    )


def parse(text: bytes) -> etree._ElementTree:
    """The tree of a sheet's text. Raises Unreadable; a DOCTYPE is refused before any tree is built."""
    _check_prolog(text)
    return _tree(text)


def parse_canonical(canonical: bytes) -> etree._Element:
    """The root of a canonical form, which is well-formed by construction."""
    return _tree(canonical).getroot()


def _tree(text: bytes) -> etree._ElementTree:
    # huge_tree: a text may be longer than 10 MB; the worker's own limits stand in for libxml2's
    parser = etree.XMLParser(encoding="utf-8", huge_tree=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(text, parser).getroottree()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(Reading.MALFORMED) from error


def _check_prolog(text: bytes) -> None:
    position = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
    if text.startswith(b"<?xml", position):
        declaration = _DECLARATION.match(text, position)
        if declaration is None:  # XML 1.1, another encoding, or no declaration at all
            raise Unreadable(Reading.MALFORMED)
        position = declaration.end()
    position = _skip_comments(text, position)
    if text.startswith(b"<!", position):
        raise Unreadable(Reading.DOCTYPE)


def _skip_comments(text: bytes, position: int) -> int:
    """Where the root element or a declaration begins: after blanks, comments and processing instructions."""
    while True:
        blanks = _BLANK_RUN.match(text, position)
        position = blanks.end() if blanks else position
        begin, end = next((pair for pair in _SKIPPED if text.startswith(pair[0], position)), (b"", b""))
        if not begin:
            return position
        close = text.find(end, position + len(begin))
        if close < 0:
            raise Unreadable(Reading.MALFORMED)
        position = close + len(end)
