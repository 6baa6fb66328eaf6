"""Packages, headers and verdicts for tests of the signature service."""

import hashlib
from collections.abc import Collection

from hub.model.ids import AgencyCode, Digest, DocumentId, HubId
from hub.model.statuses import BusinessType
from hub.model.values import Attachment, DocumentHeader, Package, SignatureFinding
from services.signature import document, verdict
from services.signature.chain import Chains
from tests.fakes.packages import File, Letter
from tests.unit.signature import authority

TEXT = File(content_id="cid:2", name="phu-luc.txt", content_type="text/plain", content=b"ph\xe1\xbb\xa5 l\xe1\xbb\xa5c")
LETTER = Letter(files=(TEXT,))
"""Without a PDF: what is said about its envelope is said about the document."""


def header_of(letter: Letter, package: bytes) -> DocumentHeader:
    """The header that intake makes of the letter."""
    return DocumentHeader(
        hub_id=HubId("6f2c1a34-7d0e-5b7e-9b53-6f7f0c7e1d28"),
        document_id=DocumentId(letter.document_id),
        business_type=BusinessType(letter.business_type),
        sender=AgencyCode(letter.sender),
        sender_name="Sở Mẫu tỉnh Ví Dụ",
        recipients=tuple(map(AgencyCode, letter.recipients)),
        number=letter.number,
        notation=letter.notation,
        subject=letter.subject,
        type_name="Công văn",
        promulgation_date="2026-11-20",
        priority=1,
        paper=False,
        attachments=tuple(
            Attachment(
                content_id=file.content_id.removeprefix("cid:"),
                name=file.name,
                content_type=file.content_type,
                size=len(file.content),
                digest=Digest(hashlib.sha256(file.content).hexdigest()),
            )
            for file in letter.files
        ),
        package=Package(digest=Digest(hashlib.sha256(package).hexdigest()), size=len(package)),
    )


def judged(
    package: bytes,
    letter: Letter = LETTER,
    chains: Chains | None = None,
    codes: Collection[str] = (authority.SENDER,),
) -> tuple[SignatureFinding, ...]:
    """Findings on a package that intake took for `letter`."""
    header = header_of(letter, package)
    facts = document.facts(package, header.package.digest, chains or authority.usual(), authority.RECEIVED)
    return verdict.findings(facts, header, [AgencyCode(code) for code in codes])


def reason(package: bytes, letter: Letter = LETTER, chains: Chains | None = None) -> str:
    """The reason of the verdict on the envelope."""
    return judged(package, letter, chains)[0].verdict.reason
