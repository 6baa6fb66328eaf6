"""Sealing of connection secrets: the log carries them only under the hub's own key (AES-256-GCM)."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.model.errors import Broken
from hub.model.ids import SystemId
from hub.runtime.settings import misconfigured, secret

_NONCE = 12
_KEY = 32


class Seal:
    """Seals and opens secrets; the system id is bound in, so that a sealed secret cannot move to another connection."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, system_id: SystemId, text: str) -> str:
        """Seal a secret; base64."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode(), system_id.encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, system_id: SystemId, sealed: str) -> str:
        """The secret; Broken when it was sealed under another key or for another system."""
        raw = base64.b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], system_id.encode()).decode()
        except InvalidTag as error:
            raise Broken(f"secret of {system_id} was sealed under another key") from error


def from_file(file: Path | None) -> Seal:
    """Seal with the key in a file of 64 hexadecimal characters; a wrong file stops the process at start."""
    if file is None:
        misconfigured("HUB_SEAL_KEY_FILE is needed by this service")
    try:
        key = bytes.fromhex(secret(file))
    except ValueError:
        misconfigured(f"{file} must hold 64 hexadecimal characters")
    if len(key) != _KEY:
        misconfigured(f"{file} must hold 64 hexadecimal characters")
    return Seal(key)
