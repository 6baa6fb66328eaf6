"""How lives grow: a join-semilattice (reliability I5, fault F27).

`follow` adds the facts of one event. It is commutative, associative and idempotent, so neither the order in which
events arrive, across topics or late, nor their repetition can matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from hub.model.events import (
    DeliveryPlanned,
    DeliverySettled,
    DeliveryTaken,
    DocumentReceived,
    DocumentRefused,
    Event,
    SignatureChecked,
    StatusChanged,
    StatusReported,
)
from hub.model.ids import DeliveryId, HubId, event_id
from hub.model.statuses import StatusCode
from hub.model.values import DocumentHeader, Staff
from services.status.life import (
    Checked,
    Life,
    Line,
    Mark,
    Planned,
    Recall,
    Received,
    Reported,
    Settled,
    State,
    Turned,
)

KEPT_PER_CODE = 3
"""Reports kept per line and code, the earliest: 05 may be repeated without end; the log holds them all."""

_REASON, _REMARK, _STAFF = 500, 120, 80
"""Letters kept of texts: a document with a thousand recipients must fit into one row. The log holds them whole."""

_WITH_REASON = (StatusCode.REFUSED, StatusCode.RECALL_ASKED, StatusCode.RECALL_DECLINED)

STEP, RECALL_STEP = "status.changed", "status.changed.recall"

LineEvent = DeliveryPlanned | DeliveryTaken | DeliverySettled | StatusReported | StatusChanged

_DOCUMENT_KIND = "document"
_RECALLS = {recall.value for recall in Recall}
_STATES = {state.value for state in State}


def hub_id_of(event: Event) -> HubId | None:
    """The document an event tells about; None when it tells nothing of its life (deliveries of status messages)."""
    match event:
        case DocumentReceived() | SignatureChecked():
            return event.header.hub_id
        case DeliveryPlanned() | DeliveryTaken() | DeliverySettled():
            return event.hub_id if event.kind == _DOCUMENT_KIND else None
        case DocumentRefused() | StatusReported() | StatusChanged():
            return event.hub_id
        case _:
            return None


def follow(life: Life, event: Event) -> Life:
    """The life with the event's facts; an equal life when it tells nothing new."""
    if hub_id_of(event) != life.hub_id:
        return life
    mark = Mark(at=event.occurred_at, event_id=event.event_id)
    match event:
        case DocumentReceived():
            received = Received(mark=mark, system_id=event.system_id)
            return _with_header(replace(life, received=_first(life.received, received)), event.header)
        case SignatureChecked():
            checked = Checked(mark=mark, verdict=event.verdict, findings=event.findings, policy=event.policy)
            return _with_header(replace(life, checked=_first(life.checked, checked)), event.header)
        case DocumentRefused():
            return replace(life, turned=_union(life.turned, _turned(mark, event)))
        case DeliveryPlanned() | DeliveryTaken() | DeliverySettled() | StatusReported() | StatusChanged():
            line = life.lines.get(event.recipient) or Line(recipient=event.recipient)
            return replace(life, lines={**life.lines, event.recipient: _follow_line(line, event, mark)})
        case _:
            return life


def _with_header(life: Life, header: DocumentHeader) -> Life:
    missing = {code: Line(recipient=code) for code in header.recipients if code not in life.lines}
    return replace(life, header=life.header or header, lines={**life.lines, **missing} if missing else life.lines)


def _follow_line(line: Line, event: LineEvent, mark: Mark) -> Line:
    match event:
        case DeliveryPlanned():
            planned = Planned(mark=mark, delivery_id=DeliveryId(event.event_id))
            return replace(line, planned=_first(line.planned, planned))
        case DeliveryTaken():
            return replace(line, taken=mark if line.taken is None else min(line.taken, mark))
        case DeliverySettled():
            settled = Settled(mark=mark, state=event.state, description=_cut(event.description, _REMARK))
            return replace(line, settled=_union(line.settled, settled))
        case StatusReported():
            return replace(line, reports=_union(line.reports, _reported(mark, event)))
        case StatusChanged():
            return _announced(line, event.current)


def _turned(mark: Mark, event: DocumentRefused) -> Turned:
    return Turned(
        mark=mark, stage=event.stage, document_id=event.document_id, sender=event.sender, system_id=event.system_id,
        subject=event.subject, refusals=event.refusals, package=event.package,
    )  # fmt: skip


def _reported(mark: Mark, event: StatusReported) -> Reported:
    staff = event.staff
    return Reported(
        mark=mark,
        code=event.status,
        description=_cut(event.description, _REASON if event.status in _WITH_REASON else _REMARK),
        staff=Staff(
            department=_cut(staff.department, _STAFF),
            name=_cut(staff.name, _STAFF),
            email=_cut(staff.email, _STAFF),
            mobile=_cut(staff.mobile, _STAFF),
        ),
        claimed_at=_cut(event.reported_at, _STAFF),
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _announced(line: Line, current: str) -> Line:
    if current in _RECALLS:
        return replace(line, announced_recall=max(line.announced_recall, Recall(current), key=lambda one: one.rank))
    if current in _STATES and (line.announced is None or line.announced.rank < State(current).rank):
        return replace(line, announced=State(current))
    return line


Once = TypeVar("Once", bound=Received | Checked | Planned)
Many = TypeVar("Many", bound=Turned | Settled | Reported)


def _first(known: Once | None, new: Once) -> Once:
    """The earlier of two facts of which there is one: a minimum."""
    return new if known is None or new.mark < known.mark else known


def _union(known: tuple[Many, ...], new: Many) -> tuple[Many, ...]:
    """A set by event id in order of time, cut to the earliest of each kind: cutting commutes with uniting."""
    if new in known:
        return known
    facts: dict[str, Many] = {}
    for fact in sorted([*known, new], key=lambda fact: fact.mark):
        facts.setdefault(fact.mark.event_id, fact)
    kept: list[Many] = []
    counts: dict[str, int] = {}
    for fact in facts.values():
        kind, limit = _kind(fact)
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= limit:
            kept.append(fact)
    return tuple(kept)


def _kind(fact: Turned | Settled | Reported) -> tuple[str, int]:
    """What a fact is counted under, and how many of it are kept."""
    match fact:
        case Reported():
            return fact.code, KEPT_PER_CODE
        case Settled():
            return fact.state, 1
        case Turned():
            return fact.stage, 1


def changes(after: Life, cause: Event) -> tuple[StatusChanged, ...]:
    """The `status.changed` events that follow from a cause, given the life that holds its facts already.

    What moved up beyond what was announced: so a repeated cause gives nothing. Nothing is announced before the header
    is known, because readers need sender and DocumentId; the event that brings it announces what was reached by then.
    """
    if after.header is None:
        return ()
    return tuple(change for line in _touched(after, cause) for change in _moves(after, after.header, line, cause))


def _touched(life: Life, cause: Event) -> Iterable[Line]:
    if isinstance(cause, LineEvent):
        return (life.lines[cause.recipient],)
    return life.lines.values()


def _moves(life: Life, header: DocumentHeader, line: Line, cause: Event) -> Iterator[StatusChanged]:
    def moved(step: str, previous: str, current: str) -> StatusChanged:
        return StatusChanged(
            event_id=event_id(cause.event_id, step, line.recipient),
            occurred_at=cause.occurred_at,
            cause_id=cause.event_id,
            hub_id=header.hub_id,
            document_id=header.document_id,
            sender=header.sender,
            recipient=line.recipient,
            previous=previous,
            current=current,
        )

    state, recall = life.state(line), line.recall
    if line.announced is None or state.rank > line.announced.rank:
        yield moved(STEP, line.announced.value if line.announced else "", state.value)
    if recall.rank > line.announced_recall.rank:
        yield moved(RECALL_STEP, line.announced_recall.value, recall.value)


def decided(lives: Mapping[HubId, Life], causes: Sequence[Event]) -> tuple[tuple[StatusChanged, ...], ...]:
    """What follows from each cause of a batch. A cause meets the facts and announcements of those before it."""
    now = dict(lives)
    answers: list[tuple[StatusChanged, ...]] = []
    for cause in causes:
        hub_id = hub_id_of(cause)
        if hub_id is None:
            answers.append(())
            continue
        life = follow(now.get(hub_id) or Life(hub_id=hub_id), cause)
        announcements = changes(life, cause)
        now[hub_id] = grown(life, announcements)
        answers.append(announcements)
    return tuple(answers)


def grown(life: Life, events: Iterable[Event]) -> Life:
    """The life after all these events."""
    for event in events:
        life = follow(life, event)
    return life


def all_grown(lives: Mapping[HubId, Life], events: Iterable[Event]) -> dict[HubId, Life]:
    """These lives after all events that concern them."""
    after = dict(lives)
    for event in events:
        hub_id = hub_id_of(event)
        if hub_id is not None and hub_id in after:
            after[hub_id] = follow(after[hub_id], event)
    return after
