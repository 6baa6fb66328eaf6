"""Files as they are given: PEM or DER, one or more things in each."""

import base64
import binascii
import re
from collections.abc import Iterator

from services.signature.pki import der

_ARMOUR = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
CERTIFICATES = frozenset({b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"})
LISTS = frozenset({b"X509 CRL", b"CRL"})
ANSWERS = frozenset({b"OCSP RESPONSE"})


class NotArmoured(Exception):  # noqa: N818 - says what the file is
    """Armour without what is looked for in it, or broken."""


def contents(file: bytes, labels: frozenset[bytes]) -> Iterator[bytes]:
    """DER of each thing: of those with one of these labels, or all that follow each other. Raises NotArmoured."""
    if b"-----BEGIN " not in file or (file[0] == der.SEQUENCE and file[1] >= 0x80):  # noqa: PLR2004 - a long value
        try:
            yield from [part.whole for part in der.parts(file)]
        except ValueError as error:
            raise NotArmoured("neither PEM nor DER") from error
        return
    found = False
    for armour in _ARMOUR.finditer(file):
        if armour[1] not in labels:
            continue
        found = True
        try:
            yield base64.b64decode(b"".join(armour[2].split()), validate=True)
        except binascii.Error as error:
            raise NotArmoured("base64") from error
    if not found:
        raise NotArmoured("nothing of this kind in the file")
