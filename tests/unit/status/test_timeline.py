"""What people are shown: moments in order, what comes next, what is odd, in both languages."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.model.directory import Directory
from hub.model.events import Event
from hub.model.ids import AgencyCode
from hub.model.statuses import AlertOutcome, BusinessType, Channel, InboxState, Outcome, StatusCode
from hub.model.values import Verdict
from services.status import wording
from services.status.life import Life, Recall, Stage, State
from services.status.lifecycle import grown
from services.status.picture import Look, steps
from services.status.shown import Kind, Oddity, Timeline, Track
from services.status.timeline import evidence, show, summary
from tests.fakes.events import agency
from tests.fakes.lives import Document

A, B, C = AgencyCode("000.00.00.G22"), AgencyCode("000.00.00.H29"), AgencyCode("000.00.00.G12")


def directory() -> Directory:
    known = Directory()
    for code in (A, B):
        known.learn(agency(code))
    return known


def shown(document: Document, events: Sequence[Event]) -> Timeline:
    timeline = show(grown(Life(hub_id=document.hub_id), events), directory())
    assert timeline is not None
    return timeline


def track(codes: Sequence[str], *more: Event) -> Track:
    document = Document(1, A, [B])
    return shown(document, [*document.whole(codes), *more]).recipients[0]


def test_a_line_tells_all_that_happened_in_order() -> None:
    line = track(("01", "03"))
    assert [(moment.kind, moment.code) for moment in line.moments] == [
        (Kind.SENT, ""),
        (Kind.IN_INBOX, ""),
        (Kind.DOWNLOADED, ""),
        (Kind.ACKNOWLEDGED, "done"),
        (Kind.STATUS, "01"),
        (Kind.STATUS, "03"),
    ]
    assert line.times.settled == line.moments[3].at
    assert line.moments[5].note == "Lê Văn Thư"
    assert line.moments[5].claimed_at.startswith("2026/11/20 12:00")  # the reporter's Vietnamese wall clock
    assert line.expected == wording.EXPECTED[State.ACCEPTED]


def test_recipients_keep_the_order_of_the_document_and_their_names() -> None:
    document = Document(1, A, [C, B])
    parties = [line.recipient for line in shown(document, document.whole()).recipients]
    assert [(party.code, party.name) for party in parties] == [(C, ""), (B, f"Cơ quan {B}")]


@pytest.mark.parametrize("sender", [A, C])
def test_a_sender_keeps_the_name_it_wrote_whatever_the_directory_calls_it_now(sender: AgencyCode) -> None:
    """Product rule 14: old documents keep their old name."""
    document = Document(1, sender, [B])
    life = grown(Life(hub_id=document.hub_id), [document.received()])
    entry = summary(life, directory())
    assert entry
    assert entry.sender.name == f"Tên ghi trong văn bản {sender}"
    assert shown(document, [document.received()]).sender.name == entry.sender.name


def test_a_sender_that_wrote_no_name_has_the_directory_s() -> None:
    document = Document(1, A, [B])
    document.header = replace(document.header, sender_name="")
    assert shown(document, [document.received()]).sender.name == f"Cơ quan {A}"


@pytest.mark.parametrize(
    ("codes", "oddities"),
    [
        (("01", "03", "06"), []),
        (("03", "06"), []),
        (("03", "01"), [Oddity.OUT_OF_ORDER]),
        (("02", "03"), [Oddity.REFUSED_AND_ACCEPTED, Oddity.OUT_OF_ORDER]),
        (("03", "02"), [Oddity.REFUSED_AND_ACCEPTED]),
        (("05", "13", "16"), []),
    ],
)
def test_oddities_are_said(codes: tuple[str, ...], oddities: list[Oddity]) -> None:
    assert [warned.oddity for warned in track(codes).warnings] == oddities


def test_a_failed_load_is_said_until_a_status_shows_that_it_was_loaded_after_all() -> None:
    document = Document(1, A, [B])
    failed = [*document.whole(()), document.settled(B, InboxState.FAIL, "ORA-00942")]
    assert [warned.oddity for warned in shown(document, failed).recipients[0].warnings] == [Oddity.LOAD_FAILED]
    assert not shown(document, [*failed, document.reported(B, "01")]).recipients[0].warnings


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("06",), None),
        (("01", "13"), wording.RECALL_EXPECTED),
        (("01", "13", "15"), None),
        (("01", "13", "16"), wording.EXPECTED[State.ARRIVED]),
        (("02",), wording.EXPECTED[State.REFUSED]),
        (("01", "15"), wording.EXPECTED[State.ARRIVED]),
        (("01", "13", "02"), wording.EXPECTED[State.REFUSED]),
        (("02", "13", "15"), None),
    ],
)
def test_what_comes_next(codes: tuple[str, ...], expected: wording.Label | None) -> None:
    assert track(codes).expected == expected


@pytest.mark.parametrize("kind", [BusinessType.RECALL, BusinessType.UPDATE])
@pytest.mark.parametrize(
    ("codes", "expected", "looks", "last"),
    [
        ((), wording.ANSWER_EXPECTED, "done done now ahead", "Trả lời (15/16)"),
        (("01",), wording.ANSWER_EXPECTED, "done done done now ahead", "Trả lời (15/16)"),
        (("15",), None, "done done done done", "Đồng ý lấy lại/cập nhật"),
        (("01", "16"), None, "done done done done bad", "Từ chối lấy lại/cập nhật"),
        (("02",), wording.EXPECTED[State.REFUSED], "done done done bad", "Từ chối tiếp nhận"),
    ],
)
def test_a_recall_or_update_waits_for_its_answer_and_ends_with_it(
    kind: BusinessType, codes: tuple[str, ...], expected: wording.Label | None, looks: str, last: str
) -> None:
    document = Document(1, A, [B], business_type=kind)
    line = shown(document, document.whole(codes)).recipients[0]
    assert line.expected == expected
    assert line.label.vi == (last if expected is not wording.ANSWER_EXPECTED else wording.STATES[line.state].vi)
    drawn = steps(line)
    assert [step.look for step in drawn] == [Look(look) for look in looks.split()]
    assert drawn[-1].label.vi == last
    assert (drawn[-1].at is None) is (drawn[-1].look is Look.AHEAD)


def test_lines_are_counted_by_where_they_stand_so_that_one_return_among_many_is_seen() -> None:
    codes = [AgencyCode(f"000.00.00.H{number:02d}") for number in range(20)]
    document = Document(1, A, codes)
    events = [document.received(), *map(document.planned, codes), *map(document.taken, codes[3:])]
    events += [document.reported(codes[3], "02"), document.reported(codes[4], "06")]
    events += [document.reported(codes[5], "13"), document.reported(codes[5], "15")]
    life = grown(Life(hub_id=document.hub_id), events)
    entry = summary(life, directory())
    assert entry
    counts = [(lot.stand, lot.count) for lot in entry.lots]
    assert counts == [
        (Stage.RETURNED, 1), (Stage.RECALLED, 1), (Stage.WAITING, 3), (Stage.FINISHED, 1), (Stage.PROCESSING, 14),
    ]  # fmt: skip
    timeline = shown(document, events)
    assert timeline.lots == entry.lots
    assert [track.stand for track in timeline.recipients[2:7]] == [
        Stage.WAITING, Stage.RETURNED, Stage.FINISHED, Stage.RECALLED, Stage.PROCESSING,
    ]  # fmt: skip


def test_before_it_is_downloaded_a_recall_goes_the_way_of_any_package() -> None:
    document = Document(1, A, [B], business_type=BusinessType.RECALL)
    (line,) = shown(document, [document.received(), document.planned(B)]).recipients
    assert line.expected == wording.EXPECTED[State.PLANNED]


def test_a_document_taken_back_says_so_and_nothing_is_expected_any_more() -> None:
    document = Document(1, A, [B])
    timeline = shown(document, document.whole(("01", "13", "15")))
    (line,) = timeline.recipients
    assert (timeline.label.vi, line.label.vi, line.expected) == ("Đã lấy lại", "Đã lấy lại", None)
    assert line.state is State.ARRIVED  # what it had come to stays known


def test_a_refusal_at_the_door_says_every_reason_and_what_to_do() -> None:
    document = Document(9, A, [B])
    timeline = shown(document, [document.refused()])
    assert (timeline.stage, timeline.recipients, timeline.verdict) == (Stage.REFUSED, (), None)
    assert timeline.refusal
    (reason,) = timeline.refusal.reasons
    assert (reason.code, reason.field) == ("UNKNOWN_RECIPIENT", "To")
    assert reason.label.vi
    assert reason.fix.vi


def test_a_reason_of_a_newer_catalogue_is_shown_as_it_is() -> None:
    document = Document(9, A, [B])
    timeline = shown(document, [document.refused(code="NEW_REASON")])
    assert timeline.refusal
    assert timeline.refusal.reasons[0].label.vi == "NEW_REASON"


def test_a_document_known_by_its_deliveries_only_is_not_shown_yet() -> None:
    document = Document(1, A, [B])
    life = grown(Life(hub_id=document.hub_id), [document.planned(B)])
    assert show(life, directory()) is None
    assert evidence(life) is None
    assert summary(life, directory()) is None


def test_the_verdict_says_why() -> None:
    document = Document(1, A, [B])
    verdict = Verdict(outcome=Outcome.INVALID, reason="REVOKED")
    timeline = shown(document, [document.received(), document.checked(verdict)])
    assert timeline.verdict
    assert (timeline.verdict.outcome, timeline.verdict.reason) == (Outcome.INVALID, "REVOKED")
    assert "thu hồi" in timeline.verdict.reason_label.vi


def test_every_closed_list_has_its_words() -> None:
    assert set(wording.STATES) == set(State) == set(wording.EXPECTED)
    assert set(wording.RECALLS) == set(Recall)
    assert set(wording.STAGES) == set(wording.LOTS) == set(Stage)
    assert set(wording.ALERTS) == {(channel, outcome) for channel in Channel for outcome in (None, *AlertOutcome)}
    assert set(wording.OUTCOMES) == set(Outcome)
    assert set(wording.INBOX_STATES) == set(InboxState)
    assert {code.value for code in StatusCode} <= {state.value for state in (*State, *Recall)}
    assert wording.reason("A_NEW_WORD").vi == "A_NEW_WORD"
    assert wording.priority(9).vi == "9"


@pytest.mark.parametrize(
    ("codes", "looks"),
    [
        ((), "done done now ahead ahead ahead ahead ahead"),
        (("01",), "done done done now ahead ahead ahead ahead"),
        (("03", "06"), "done done done passed done passed passed done"),
        (("02",), "done done done bad"),
        (("01", "03", "02"), "done done done done done bad"),
        (("01", "15"), "done done done now ahead ahead ahead ahead"),
        (("01", "13", "15"), "done done done done done"),
        (("13",), "done done now ahead ahead ahead ahead ahead"),
    ],
)
def test_the_track_of_a_line(codes: tuple[str, ...], looks: str) -> None:
    assert [step.look for step in steps(track(codes))] == [Look(look) for look in looks.split()]


def test_the_track_of_a_stopped_line_ends_with_the_stop() -> None:
    document = Document(1, A, [B])
    drawn = steps(shown(document, [document.received(), document.refused("policy")]).recipients[0])
    assert [step.look for step in drawn] == [Look.DONE, Look.BAD]
    assert drawn[1].at is not None
