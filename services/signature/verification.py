"""Requests to verify one file, and answers: the contract of `hubctl verify` as values.

A request comes as one JSON object that names files; `request_of` turns it into a value that holds their contents, so
that a judge opens nothing. Whatever is wrong with a request is BAD_REQUEST, said in one sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hub.model.statuses import Outcome
from services.signature.reasons import Reason, verdict_for


class Kind(StrEnum):
    """What the file is."""

    XMLDSIG = "xmldsig"
    PDF = "pdf"
    CHAIN = "chain"
    """A certificate; `intermediates` may help to find its way to `trust`."""
    C14N = "c14n"


class Profile(StrEnum):
    """By whose rules."""

    EDXML = "edxml"
    """The production profile: one shape, everything else is refused."""
    INTEROP = "interop"
    """The recommendations, broadly."""


class RevocationMode(StrEnum):
    """What is asked of each certificate but the anchor."""

    OFF = "off"
    IF_PRESENT = "if_present"
    """An answer among those given counts; without any, nothing is asked."""
    REQUIRE = "require"


class EmbeddedKey(StrEnum):
    """What a key in the document is worth."""

    NEVER = "never"
    """It counts only through a certificate that chains to `trust`."""
    ANY = "any"
    """Integrity only: VALID says nothing about who."""


class BadRequest(Exception):  # noqa: N818 - says what the request is
    """The request cannot be judged; the message is the answer's `detail`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRules:
    """RFC 5280 §6.1.1 inputs, and what is demanded of the end certificate."""

    policies: tuple[str, ...] = ()
    """OIDs; empty: any."""
    require_explicit_policy: bool = False
    inhibit_policy_mapping: bool = False
    inhibit_any_policy: bool = False
    eku: tuple[str, ...] = ()
    """OIDs that the end certificate must allow."""
    key_usage: tuple[str, ...] = ()
    """Names as in RFC 5280 §4.2.1.3, `digitalSignature` or `digital_signature`."""
    max_path: int | None = None
    """Most intermediates that are not self-issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustBase:
    """Certificates and evidence, each file as it was given: PEM or DER, one or more in each."""

    trust: tuple[bytes, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    revocation: RevocationMode = RevocationMode.IF_PRESENT
    rules: PathRules = PathRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSet:
    """An XPath expression and the prefixes it uses."""

    expression: str
    namespaces: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Verify `content`. `at` has a zone."""

    kind: Kind
    profile: Profile
    content: bytes
    at: datetime
    base: TrustBase = TrustBase()
    embedded_key: EmbeddedKey = EmbeddedKey.NEVER
    keys: Mapping[str, bytes] = field(default_factory=dict)
    """KeyName -> public key or certificate, PEM or DER; `*`: use it whatever the document says."""
    hmac_key: bytes | None = None
    hmac_min_bits: int | None = None
    """None: the greater of 80 and half the hash."""
    external: Mapping[str, bytes] = field(default_factory=dict)
    """URI -> what a reference outside the document stands for."""
    id_attributes: tuple[str, ...] = ()
    """`{namespace}name` or name; empty: `Id`, `ID`, `id` by the schema known."""
    consumed: str = ""
    """Path of the element the caller reads; `none`: core validity only; empty: the profile's default."""
    password: str | None = None
    method: str = ""
    prefixes: tuple[str, ...] = ()
    node_set: NodeSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredPart:
    """What a signature covers: an element by its path and canonical digest, or how much of a PDF."""

    path: str = ""
    sha256: str = ""
    extent: str = ""
    """WHOLE_FILE, REVISION or PARTIAL."""
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerName:
    """Who signed, by the certificate; names by RFC 4514, the serial decimal."""

    subject: str
    issuer: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAnswer:
    """One signature judged."""

    reason: Reason
    detail: str = ""
    covered: tuple[CoveredPart, ...] = ()
    signer: SignerName | None = None
    signing_time: str = ""
    """As claimed, RFC 3339."""
    timestamp: str = ""
    """As proven by RFC 3161, RFC 3339."""

    @property
    def outcome(self) -> Outcome:
        """The verdict this reason stands for."""
        return verdict_for(self.reason).outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The file judged: the whole first, then each of its signatures."""

    whole: SignatureAnswer
    signatures: tuple[SignatureAnswer, ...] = ()
    sha256: str = ""
    """Of the canonical bytes, for kind c14n."""


def refusal(reason: Reason, detail: str) -> Answer:
    """An answer without a signature looked at."""
    return Answer(whole=SignatureAnswer(reason=reason, detail=detail))


def plain(answer: Answer) -> dict[str, Any]:
    """The answer's fields as the contract names them, without `id` and `ms`."""
    told = _plain(answer.whole)
    told["signatures"] = [_plain(each) for each in answer.signatures]
    return told | ({"sha256": answer.sha256} if answer.sha256 else {})


def _plain(answer: SignatureAnswer) -> dict[str, Any]:
    signer = answer.signer
    return {
        "verdict": answer.outcome.value,
        "reason": answer.reason.value,
        "detail": answer.detail,
        "covered": [_part(part) for part in answer.covered],
        "signer": None
        if signer is None
        else {"subject": signer.subject, "issuer": signer.issuer, "serial": signer.serial},
        "signing_time": answer.signing_time or None,
        "timestamp": answer.timestamp or None,
    }


def _part(part: CoveredPart) -> dict[str, Any]:
    if part.extent:
        return {"extent": part.extent, "bytes": part.bytes}
    return {"path": part.path, "sha256": part.sha256}


Judge = Callable[[Request], Answer]
