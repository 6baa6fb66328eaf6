"""Identifiers. Each kind is a type of its own, so that two of them cannot be swapped.

Derived identifiers are UUIDv5 over their origin: the same cause always gives the same identifier, so a
repeated step writes the same event again instead of a second one.
"""

import hashlib
import re
import uuid
from typing import NewType

AgencyCode = NewType("AgencyCode", str)
"""Identifier of an agency (mã định danh) as somebody wrote it: QCVN 102:2016, QĐ 20/2020 or legacy form."""

SystemId = NewType("SystemId", str)
"""Identifier of a connected system (SDK: systemid)."""

DocumentId = NewType("DocumentId", str)
"""The sender's identifier of a document (edXML DocumentId); opaque, never normalised."""

HubId = NewType("HubId", str)
"""The hub's identifier of a document: a UUID, key of everything that happens to it."""

EventId = NewType("EventId", str)
"""Identifier of an event: a UUID, deterministic."""

DeliveryId = NewType("DeliveryId", str)
"""Identifier of one recipient's inbox item: the event id of its `delivery.planned`."""

Digest = NewType("Digest", str)
"""SHA-256 in lower-case hexadecimal, 64 characters."""

LONGEST_CODE = 35
"""Characters of an agency's code (QĐ 20/2020)."""

_CODE = re.compile(r"[0-9A-Za-z]+([.-][0-9A-Za-z]+)*")
_ROOT = uuid.UUID("6f2c1a34-7d0e-5b7e-9b53-6f7f0c7e1d28")
_SEPARATOR = "\x1f"


def is_code(text: str) -> bool:
    """True for what can be an agency's code at all: ASCII groups between dots or hyphens, nothing look-alike (A51)."""
    return len(text) <= LONGEST_CODE and _CODE.fullmatch(text) is not None


def _derive(*parts: str) -> str:
    return str(uuid.uuid5(_ROOT, _SEPARATOR.join(parts)))


def hub_id(sender: AgencyCode, document_id: DocumentId, business_type: int, digest: Digest) -> HubId:
    """The hub's id of one package: same sender, DocumentId, business type and bytes give the same id."""
    return HubId(_derive("document", sender, document_id, str(business_type), digest))


def event_id(cause: str, step: str, recipient: str = "") -> EventId:
    """The id of the event that `step` appends because of `cause`, for `recipient` where there are several."""
    return EventId(_derive("event", cause, step, recipient))


def digest(data: bytes) -> Digest:
    """SHA-256 of `data`."""
    return Digest(hashlib.sha256(data).hexdigest())
