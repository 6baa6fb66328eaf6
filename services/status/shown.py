"""What people are shown of a document: frozen values, made by `timeline`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.model.ids import AgencyCode, DocumentId, HubId
from hub.model.statuses import BusinessType, Outcome, SignaturePolicy
from hub.model.values import Attachment, Package, SignatureFinding, Staff
from services.status.life import Recall, Stage, State
from services.status.wording import Label


class Oddity(StrEnum):
    """What a person should be told about a line although its state is computed all the same."""

    REFUSED_AND_ACCEPTED = "refused_and_accepted"
    OUT_OF_ORDER = "out_of_order"
    LOAD_FAILED = "load_failed"
    NOBODY_TOLD = "nobody_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An agency: code as written in the document, and its name."""

    code: AgencyCode
    name: str


class Kind(StrEnum):
    """What kind of thing happened at a moment of a line."""

    SENT = "sent"
    IN_INBOX = "in_inbox"
    DOWNLOADED = "downloaded"
    ACKNOWLEDGED = "acknowledged"
    STATUS = "status"
    STOPPED = "stopped"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened on a line.

    `code` is the status code, the inbox state, or the outcome of an alert; empty for the hub's own steps and for an
    alert under way. `claimed_at` is the time the reporter wrote; `late` says that a higher status had come before.
    `channel` is the alert's.
    """

    kind: Kind
    at: datetime
    label: Label
    code: str = ""
    staff: Staff | None = None
    description: str = ""
    claimed_at: str = ""
    late: bool = False
    channel: str = ""

    @property
    def note(self) -> str:
        """Who said what, in one line; empty when nobody said anything."""
        person = self.staff.name or self.staff.department if self.staff else ""
        return " – ".join(text for text in (person, self.description) if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Moments on the hub's clock; None when it has not happened yet."""

    sent: datetime | None
    in_inbox: datetime | None
    downloaded: datetime | None
    settled: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """An oddity with its text."""

    oddity: Oddity
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One recipient's line. `expected` is None when nothing more is to come.

    `asks_consent`: the package recalls or updates another document, so the line ends with an answer.
    """

    recipient: Party
    state: State
    stand: Stage
    label: Label
    recall: Recall
    recall_label: Label
    taken_back: bool
    asks_consent: bool
    times: Times
    moments: tuple[Moment, ...]
    warnings: tuple[Warned, ...]
    expected: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on the document's signatures."""

    outcome: Outcome
    label: Label
    reason: str
    reason_label: Label
    policy: SignaturePolicy
    policy_label: Label
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The verdict and everything it rests on."""

    hub_id: HubId
    document_id: DocumentId
    package: Package
    verdict: Judgement | None
    findings: tuple[SignatureFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of a refusal, with what to do."""

    code: str
    field: str
    detail: str
    label: Label
    fix: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why the hub turned the document away."""

    stage: str
    at: datetime
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """How many of a document's lines stand alike."""

    stand: Stage
    label: Label
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A document in a list."""

    hub_id: HubId
    document_id: DocumentId
    code: str
    subject: str
    sender: Party
    at: datetime
    stage: Stage
    label: Label
    recipients: int
    states: tuple[State, ...]
    lots: tuple[Lot, ...]
    refusal: "Refused | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One document with all that happened to it. Fields of the letter are empty for a refusal at the door."""

    hub_id: HubId
    document_id: DocumentId
    code: str
    subject: str
    sender: Party
    type_name: str
    business_type: BusinessType
    business_label: Label
    priority: int
    priority_label: Label
    promulgation_date: str
    paper: bool
    attachments: tuple[Attachment, ...]
    package: Package | None
    received_at: datetime | None
    stage: Stage
    label: Label
    verdict: Judgement | None
    refusal: Refused | None
    recipients: tuple[Track, ...]
    lots: tuple[Lot, ...]
