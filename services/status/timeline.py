"""The timeline of a document as people see it: frozen values made from a life, names from the directory."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.model.directory import Directory
from hub.model.ids import AgencyCode, DocumentId, HubId
from hub.model.reasons import Code, text
from hub.model.statuses import BusinessType, InboxState, Outcome, SignaturePolicy, StatusCode
from hub.model.values import Attachment, Package, Refusal, SignatureFinding, Staff
from services.status import wording
from services.status.life import Checked, Life, Line, Recall, Reported, Stage, State, Turned
from services.status.wording import Label


class Oddity(StrEnum):
    """What a person should be told about a line although its state is computed all the same."""

    REFUSED_AND_ACCEPTED = "refused_and_accepted"
    OUT_OF_ORDER = "out_of_order"
    LOAD_FAILED = "load_failed"


_ODDITIES = {
    Oddity.REFUSED_AND_ACCEPTED: wording.label(
        "Nơi nhận vừa báo từ chối (02) vừa báo đã tiếp nhận: hãy liên hệ nơi nhận",
        "The recipient reported both a refusal (02) and an acceptance: ask the recipient",
    ),
    Oddity.OUT_OF_ORDER: wording.label(
        "Có trạng thái đến muộn hơn trạng thái sau nó", "A status came later than the one that follows it"
    ),
    Oddity.LOAD_FAILED: wording.label(
        "Hệ thống của nơi nhận báo lỗi khi nạp văn bản", "The recipient's system failed to load the document"
    ),
}


_ACCEPTING = frozenset({StatusCode.ACCEPTED, StatusCode.ASSIGNED, StatusCode.PROCESSING, StatusCode.FINISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An agency: code as written in the document, name from the directory."""

    code: AgencyCode
    name: str


class Kind(StrEnum):
    """What kind of thing happened at a moment of a line."""

    SENT = "sent"
    IN_INBOX = "in_inbox"
    DOWNLOADED = "downloaded"
    ACKNOWLEDGED = "acknowledged"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened on a line. `code` is the status code or the inbox state; empty for the hub's own steps.

    `claimed_at` is the time the reporter wrote; `late` says that a higher status had come before.
    """

    kind: Kind
    at: datetime
    label: Label
    code: str = ""
    staff: Staff | None = None
    description: str = ""
    claimed_at: str = ""
    late: bool = False

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
    """One recipient's line. `expected` is None when nothing more is to come."""

    recipient: Party
    state: State
    label: Label
    recall: Recall
    recall_label: Label
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


def began(life: Life) -> datetime | None:
    """When the hub first answered for the document; None while only its deliveries are known."""
    if life.received is not None:
        return life.received.mark.at
    return life.turned[0].mark.at if life.turned else None


def show(life: Life, directory: Directory) -> Timeline | None:
    """The timeline; None while neither the document's header nor a refusal is known."""
    header, turned = life.header, life.refused
    if header is None and turned is None:
        return None
    business_type = header.business_type if header else BusinessType.NEW
    return Timeline(
        hub_id=life.hub_id,
        document_id=_document_id(life),
        code=header.code if header else "",
        subject=_subject(life),
        sender=_sender(life, directory),
        type_name=header.type_name if header else "",
        business_type=business_type,
        business_label=wording.BUSINESS_TYPES[business_type],
        priority=header.priority if header else 0,
        priority_label=wording.priority(header.priority if header else 0),
        promulgation_date=header.promulgation_date if header else "",
        paper=header.paper if header else False,
        attachments=header.attachments if header else (),
        package=_package(life),
        received_at=began(life),
        stage=life.stage,
        label=wording.STAGES[life.stage],
        verdict=_judgement(life.checked),
        refusal=_refused(turned),
        recipients=tuple(_track(life, line, directory) for line in _in_order(life)),
    )


def evidence(life: Life) -> Evidence | None:
    """What the verdict rests on; None while the document itself is not known."""
    package = _package(life)
    if package is None:
        return None
    return Evidence(
        hub_id=life.hub_id,
        document_id=_document_id(life),
        package=package,
        verdict=_judgement(life.checked),
        findings=life.checked.findings if life.checked else (),
    )


def summary(life: Life, directory: Directory) -> Summary | None:
    """The document as an entry of a list; None while it cannot be shown."""
    at = began(life)
    if at is None:
        return None
    return Summary(
        hub_id=life.hub_id,
        document_id=_document_id(life),
        code=life.header.code if life.header else "",
        subject=_subject(life),
        sender=_sender(life, directory),
        at=at,
        stage=life.stage,
        label=wording.STAGES[life.stage],
        recipients=len(life.lines),
        states=tuple(sorted((life.state(line) for line in life.lines.values()), key=lambda state: state.rank)),
        refusal=_refused(life.refused),
    )


def _package(life: Life) -> Package | None:
    if life.header is not None:
        return life.header.package
    return life.turned[0].package if life.turned else None


def _document_id(life: Life) -> DocumentId:
    if life.header is not None:
        return life.header.document_id
    return life.turned[0].document_id if life.turned else DocumentId("")


def _subject(life: Life) -> str:
    if life.header is not None:
        return life.header.subject
    return life.turned[0].subject if life.turned else ""


def _sender(life: Life, directory: Directory) -> Party:
    if life.header is not None:
        return party(life.header.sender, directory, life.header.sender_name)
    return party(life.turned[0].sender if life.turned else AgencyCode(""), directory)


def party(code: AgencyCode, directory: Directory, written: str = "") -> Party:
    """An agency with its name: the directory's, else as written in the document."""
    agency = directory.resolve(code)
    return Party(code=code, name=agency.name if agency else written)


def _in_order(life: Life) -> Iterable[Line]:
    """Lines in the order of the document's To; lines known before the header come after."""
    order = {code: place for place, code in enumerate(life.header.recipients)} if life.header else {}
    return sorted(life.lines.values(), key=lambda line: (order.get(line.recipient, len(order)), line.recipient))


def _judgement(checked: Checked | None) -> Judgement | None:
    if checked is None:
        return None
    return Judgement(
        outcome=checked.verdict.outcome,
        label=wording.OUTCOMES[checked.verdict.outcome],
        reason=checked.verdict.reason,
        reason_label=wording.reason(checked.verdict.reason),
        policy=checked.policy,
        policy_label=wording.POLICIES[checked.policy],
        at=checked.mark.at,
    )


def _refused(turned: Turned | None) -> Refused | None:
    if turned is None:
        return None
    return Refused(stage=turned.stage, at=turned.mark.at, reasons=tuple(map(_reason, turned.refusals)))


def _reason(refusal: Refusal) -> Reason:
    known = refusal.code in Code.__members__.values()
    words = text(Code(refusal.code)) if known else None
    return Reason(
        code=refusal.code,
        field=refusal.field,
        detail=refusal.detail,
        label=wording.label(words.vi, words.en) if words else wording.label(refusal.code, refusal.code),
        fix=wording.label(words.fix_vi, words.fix_en) if words else wording.label("", ""),
    )


def _track(life: Life, line: Line, directory: Directory) -> Track:
    state = life.state(line)
    return Track(
        recipient=party(line.recipient, directory),
        state=state,
        label=wording.STATES[state],
        recall=line.recall,
        recall_label=wording.RECALLS[line.recall],
        times=_times(life, line),
        moments=tuple(sorted(_moments(life, line), key=lambda moment: moment.at)),
        warnings=tuple(Warned(oddity=oddity, label=_ODDITIES[oddity]) for oddity in _oddities(line)),
        expected=_expected(line, state),
    )


def _times(life: Life, line: Line) -> Times:
    final = [settled.mark.at for settled in line.settled if settled.state in (InboxState.DONE, InboxState.FAIL)]
    return Times(
        sent=life.received.mark.at if life.received else None,
        in_inbox=line.planned.mark.at if line.planned else None,
        downloaded=line.taken.at if line.taken else None,
        settled=min(final, default=None),
    )


def _moments(life: Life, line: Line) -> Iterable[Moment]:
    times = _times(life, line)
    for kind, at, label in (
        (Kind.SENT, times.sent, wording.STATES[State.SENT]),
        (Kind.IN_INBOX, times.in_inbox, wording.STATES[State.PLANNED]),
        (Kind.DOWNLOADED, times.downloaded, wording.STATES[State.TAKEN]),
    ):
        if at is not None:
            yield Moment(kind=kind, at=at, label=label)
    for settled in line.settled:
        label = wording.INBOX_STATES[settled.state]
        yield Moment(kind=Kind.ACKNOWLEDGED, at=settled.mark.at, label=label, code=settled.state,
                     description=settled.description)  # fmt: skip
    for place, report in enumerate(line.reports):
        yield _status(report, late=_late(report, line.reports[:place]))


def _status(report: Reported, *, late: bool) -> Moment:
    return Moment(
        kind=Kind.STATUS,
        at=report.mark.at,
        label=wording.label(report.code.vi, report.code.en),
        code=report.code,
        staff=report.staff,
        description=report.description,
        claimed_at=report.claimed_at,
        late=late,
    )


def _late(report: Reported, before: tuple[Reported, ...]) -> bool:
    """True when a status that should follow this one had come before it."""
    return _rank(report) > 0 and any(_rank(earlier) > _rank(report) for earlier in before)


def _rank(report: Reported) -> int:
    """Rank on the processing line; 0 for reports of the recall track."""
    return State(report.code.value).rank if report.code.value in State.__members__.values() else 0


def _oddities(line: Line) -> Iterable[Oddity]:
    codes = {report.code for report in line.reports}
    if StatusCode.REFUSED in codes and codes & _ACCEPTING:
        yield Oddity.REFUSED_AND_ACCEPTED
    if any(_late(report, line.reports[:place]) for place, report in enumerate(line.reports)):
        yield Oddity.OUT_OF_ORDER
    if any(settled.state is InboxState.FAIL for settled in line.settled) and not codes:
        yield Oddity.LOAD_FAILED


def _expected(line: Line, state: State) -> Label | None:
    if line.recall is Recall.AGREED and state is not State.STOPPED:
        return None
    if line.recall is Recall.ASKED and state not in (State.REFUSED, State.STOPPED):
        return wording.RECALL_EXPECTED
    return wording.EXPECTED[state]
