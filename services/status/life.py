"""What is known of one document: facts as sets and minimums, and the state that follows from them.

Precedence of a line (one document, one recipient), after edXML notes §2.4:

    sent < in the inbox < downloaded < 01 < 03 < 04 < 05 < 06 < 02 < stopped

02 stands above the rest of the processing line because it is terminal: whatever else was reported before or after, the
sender must not miss that a recipient returned the document. The contradiction is said beside it (`timeline.Oddity`).
13, 15 and 16 run on a track of their own: none < 13 asked < 16 declined < 15 agreed. Agreed to what? With a 13 on the
line, to giving the document back. On a line of a package that itself recalls or updates another document
(BussinessDocType 1 and 2), to what that package asks. Else to such a package, and this document goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.model.ids import AgencyCode, DeliveryId, DocumentId, EventId, HubId, SystemId
from hub.model.statuses import BusinessType, InboxState, SignaturePolicy, StatusCode
from hub.model.values import DocumentHeader, Package, Refusal, SignatureFinding, Staff, Verdict

POLICY_STAGE = "policy"
"""`DocumentRefused.stage` of a document that the sender's signature policy stopped after it was accepted."""


class State(StrEnum):
    """Shown states of a line, from lowest to highest; reported ones have the code of the wire."""

    SENT = "sent"
    PLANNED = "planned"
    TAKEN = "taken"
    ARRIVED = "01"
    ACCEPTED = "03"
    ASSIGNED = "04"
    PROCESSING = "05"
    FINISHED = "06"
    REFUSED = "02"
    STOPPED = "stopped"

    @property
    def rank(self) -> int:
        """Place in the precedence, 0 the lowest."""
        return _STATE_RANK[self]


class Recall(StrEnum):
    """The recall track of a line, from lowest to highest."""

    NONE = ""
    ASKED = "13"
    DECLINED = "16"
    AGREED = "15"

    @property
    def rank(self) -> int:
        """Place in the precedence, 0 the lowest."""
        return _RECALL_RANK[self]


class Stage(StrEnum):
    """Where a document as a whole stands, or one line of it."""

    REFUSED = "refused"
    RETURNED = "returned"
    RECALLED = "recalled"
    WAITING = "waiting"
    FINISHED = "finished"
    PROCESSING = "processing"


_URGENT_FIRST = (Stage.RETURNED, Stage.WAITING, Stage.PROCESSING)
_STATE_RANK = {state: rank for rank, state in enumerate(State)}
_RECALL_RANK = {recall: rank for rank, recall in enumerate(Recall)}
_STATE_OF_CODE = {code: State(code.value) for code in StatusCode if code.value in State.__members__.values()}
_RECALL_OF_CODE = {code: Recall(code.value) for code in StatusCode if code.value in Recall.__members__.values()}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """That something happened, and when by the hub's clock."""

    at: datetime
    event_id: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The package was accepted."""

    mark: Mark
    system_id: SystemId


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The signatures were judged."""

    mark: Mark
    verdict: Verdict
    findings: tuple[SignatureFinding, ...]
    policy: SignaturePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """The package was turned away: refused at the door, or stopped by policy."""

    mark: Mark
    stage: str
    document_id: DocumentId
    sender: AgencyCode
    system_id: SystemId
    subject: str
    refusals: tuple[Refusal, ...]
    package: Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The recipient's inbox holds the document."""

    mark: Mark
    delivery_id: DeliveryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The recipient's system acknowledged the inbox item."""

    mark: Mark
    state: InboxState
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A status was reported for the line."""

    mark: Mark
    code: StatusCode
    description: str
    staff: Staff
    claimed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is known of one document at one recipient (code as written in its To)."""

    recipient: AgencyCode
    planned: Planned | None = None
    taken: Mark | None = None
    settled: tuple[Settled, ...] = ()
    reports: tuple[Reported, ...] = ()
    announced: State | None = None
    announced_recall: Recall = Recall.NONE

    @property
    def reached(self) -> State:
        """The highest state that the facts of the line itself give."""
        reached = State.TAKEN if self.taken else State.PLANNED if self.planned else State.SENT
        for report in self.reports:
            state = _STATE_OF_CODE.get(report.code, State.SENT)
            if state.rank > reached.rank:
                reached = state
        return reached

    @property
    def recall(self) -> Recall:
        """How far a recall has come."""
        recalls = (_RECALL_OF_CODE.get(report.code, Recall.NONE) for report in self.reports)
        return max(recalls, key=lambda recall: recall.rank, default=Recall.NONE)

    @property
    def taken_back(self) -> bool:
        """True when the sender asked the document back (13) and the recipient agreed (15)."""
        return self.recall is Recall.AGREED and self.first(StatusCode.RECALL_ASKED) is not None

    def first(self, code: StatusCode) -> Reported | None:
        """The earliest report of a code; None when it was never reported."""
        return next((report for report in self.reports if report.code is code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All facts about one document. It only grows, by `lifecycle.follow`."""

    hub_id: HubId
    header: DocumentHeader | None = None
    received: Received | None = None
    checked: Checked | None = None
    turned: tuple[Turned, ...] = ()
    lines: Mapping[AgencyCode, Line] = field(default_factory=dict)

    @property
    def refused(self) -> Turned | None:
        """The refusal that stands: by policy, or at the door when no later sending of the package was accepted."""
        if not self.turned:
            return None
        standing = self.turned if self.received is None else self._stops
        return standing[0] if standing else None

    @property
    def _stops(self) -> tuple[Turned, ...]:
        return tuple(turned for turned in self.turned if turned.stage == POLICY_STAGE)

    @property
    def asks_consent(self) -> bool:
        """True for a package that recalls or updates another document: its recipients answer 15 or 16."""
        return self.header is not None and self.header.business_type in (BusinessType.RECALL, BusinessType.UPDATE)

    def closed(self, line: Line) -> bool:
        """True when nothing more is expected of a line's recipient."""
        answered = self.asks_consent and line.recall.rank > Recall.ASKED.rank
        return answered or line.taken_back or line.reached in (State.FINISHED, State.REFUSED)

    def state(self, line: Line) -> State:
        """The state shown for a line."""
        return State.STOPPED if self.turned and self._stops else line.reached

    def stand(self, line: Line) -> Stage:
        """Where one line stands, in the words for a whole document."""
        if self.refused:
            return Stage.REFUSED
        if line.taken_back:
            return Stage.RECALLED
        if line.reached is State.REFUSED:
            return Stage.RETURNED
        if self.closed(line):
            return Stage.FINISHED
        return Stage.WAITING if line.reached.rank < State.TAKEN.rank else Stage.PROCESSING

    @property
    def stage(self) -> Stage:
        """Where the document stands: where its lines do, and of several what asks most for attention."""
        if self.refused:
            return Stage.REFUSED
        stands = set(map(self.stand, self.lines.values()))
        if stands == {Stage.RECALLED}:
            return Stage.RECALLED
        return next((stage for stage in _URGENT_FIRST if stage in stands), Stage.FINISHED)
