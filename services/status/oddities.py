"""What a person should be told about a line although its state is computed all the same."""

from collections.abc import Collection, Iterable

from hub.model.statuses import InboxState, StatusCode
from services.status import alerts, wording
from services.status.alerts import Alert
from services.status.life import Line, Reported, State
from services.status.shown import Oddity, Warned

_ODDITIES = {
    Oddity.REFUSED_AND_ACCEPTED: wording.label(
        "Nơi nhận vừa báo từ chối (02) vừa báo đã tiếp nhận: hãy liên hệ nơi nhận",
        "The recipient reported both a refusal (02) and an acceptance: ask the recipient",
    ),
    Oddity.OUT_OF_ORDER: wording.label(
        "Có trạng thái đến không đúng thứ tự (bước trước được báo sau bước sau)",
        "Statuses came out of order (an earlier step was reported after a later one)",
    ),
    Oddity.NOBODY_TOLD: wording.label(
        "Chưa chắc có ai ở nơi nhận được nhắc: hãy gọi điện cho nơi nhận",
        "Perhaps nobody at the recipient was reminded: call the recipient",
    ),
    Oddity.LOAD_FAILED: wording.label(
        "Hệ thống của nơi nhận báo lỗi khi nạp văn bản", "The recipient's system failed to load the document"
    ),
}
_ACCEPTING = frozenset({StatusCode.ACCEPTED, StatusCode.ASSIGNED, StatusCode.PROCESSING, StatusCode.FINISHED})


def warned(line: Line, about: Collection[Alert]) -> tuple[Warned, ...]:
    """The oddities of a line and of the alerts about it, with their texts."""
    return tuple(Warned(oddity=oddity, label=_ODDITIES[oddity]) for oddity in _oddities(line, about))


def late(report: Reported, before: tuple[Reported, ...]) -> bool:
    """True when a status that should follow this one had come before it."""
    return _rank(report) > 0 and any(_rank(earlier) > _rank(report) for earlier in before)


def _rank(report: Reported) -> int:
    """Rank on the processing line; 0 for reports of the recall track."""
    return State(report.code.value).rank if report.code.value in State.__members__.values() else 0


def _oddities(line: Line, about: Collection[Alert]) -> Iterable[Oddity]:
    codes = {report.code for report in line.reports}
    if StatusCode.REFUSED in codes and codes & _ACCEPTING:
        yield Oddity.REFUSED_AND_ACCEPTED
    if any(late(report, line.reports[:place]) for place, report in enumerate(line.reports)):
        yield Oddity.OUT_OF_ORDER
    if any(settled.state is InboxState.FAIL for settled in line.settled) and not codes:
        yield Oddity.LOAD_FAILED
    if line.reached.rank < State.TAKEN.rank and not line.settled and alerts.nobody_told(about):
        yield Oddity.NOBODY_TOLD
