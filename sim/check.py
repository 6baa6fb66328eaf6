"""The judge: classifies what a run's ledger and the sinks hold by the invariants I1-I9, without asking the hub."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sim.ledger import Answered, Began, Line, Reported, Reporting, Seen, Sending

_ACCEPTED = (200, 202)
_HUB_REFUSAL = "02"
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A mail or an SMS that a sink took."""

    channel: str
    document: str
    """Hub id of the document it is about."""
    recipient: str
    level: str
    message_id: str = ""
    """Of a mail: Message-ID, by which a receiver sees that it has it already."""


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What was found. Every list but `unacknowledged` must be empty."""

    sent: int = 0
    delivered: int = 0
    """Deliveries: one document in one recipient's inbox."""
    refused: int = 0
    statuses: int = 0
    alerts: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    """Same bytes with different receipts, or faults of the server that are no 503."""
    silent: list[str] = field(default_factory=list)
    """A document not fetched that nobody was warned about."""
    unacknowledged: list[str] = field(default_factory=list)
    """Delivered though the sender had no receipt: allowed, the sender would have sent again."""

    @property
    def clean(self) -> bool:
        """True when no invariant is broken."""
        return not (self.lost or self.doubled or self.ghosts or self.corrupt or self.receipts or self.silent)

    def line(self) -> str:
        """The one line that says it all."""
        return (
            f"ledger: sent {self.sent}, delivered {self.delivered}, refused {self.refused}, "
            f"lost {len(self.lost)}, doubled {len(self.doubled)}"
        )


@dataclass(slots=True, kw_only=True)
class _Document:
    sending: Sending
    answers: list[Answered] = field(default_factory=list)

    @property
    def hub_ids(self) -> set[str]:
        return {answer.hub_id for answer in self.answers if answer.status in _ACCEPTED}


def judge(lines: Iterable[Line], alerts: Sequence[Alert], *, run: str | None = None) -> Judgement:
    """Judge one run of a ledger (default: the last); items of the ledger's other runs are left alone."""
    every = list(lines)
    chosen = run or next(line.run for line in reversed(every) if isinstance(line, Began))
    mine = [line for line in every if line.run == chosen]
    others = {line.document_id for line in every if isinstance(line, Sending) and line.run != chosen}
    documents = _documents(mine)
    seen = [line for line in mine if isinstance(line, Seen) and line.document_id not in others]
    verdict = Judgement(sent=len(documents))
    stopped = _stopped(documents, seen)
    _judge_documents(verdict, documents, seen, stopped)
    _judge_ghosts(verdict, documents, seen, stopped)
    _judge_statuses(verdict, mine, seen)
    expected = any(isinstance(line, Began) and line.alert_expected for line in mine)
    _judge_alerts(verdict, documents, stopped, alerts, expected=expected)
    return verdict


def _documents(lines: Sequence[Line]) -> dict[str, _Document]:
    documents: dict[str, _Document] = {}
    by_index: dict[int, _Document] = {}
    for line in lines:
        if isinstance(line, Sending):
            by_index[line.document] = documents.setdefault(line.document_id, _Document(sending=line))
        elif isinstance(line, Answered):
            by_index[line.document].answers.append(line)
    return documents


def _stopped(documents: Mapping[str, _Document], seen: Sequence[Seen]) -> set[str]:
    """Hub ids whose sender was told by the hub itself that the document goes nowhere."""
    return {
        line.hub_id
        for line in seen
        if line.item_kind == "status"
        and line.status == _HUB_REFUSAL
        and line.document_id in documents
        and line.sender not in documents[line.document_id].sending.recipients
    }


def _judge_documents(
    verdict: Judgement, documents: Mapping[str, _Document], seen: Sequence[Seen], stopped: set[str]
) -> None:
    items: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in seen:
        if line.item_kind == "document":
            items[line.hub_id, line.recipient].add(line.item)
    for name, document in documents.items():
        if len(document.hub_ids) > 1:
            verdict.receipts.append(f"{name}: {len(document.hub_ids)} receipts for the same bytes")
        verdict.receipts.extend(
            f"{name}: HTTP {answer.status}"
            for answer in document.answers
            if answer.status >= _SERVER_FAULT and answer.status != 503  # noqa: PLR2004 - "away, try again" is allowed
        )
        if not document.hub_ids or document.hub_ids & stopped:
            verdict.refused += bool(document.hub_ids) or any(answer.refused for answer in document.answers)
            continue
        _judge_deliveries(verdict, document, items)


def _judge_deliveries(verdict: Judgement, document: _Document, items: Mapping[tuple[str, str], set[str]]) -> None:
    hub_id = min(document.hub_ids)
    for recipient in document.sending.recipients:
        found = items.get((hub_id, recipient), set())
        if not found:
            verdict.lost.append(f"{document.sending.document_id} -> {recipient}")
            continue
        verdict.delivered += 1
        if len(found) > 1:
            verdict.doubled.append(f"{document.sending.document_id} -> {recipient}: {len(found)} items")


def _judge_ghosts(
    verdict: Judgement, documents: Mapping[str, _Document], seen: Sequence[Seen], stopped: set[str]
) -> None:
    for line in seen:
        if line.item_kind != "document":
            continue
        document = documents.get(line.document_id)
        where = f"{line.document_id or line.hub_id} in the inbox of {line.recipient}"
        if document is None or line.recipient not in document.sending.recipients or line.hub_id in stopped:
            verdict.ghosts.append(where)
        elif line.digest not in ("", document.sending.digest) or line.listed_digest != document.sending.digest:
            verdict.corrupt.append(where)
        elif line.hub_id not in document.hub_ids:
            _judge_unacknowledged(verdict, document, where)


def _judge_unacknowledged(verdict: Judgement, document: _Document, where: str) -> None:
    """No receipt, yet delivered: allowed only while the answer was lost or said to try again."""
    unsure = len(document.answers) == 0 or any(
        answer.status == 0 or answer.status >= _SERVER_FAULT for answer in document.answers
    )
    (verdict.unacknowledged if unsure else verdict.ghosts).append(where)


def _judge_statuses(verdict: Judgement, lines: Sequence[Line], seen: Sequence[Seen]) -> None:
    accepted = {line.digest for line in lines if isinstance(line, Reported) and line.http in _ACCEPTED}
    reports = {line.digest: line for line in lines if isinstance(line, Reporting)}
    items: dict[str, set[str]] = defaultdict(set)
    for line in seen:
        if line.item_kind == "status":
            items[line.listed_digest].add(line.item)
            if line.digest and line.digest != line.listed_digest:
                verdict.corrupt.append(f"status {line.status} of {line.document_id}")
    verdict.statuses = len(accepted)
    for digest in sorted(accepted):
        report = reports[digest]
        name = f"status {report.status} of {report.document_id} from {report.reporter}"
        if not items[digest]:
            verdict.lost.append(name)
        elif len(items[digest]) > 1:
            verdict.doubled.append(name)


def _judge_alerts(
    verdict: Judgement,
    documents: Mapping[str, _Document],
    stopped: set[str],
    alerts: Sequence[Alert],
    *,
    expected: bool,
) -> None:
    hub_ids = {hub_id: document for document in documents.values() for hub_id in document.hub_ids - stopped}
    mine = _distinct(alert for alert in alerts if alert.document in hub_ids)
    verdict.alerts = len(mine)
    for alert, count in Counter(replace(alert, message_id="") for alert in mine).items():
        if count > 1:
            verdict.doubled.append(f"{alert.channel} alert {alert.level} of {alert.document} to {alert.recipient}")
    warned = {(alert.document, alert.recipient) for alert in mine}
    for hub_id, document in hub_ids.items() if expected else ():
        verdict.silent.extend(
            f"{document.sending.document_id} -> {recipient}: nobody was warned"
            for recipient in document.sending.silent
            if (hub_id, recipient) not in warned
        )


def _distinct(alerts: Iterable[Alert]) -> list[Alert]:
    """Without mails that came again under their Message-ID (ADR 0013). An SMS has none: each counts."""
    found: dict[object, Alert] = {}
    for number, alert in enumerate(alerts):
        found.setdefault(alert.message_id or number, alert)
    return list(found.values())
