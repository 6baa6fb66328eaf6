"""The timeline of a document as people see it: frozen values made from a life, names from the directory."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from hub.model.directory import Directory
from hub.model.ids import AgencyCode, DocumentId
from hub.model.reasons import Code, text
from hub.model.statuses import BusinessType, InboxState, StatusCode
from hub.model.values import Package, Refusal
from services.status import alerts, oddities, wording
from services.status.alerts import Alert
from services.status.life import Checked, Life, Line, Recall, Reported, Stage, State, Turned
from services.status.shown import (
    Evidence,
    Judgement,
    Kind,
    Lot,
    Moment,
    Party,
    Reason,
    Refused,
    Summary,
    Timeline,
    Times,
    Track,
)
from services.status.wording import Label


def began(life: Life) -> datetime | None:
    """When the hub first answered for the document; None while only its deliveries are known."""
    if life.received is not None:
        return life.received.mark.at
    return life.turned[0].mark.at if life.turned else None


def show(life: Life, directory: Directory, warnings: Collection[Alert] = ()) -> Timeline | None:
    """The timeline, with the alerts sent about it; None while neither the document's header nor a refusal is known."""
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
        recipients=tuple(_track(life, line, directory, warnings) for line in _in_order(life)),
        lots=_lots(life),
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
        lots=_lots(life),
        refusal=_refused(life.refused),
    )


def _lots(life: Life) -> tuple[Lot, ...]:
    counts = Counter(map(life.stand, life.lines.values()))
    return tuple(Lot(stand=stand, label=wording.LOTS[stand], count=counts[stand]) for stand in Stage if counts[stand])


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
        return _party(life.header.sender, directory, life.header.sender_name)
    return _party(life.turned[0].sender if life.turned else AgencyCode(""), directory)


def _party(code: AgencyCode, directory: Directory, written: str = "") -> Party:
    """An agency with the name it had when it wrote (product rule 14); else with the directory's."""
    agency = directory.resolve(code)
    return Party(code=code, name=written or (agency.name if agency else ""))


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


def _track(life: Life, line: Line, directory: Directory, warnings: Collection[Alert]) -> Track:
    state, warnings = life.state(line), alerts.about(line.recipient, warnings)
    moments = [*_moments(life, line), *(moment for alert in warnings if (moment := alerts.moment(alert)))]
    return Track(
        recipient=_party(line.recipient, directory),
        state=state,
        stand=life.stand(line),
        label=_label(life, line, state),
        recall=line.recall,
        recall_label=wording.RECALLS[line.recall],
        taken_back=line.taken_back,
        asks_consent=life.asks_consent,
        times=_times(life, line),
        moments=tuple(sorted(moments, key=lambda moment: moment.at)),
        warnings=oddities.warned(line, warnings),
        expected=_expected(life, line, state),
    )


def _label(life: Life, line: Line, state: State) -> Label:
    """The state in words; of a line that ended with an answer, the answer."""
    if state is not State.STOPPED and line.taken_back:
        return wording.TAKEN_BACK
    if state not in (State.STOPPED, State.REFUSED) and life.asks_consent and life.closed(line) and line.recall:
        answer = StatusCode(line.recall.value)
        return wording.label(answer.vi, answer.en)
    return wording.STATES[state]


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
    if life.refused is not None:
        yield Moment(kind=Kind.STOPPED, at=life.refused.mark.at, label=wording.STATES[State.STOPPED])
    for settled in line.settled:
        label = wording.INBOX_STATES[settled.state]
        yield Moment(kind=Kind.ACKNOWLEDGED, at=settled.mark.at, label=label, code=settled.state,
                     description=settled.description)  # fmt: skip
    for place, report in enumerate(line.reports):
        yield _status(report, late=oddities.late(report, line.reports[:place]))


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


def _expected(life: Life, line: Line, state: State) -> Label | None:
    if state is State.STOPPED or (state is State.REFUSED and not line.taken_back):
        return wording.EXPECTED[state]
    if life.closed(line):
        return None
    if life.asks_consent and state.rank >= State.TAKEN.rank:
        return wording.ANSWER_EXPECTED
    return wording.RECALL_EXPECTED if line.recall is Recall.ASKED else wording.EXPECTED[state]
