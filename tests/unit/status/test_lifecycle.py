"""Lives are a join-semilattice: order and repetition of events cannot matter, and shown states never fall."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.events import Event, StatusChanged
from hub.model.ids import AgencyCode, EventId
from hub.model.statuses import BusinessType, InboxState, Outcome
from hub.model.values import Verdict
from services.status.life import Life, Recall, Stage, State
from services.status.lifecycle import KEPT_PER_CODE, changes, decided, follow, grown, hub_id_of
from services.status.versions import version_after, version_of
from tests.fakes.lives import Document

A, B, C = AgencyCode("000.00.00.G22"), AgencyCode("000.00.00.H29"), AgencyCode("000.00.00.G12")
STATUSES = ("01", "02", "03", "04", "05", "06", "13", "15", "16")
INVALID = Verdict(outcome=Outcome.INVALID, reason="DIGEST_MISMATCH")


def begin(document: Document) -> Life:
    return Life(hub_id=document.hub_id)


def everything(document: Document, codes: Sequence[str]) -> list[Event]:
    """All that can happen to a document, contradictions included."""
    events = [*document.whole(codes), document.settled(B, InboxState.FAIL, "lỗi"), document.refused("intake")]
    return [*events, *(document.reported(B, "05", f"lần {n}", step=n) for n in range(1, 4))]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """A document's events, and the same in any order with any repetition."""
    document = Document(1, A, [B, C])
    codes = draw(st.lists(st.sampled_from(STATUSES), unique=True))
    events = everything(document, codes)
    if draw(st.booleans()):
        events.append(document.refused("policy", "SIGNATURE_INVALID"))
    repeated = [*events, *draw(st.lists(st.sampled_from(events), max_size=20))]
    return events, draw(st.permutations(repeated))


@given(histories())
@settings(max_examples=300, deadline=None)
def test_any_order_and_any_repetition_give_the_same_life(history: tuple[list[Event], list[Event]]) -> None:
    events, shuffled = history
    hub_id = hub_id_of(events[0])
    assert hub_id is not None
    assert grown(Life(hub_id=hub_id), shuffled) == grown(Life(hub_id=hub_id), events)


@given(histories())
@settings(max_examples=300, deadline=None)
def test_shown_states_never_fall_and_every_growth_has_its_version(history: tuple[list[Event], list[Event]]) -> None:
    _, shuffled = history
    hub_id = hub_id_of(shuffled[0])
    assert hub_id is not None
    life = Life(hub_id=hub_id)
    for event in shuffled:
        after = follow(life, event)
        assert (version_of(after) == version_of(life)) is (after == life)
        assert version_after(version_of(life), life, after) == version_of(after)
        for code, line in life.lines.items():
            assert after.state(after.lines[code]).rank >= life.state(line).rank
            assert after.lines[code].recall.rank >= line.recall.rank
        life = after


@given(histories(), st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_the_order_and_the_batches_what_was_announced_last_is_what_is_shown(
    history: tuple[list[Event], list[Event]], data: st.DataObject
) -> None:
    _, shuffled = history
    hub_id = hub_id_of(shuffled[0])
    assert hub_id is not None
    lives, announced = {hub_id: Life(hub_id=hub_id)}, list[StatusChanged]()
    while shuffled:
        cut = data.draw(st.integers(1, len(shuffled)))
        batch, shuffled = shuffled[:cut], shuffled[cut:]
        told = [change for answer in decided(lives, batch) for change in answer]
        announced.extend(told)
        lives = {hub_id: grown(lives[hub_id], [*batch, *told])}
    life = lives[hub_id]
    for line in life.lines.values():
        moves = [change for change in announced if change.recipient == line.recipient]
        main = [change for change in moves if change.current not in {recall.value for recall in Recall}]
        assert main[0].previous == ""
        assert main[-1].current == life.state(line)
        assert all(one.current == other.previous for one, other in pairwise(main))
        recalls = [change.current for change in moves if change not in main]
        assert (recalls[-1] if recalls else "") == line.recall
    assert len({change.event_id for change in announced}) == len(announced)


@pytest.mark.parametrize(
    ("codes", "state", "recall"),
    [
        ((), State.TAKEN, Recall.NONE),
        (("01",), State.ARRIVED, Recall.NONE),
        (("03",), State.ACCEPTED, Recall.NONE),
        (("03", "01"), State.ACCEPTED, Recall.NONE),
        (("06", "05", "03"), State.FINISHED, Recall.NONE),
        (("01", "02"), State.REFUSED, Recall.NONE),
        (("02", "03"), State.REFUSED, Recall.NONE),
        (("03", "02"), State.REFUSED, Recall.NONE),
        (("01", "13"), State.ARRIVED, Recall.ASKED),
        (("01", "13", "16"), State.ARRIVED, Recall.DECLINED),
        (("15", "13"), State.TAKEN, Recall.AGREED),
        (("16", "15", "13", "03"), State.ACCEPTED, Recall.AGREED),
    ],
)
def test_precedence(codes: tuple[str, ...], state: State, recall: Recall) -> None:
    document = Document(1, A, [B])
    life = grown(begin(document), document.whole(codes))
    assert (life.state(life.lines[B]), life.lines[B].recall) == (state, recall)


@pytest.mark.parametrize(
    ("at_b", "at_c", "stage"),
    [
        ((), (), Stage.PROCESSING),
        (("06",), ("06",), Stage.FINISHED),
        (("06",), ("05",), Stage.PROCESSING),
        (("02",), ("06",), Stage.RETURNED),
        (("13", "15"), ("06",), Stage.FINISHED),
        (("13", "15"), ("01",), Stage.PROCESSING),
        (("13", "15"), ("13", "15"), Stage.RECALLED),
        (("02", "13", "15"), ("06", "15", "13"), Stage.RECALLED),
        (("13", "15"), ("02",), Stage.RETURNED),
        (("13", "16"), ("13", "15"), Stage.PROCESSING),
        # a 15 without a 13 agrees to an update or recall that came as another package: this document goes on
        (("15",), ("06",), Stage.PROCESSING),
        (("15",), ("15",), Stage.PROCESSING),
        (("02", "15"), ("06",), Stage.RETURNED),
        (("06", "15"), ("06",), Stage.FINISHED),
    ],
)
def test_stage_of_a_document(at_b: tuple[str, ...], at_c: tuple[str, ...], stage: Stage) -> None:
    document = Document(1, A, [B, C])
    reports = [*(document.reported(B, code) for code in at_b), *(document.reported(C, code) for code in at_c)]
    assert grown(begin(document), [*document.whole(()), *reports]).stage is stage


@pytest.mark.parametrize("kind", [BusinessType.RECALL, BusinessType.UPDATE])
@pytest.mark.parametrize(
    ("at_b", "at_c", "stage"),
    [
        ((), (), Stage.PROCESSING),
        (("15",), (), Stage.PROCESSING),
        (("15",), ("16",), Stage.FINISHED),
        (("01", "03"), ("15",), Stage.PROCESSING),
        (("06",), ("15",), Stage.FINISHED),
        (("02",), ("15",), Stage.RETURNED),
    ],
)
def test_a_recall_or_update_is_done_when_everybody_has_answered_it(
    kind: BusinessType, at_b: tuple[str, ...], at_c: tuple[str, ...], stage: Stage
) -> None:
    document = Document(1, A, [B, C], business_type=kind)
    reports = [*(document.reported(B, code) for code in at_b), *(document.reported(C, code) for code in at_c)]
    assert grown(begin(document), [*document.whole(()), *reports]).stage is stage


def test_a_replacement_is_a_document_like_any_other() -> None:
    document = Document(1, A, [B], business_type=BusinessType.REPLACE)
    life = grown(begin(document), [*document.whole(("01",)), document.reported(B, "15")])
    assert life.stage is Stage.PROCESSING


def test_a_document_waits_as_long_as_one_recipient_has_not_downloaded_it() -> None:
    document = Document(1, A, [B, C])
    events = [document.received(), document.checked(), document.planned(B), document.planned(C), document.taken(B)]
    life = grown(begin(document), events)
    assert life.stage is Stage.WAITING
    assert follow(life, document.taken(C)).stage is Stage.PROCESSING


def test_a_document_stopped_by_policy_is_stopped_on_every_line() -> None:
    document = Document(1, A, [B, C])
    life = grown(begin(document), [document.refused("policy"), document.received(), document.checked(INVALID)])
    assert {life.state(line) for line in life.lines.values()} == {State.STOPPED}
    assert life.stage is Stage.REFUSED


def test_a_package_refused_first_and_accepted_later_is_accepted() -> None:
    document = Document(1, A, [B])
    refused = follow(begin(document), document.refused("intake"))
    assert refused.stage is Stage.REFUSED
    accepted = follow(refused, document.received())
    assert accepted.refused is None
    assert accepted.stage is Stage.WAITING
    assert accepted.turned  # what happened stays known


def test_deliveries_of_status_messages_are_no_part_of_a_documents_life() -> None:
    document = Document(1, A, [B])
    event = document.taken(B, kind="status")
    assert hub_id_of(event) is None
    assert follow(begin(document), event) == begin(document)
    assert decided({}, [event]) == ((),)


def test_the_earliest_of_two_takings_counts() -> None:
    document = Document(1, A, [B])
    taken = document.taken(B)
    earlier = replace(taken, event_id=EventId("x"), occurred_at=taken.occurred_at - timedelta(hours=1))
    life = grown(begin(document), [taken, earlier])
    first = life.lines[B].taken
    assert first is not None
    assert first.at == earlier.occurred_at


def test_endless_repetition_of_a_status_does_not_grow_the_row_without_end() -> None:
    document = Document(1, A, [B])
    events = [document.reported(B, "05", f"lần {step}", step=step) for step in range(3 * KEPT_PER_CODE)]
    last = document.reported(B, "06")
    life = grown(begin(document), [*reversed(events), last])
    kept = life.lines[B].reports
    assert [report.description for report in kept[:-1]] == [f"lần {step}" for step in range(KEPT_PER_CODE)]
    assert life.state(life.lines[B]) is State.FINISHED


def test_remarks_are_shortened_but_reasons_are_not() -> None:
    """The log holds all; a row holds what a person reads, and a reason (02, 13, 16) is what he looks for."""
    document = Document(1, A, [B])
    long = "Văn bản gửi nhầm cơ quan, đề nghị thu hồi. " * 11
    events = [document.reported(B, code, long, staff=long) for code in ("02", "05", "13", "16")]
    life = grown(begin(document), [*events, document.settled(B, InboxState.FAIL, long)])
    kept = {report.code.value: report for report in life.lines[B].reports}
    assert [kept[code].description for code in ("02", "13", "16")] == [long] * 3
    assert len(kept["05"].description) == 120
    assert kept["05"].description.endswith("…")
    assert {len(report.staff.name) for report in kept.values()} == {80}
    assert len(life.lines[B].settled[0].description) == 120
    assert life.lines[B].reports[0].staff.email == "vanthu@coquan.example"


def test_a_fact_that_takes_another_s_place_is_another_version() -> None:
    document = Document(1, A, [B])
    received, taken = document.received(), document.taken(B)
    reports = [document.reported(B, "05", step=step) for step in range(KEPT_PER_CODE + 1)]
    sooner = timedelta(milliseconds=1)
    full = grown(begin(document), [received, taken, *reports[1:]])
    others = [
        follow(full, reports[0]),  # pushes the last one out
        follow(full, replace(taken, occurred_at=taken.occurred_at - sooner)),  # a repeat with its own, earlier time
        follow(full, replace(received, event_id=EventId("x"), occurred_at=received.occurred_at - sooner)),
    ]
    assert len({version_of(life) for life in (full, *others)}) == 4
    assert version_of(begin(document)) == 0
    assert version_of(grown(begin(document), [*reversed(reports[1:]), taken, received])) == version_of(full)


def test_each_move_is_announced_with_what_readers_need() -> None:
    document = Document(1, A, [B, C])
    events = [document.received(), document.planned(B), document.taken(B), document.reported(B, "01")]
    answers = decided({}, events)
    assert [(change.recipient, change.previous, change.current) for change in answers[0]] == [
        (B, "", "sent"),
        (C, "", "sent"),
    ]
    assert [(change.recipient, change.previous, change.current) for answer in answers[1:] for change in answer] == [
        (B, "sent", "planned"),
        (B, "planned", "taken"),
        (B, "taken", "01"),
    ]
    change = answers[3][0]
    assert change.cause_id == events[3].event_id
    assert change.occurred_at == events[3].occurred_at
    assert (change.document_id, change.sender) == (document.header.document_id, A)


def test_nothing_is_announced_before_the_header_is_known_and_all_of_it_then() -> None:
    document = Document(1, A, [B])
    answers = decided({}, [document.planned(B), document.reported(B, "03"), document.received()])
    assert answers[:2] == ((), ())
    assert [(change.previous, change.current) for change in answers[2]] == [("", "03")]


def test_a_repeated_cause_announces_nothing() -> None:
    document = Document(1, A, [B])
    life = grown(begin(document), [document.received()])
    planned = document.planned(B)
    told = changes(follow(life, planned), planned)
    life = grown(life, [planned, *told])
    assert changes(follow(life, planned), planned) == ()


def test_a_recall_is_announced_on_its_own_track() -> None:
    document = Document(1, A, [B])
    life = grown(begin(document), [*document.whole(("01",))])
    for change in changes(life, document.received()):
        life = follow(life, change)
    asked = document.reported(B, "13", "Gửi nhầm")
    told = changes(follow(life, asked), asked)
    assert [(change.previous, change.current) for change in told] == [("", "13")]
