"""Signed headers of SDK 2.0.x clients (edXML notes §4.2): all parameters live in one signed JSON text.

The single headers are never read: names differing in case only collide there, and line breaks are lost.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from hub.model.ids import Digest, SystemId

SIGN_HEADER = b"xroadvnpt-sign-header"
HASH_HEADER = b"xroadvnpt-hash-header"
_PREFIX = "XroadVnpt-"
_LIMIT = 300_000
_SHA256_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHeaders:
    """A call's signed parameters; `names` keep the client's spelling, without the prefix."""

    raw: bytes
    mac: str
    parameters: dict[str, str]

    @property
    def system_id(self) -> SystemId:
        """The calling system; empty when it named none."""
        return SystemId(self.parameters.get("systemid", ""))

    def signed_with(self, secret: str) -> bool:
        """True when the HMAC-SHA256 over the raw bytes is right; also when a client cut them to Latin-1 on the way."""
        announced = self.mac.lower().encode()  # bytes: texts outside ASCII cannot be compared
        return any(
            hmac.compare_digest(hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode(), announced)
            for message in _readings(self.raw)
        )

    def announces(self, digest: Digest) -> bool:
        """True when `hash-file` is this digest, or when there is none; the SDK drops zeros of bytes below 0x10."""
        return self.announced.lower() in ("", digest, _unpadded(digest))

    @property
    def announced(self) -> str:
        """`hash-file` as the client wrote it; empty when it announced none."""
        return self.parameters.get("hash-file", "").strip()


def read(headers: Iterable[tuple[bytes, bytes]]) -> SignedHeaders | None:
    """Signed parameters of a request's raw headers; None when it is not an SDK call or not readable."""
    found = {name: value for name, value in headers if name in (SIGN_HEADER, HASH_HEADER)}
    raw, mac = found.get(SIGN_HEADER), found.get(HASH_HEADER)
    if raw is None or mac is None or len(raw) > _LIMIT:
        return None
    try:
        parsed = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    parameters = {
        _whole(name[len(_PREFIX) :]): _whole(value)
        for name, value in parsed.items()
        if name.lower().startswith(_PREFIX.lower()) and isinstance(value, str)
    }
    return SignedHeaders(raw=raw, mac=mac.decode("latin-1").strip(), parameters=parameters)


def sign(parameters: dict[str, str], secret: str) -> dict[str, str]:
    """Headers a client sends for these parameters (`systemid`, `timestamp`, …)."""
    body = json.dumps({f"{_PREFIX}{name}": value for name, value in parameters.items()}, separators=(",", ":"),
                      ensure_ascii=False)  # fmt: skip
    mac = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return {
        f"{_PREFIX}sign-header-key": ";".join(parameters),
        f"{_PREFIX}sign-header": body,
        f"{_PREFIX}hash-header": mac,
        f"{_PREFIX}version": "3.0.201608",
    }


def _readings(raw: bytes) -> tuple[bytes, ...]:
    try:
        return (raw, raw.decode("latin-1").encode("utf-8"))
    except UnicodeDecodeError:
        return (raw,)


def _whole(text: str) -> str:
    r"""The text without halves of characters, which JSON can write (`\ud800`) and no answer could repeat."""
    return text.encode("utf-8", "replace").decode()


def _unpadded(digest: Digest) -> str:
    """The digest as the SDK's own hexadecimal writes it: bytes below 0x10 with one digit."""
    return "".join(re.sub("^0", "", digest[i : i + 2]) for i in range(0, 2 * _SHA256_BYTES, 2))
