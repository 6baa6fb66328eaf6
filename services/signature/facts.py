"""What was found about a document's signatures: values only, no judgement. `verdict.py` judges them.

Facts are gathered in a worker process and travel to the service as JSON: nothing in here but words, numbers and flags.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reading(StrEnum):
    """Whether a file could be read at all."""

    READ = "read"
    MALFORMED = "malformed"
    DOCTYPE = "doctype"
    ENCRYPTED = "encrypted"
    LIMITS = "limits"


class Place(StrEnum):
    """What stands where the envelope's signature belongs: edXML/edXMLEnvelope/edXMLHeader/Signature."""

    SIGNATURE = "signature"
    NOTHING = "nothing"
    PLACEHOLDER = "placeholder"
    """Empty, or in another namespace than XMLDSig: what every public sample of the axis carries."""
    ELSEWHERE = "elsewhere"
    SEVERAL = "several"


class Reference(StrEnum):
    """What the one reference of an XML signature points at."""

    DOCUMENT = "document"
    ROOT = "root"
    AMBIGUOUS = "ambiguous"
    """An identifier that more than one element has."""
    ELEMENT = "element"
    EXTERNAL = "external"


class Permission(StrEnum):
    """What the allow-list says of an algorithm or a transform."""

    ALLOWED = "allowed"
    UNSUPPORTED = "unsupported"
    FORBIDDEN = "forbidden"


class Standing(StrEnum):
    """What became of the way from a certificate to a trust anchor, at the moment of judgement."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    PATH = "path"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation_unknown"


class Coverage(StrEnum):
    """How much of a PDF a signature covers, by its byte range."""

    WHOLE_FILE = "WHOLE_FILE"
    REVISION = "REVISION"
    PARTIAL = "PARTIAL"


class Changes(StrEnum):
    """What was appended to a PDF after a signature."""

    NONE = "none"
    ARCHIVAL = "archival"
    """Time stamps and validation data only (DSS, PAdES-LTA)."""
    FORM = "form"
    """Fields filled in or signed, as the signature allows."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """Who a certificate names. Names are RFC 4514, shortened; `agency` is the subject's one UID, else empty."""

    subject: str
    issuer: str
    serial: str
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """The way to an anchor. `weak` names weak algorithms and keys met on it."""

    standing: Standing
    weak: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """What XML and PDF signatures have in common. None: not computed, because something before it forbids it."""

    oddity: str = ""
    """How its form departs from the standard or the profile; empty when it does not."""
    malformed: bool = False
    methods: Permission = Permission.ALLOWED
    weak: tuple[str, ...] = ()
    digest_holds: bool | None = None
    signature_holds: bool | None = None
    signer: SignerFacts | None = None
    chain: ChainFacts | None = None
    signing_time: str = ""
    """As claimed, RFC 3339; empty when not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHeader:
    """Identifying fields, read from the canonical bytes and from nowhere else; stripped of blanks around them."""

    sender: str
    recipients: tuple[str, ...]
    document_id: str
    business_type: str
    number: str
    notation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeFacts:
    """The signature of the package as a whole."""

    reading: Reading = Reading.READ
    place: Place = Place.NOTHING
    reference: Reference = Reference.DOCUMENT
    transforms: Permission = Permission.ALLOWED
    signature: SignatureFacts | None = None
    header: SignedHeader | None = None
    """None when the fields are ambiguous or missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSignatureFacts:
    """One signature of a PDF."""

    byte_range: bool
    """It is [0 a b c], the gap is exactly its /Contents, and nothing lies beyond the end of the file."""
    coverage: Coverage
    changes: Changes
    last: bool
    signature: SignatureFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfFacts:
    """The signatures of one PDF, in the order in which they were made."""

    reading: Reading
    signatures: tuple[PdfSignatureFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFacts:
    """One attached file. `pdf` is None for everything that is neither a PDF nor says so."""

    content_id: str
    name: str
    digest: str
    """SHA-256 of the decoded bytes; empty when the base64 is broken."""
    pdf: PdfFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """All that was found about one package."""

    envelope: EnvelopeFacts
    attachments: tuple[AttachmentFacts, ...] = ()
