"""What a verdict was judged by, so that anybody with the blob store can judge again, offline, years later.

The manifest is one JSON object, always written the same way; it names package, anchors and CRLs by their digests, and
its own SHA-256 is the evidence's id, which `signature.checked` carries. OCSP answers and time stamps of a document lie
in its package, so the package's digest is theirs.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from hub.model.events import DocumentReceived
from hub.model.ids import AgencyCode, Digest
from hub.model.statuses import BusinessType
from hub.model.values import Attachment, DocumentHeader, Package
from services.signature.frames import Trust

JUDGED_BY = "hub-signature/1"
"""Changes with every change after which the same evidence may be judged otherwise."""
_PROFILE = "edxml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a verdict on a document follows from."""

    header: DocumentHeader
    """With the package's digest; a verdict compares what was signed with what the hub acts on."""
    anchors: Digest
    crls: tuple[Digest, ...]
    revocation: str
    moment: datetime
    """The time of receipt: certificates are judged at it."""
    sender_codes: tuple[AgencyCode, ...]
    """All codes of the sender's agency, as the directory had them."""
    profile: str = _PROFILE
    judged_by: str = JUDGED_BY


class NoEvidence(Exception):  # noqa: N818 - says what it is
    """This is no manifest."""


def evidence_of(document: DocumentReceived, sender_codes: Collection[AgencyCode], trust: Trust) -> Evidence:
    """What this document is judged by."""
    return Evidence(
        header=document.header,
        anchors=digest_of(trust.anchors),
        crls=tuple(digest_of(crl) for crl in trust.crls),
        revocation=trust.revocation,
        moment=document.occurred_at,
        sender_codes=tuple(sorted(sender_codes)),
    )


def manifest(evidence: Evidence) -> bytes:
    """Always the same bytes for the same evidence."""
    said = asdict(evidence) | {"moment": evidence.moment.isoformat()}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def read(content: bytes) -> Evidence:
    """Evidence from its manifest. Raises NoEvidence."""
    try:
        said = json.loads(content)
        return Evidence(
            **said
            | {
                "header": _header(said["header"]),
                "crls": tuple(said["crls"]),
                "moment": datetime.fromisoformat(said["moment"]),
                "sender_codes": tuple(said["sender_codes"]),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NoEvidence(type(error).__name__) from error


def digest_of(content: bytes) -> Digest:
    """Its name in the blob store."""
    return Digest(hashlib.sha256(content).hexdigest())


def _header(said: dict[str, object]) -> DocumentHeader:
    attachments, package, recipients = said["attachments"], said["package"], said["recipients"]
    if not (isinstance(attachments, list) and isinstance(package, dict) and isinstance(recipients, list)):
        raise TypeError
    values = said | {
        "business_type": BusinessType(str(said["business_type"])),
        "recipients": tuple(recipients),
        "attachments": tuple(Attachment(**each) for each in attachments),
        "package": Package(**package),
    }
    return DocumentHeader(**values)  # type: ignore[arg-type]  # names are checked by the class, values by the digest
