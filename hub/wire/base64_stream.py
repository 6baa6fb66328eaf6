"""Strict base64 decoded piece by piece: only size, digest and the first bytes stay (RFC 4648 §3.5, §4).

The standard decoder is too kind: it drops characters outside the alphabet, ignores what follows the padding and
accepts pad bits that are not zero, so that many texts would stand for the same bytes.
"""

import binascii
import hashlib

from hub.model.ids import Digest
from hub.wire.edxml_names import WHITE_SPACE

_QUANTUM = 4
_HEAD_BYTES = 16
_LINE_BREAKS = WHITE_SPACE.encode()


class Base64Stream:
    """Takes the text in any pieces; the outcome is the same for all ways to cut it."""

    def __init__(self) -> None:
        self.size = 0
        self.head = b""
        self.faulty = False
        self._hasher = hashlib.sha256()
        self._rest = b""
        self._padded = False

    @property
    def digest(self) -> Digest:
        """SHA-256 of what was decoded so far."""
        return Digest(self._hasher.hexdigest())

    def feed(self, text: str) -> None:
        """Decode the next piece. After a fault everything else is passed over."""
        if self.faulty:
            return
        try:
            self._decode(text.encode("ascii").translate(None, _LINE_BREAKS))
        except (UnicodeEncodeError, binascii.Error):
            self.faulty = True

    def close(self) -> None:
        """No more text: what does not fill a quantum of four characters is a fault."""
        self.faulty = self.faulty or bool(self._rest)

    def _decode(self, text: bytes) -> None:
        if not text:
            return
        if self._padded:
            raise binascii.Error("text after the padding")
        text = self._rest + text
        end = len(text) - len(text) % _QUANTUM
        whole, self._rest = text[:end], text[end:]
        if not whole:
            return
        decoded = binascii.a2b_base64(whole, strict_mode=True)
        if whole.endswith(b"="):
            self._check_last(whole[-_QUANTUM:], decoded)
        self._hasher.update(decoded)
        self.size += len(decoded)
        if len(self.head) < _HEAD_BYTES:
            self.head = (self.head + decoded[:_HEAD_BYTES])[:_HEAD_BYTES]

    def _check_last(self, quantum: bytes, decoded: bytes) -> None:
        """Nothing may follow a padded quantum, and its spare bits must be zero."""
        self._padded = True
        octets = _QUANTUM - 1 - quantum.count(b"=")
        if self._rest or binascii.b2a_base64(decoded[-octets:], newline=False) != quantum:
            raise binascii.Error("not the canonical form")
