"""One item for each recipient, once; a refusal instead when policy says so; and nobody is left in the dark."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model import ids
from hub.model.events import DeliveryPlanned, DocumentRefused, Event
from hub.model.ids import AgencyCode, EventId, SystemId
from hub.model.statuses import BusinessType, Outcome, StatusCode
from hub.model.values import SignatureFinding, Verdict
from services.router import forwarding, routing
from services.router.delivery import DOCUMENT, STATUS
from services.router.forwarding import Concerned, Standing
from services.router.routing import NOTHING_PLANNED, Planned, Route, Routes
from tests.fakes.events import NOW
from tests.fakes.router import HUB, PACKAGE, checked, reported


def routes(*codes: str) -> Routes:
    return Routes(
        by_code={AgencyCode(code): Route(agency=AgencyCode(code), system_id=SystemId(f"s-{code}")) for code in codes},
        hub=HUB, at=NOW,
    )  # fmt: skip


def known(*events: Event) -> Planned:
    """What an inbox says after these events."""
    items = [event for event in events if isinstance(event, DeliveryPlanned)]
    return Planned(
        events=frozenset(event.event_id for event in events),
        recipients=frozenset(event.recipient for event in items if event.kind == DOCUMENT),
        refused=any(isinstance(event, DocumentRefused) for event in events),
    )


def items(events: tuple[Event, ...]) -> list[DeliveryPlanned]:
    return [event for event in events if isinstance(event, DeliveryPlanned)]


def test_every_recipient_gets_an_item_under_the_code_the_sender_wrote() -> None:
    to = Route(agency=AgencyCode("000.00.00.G22"), system_id=SystemId("vpcp"))
    by_code = {**routes("G01", "G23").by_code, AgencyCode("01.01.G22"): to}
    facts = Routes(by_code=by_code, hub=HUB, at=NOW)
    first, second = items(routing.plan(checked("01.01.G22", "G23"), facts, NOTHING_PLANNED))
    assert (first.recipient, first.agency, first.system_id) == ("01.01.G22", "000.00.00.G22", "vpcp")
    assert (second.recipient, second.agency, second.kind) == ("G23", "G23", DOCUMENT)
    assert (first.package, first.verdict, first.status) == (PACKAGE, checked("G23").verdict, None)
    assert (first.hub_id, first.priority, first.occurred_at) == (checked("01.01.G22", "G23").header.hub_id, 1, NOW)


def test_an_agency_without_a_connection_is_planned_for_all_the_same() -> None:
    nobody = Route(agency=AgencyCode("G23"), system_id=SystemId(""))
    by_code = {**routes("G01").by_code, AgencyCode("G23"): nobody}
    (item,) = items(routing.plan(checked("G23"), Routes(by_code=by_code, hub=HUB, at=NOW), NOTHING_PLANNED))
    assert (item.agency, item.system_id) == ("G23", "")


def test_a_repeat_decides_nothing_and_ids_stay() -> None:
    event, facts = checked("G22", "G23"), routes("G01", "G22", "G23")
    first = routing.plan(event, facts, NOTHING_PLANNED)
    assert routing.plan(event, facts, known(*first)) == ()
    again = routing.plan(event, replace(facts, at=NOW.replace(year=2027)), NOTHING_PLANNED)
    assert [each.event_id for each in again] == [each.event_id for each in first]


@given(st.sets(st.integers(0, 19)))
def test_a_plan_appended_in_part_is_completed_and_only_that(landed: set[int]) -> None:
    codes = [f"G{number:02d}" for number in range(20)]
    event, facts = checked(*codes, sender="H01"), routes("H01", *codes)
    whole = routing.plan(event, facts, NOTHING_PLANNED)
    rest = routing.plan(event, facts, known(*(whole[number] for number in landed)))
    assert rest == tuple(each for number, each in enumerate(whole) if number not in landed)


def test_what_policy_stops_is_refused_and_told_to_the_sender_alone() -> None:
    refused, told = routing.plan(checked("G22", stop=True), routes("G01", "G22"), NOTHING_PLANNED)
    assert isinstance(refused, DocumentRefused)
    assert (refused.stage, refused.sender, refused.package) == ("policy", "G01", PACKAGE)
    assert [(each.code, each.field, each.detail) for each in refused.refusals] == [
        ("SIGNATURE_INVALID", "envelope", "DIGEST_MISMATCH")
    ]
    assert isinstance(told, DeliveryPlanned)
    assert (told.kind, told.sender, told.recipient, told.system_id) == (STATUS, HUB, "G01", "s-G01")
    assert (told.status, told.verdict) == (StatusCode.REFUSED, None)


@pytest.mark.parametrize("landed", [0, 1])
def test_a_refusal_appended_in_part_is_completed(landed: int) -> None:
    event, facts = checked("G22", stop=True), routes("G01", "G22")
    whole = routing.plan(event, facts, NOTHING_PLANNED)
    assert routing.plan(event, facts, known(whole[landed])) == (whole[1 - landed],)
    assert routing.plan(replace(event, stop=False), facts, known(whole[landed])) == (whole[1 - landed],)
    assert routing.plan(event, facts, known(*whole)) == ()


def test_who_has_got_the_document_keeps_it_whatever_a_repeated_verdict_says() -> None:
    event, facts = checked("G22", "G23"), routes("G01", "G22", "G23")
    first, second = routing.plan(event, facts, NOTHING_PLANNED)
    assert routing.plan(replace(event, stop=True), facts, known(first)) == (second,)
    assert routing.notices(replace(event, stop=True), facts, known(first)) == ()


def test_a_refused_document_stays_refused_whatever_another_verdict_says() -> None:
    facts = routes("G01", "G22")
    whole = routing.plan(checked("G22", stop=True), facts, NOTHING_PLANNED)
    another = replace(checked("G22"), event_id=EventId("another"))
    assert routing.plan(another, facts, known(*whole)) == ()
    assert routing.notices(another, facts, known(*whole)) == ()


def test_a_recipient_nobody_knows_any_more_is_told_to_the_sender() -> None:
    event, facts = checked("G22", "X99"), routes("G01", "G22")
    item, told = items(routing.plan(event, facts, NOTHING_PLANNED))
    assert (item.recipient, item.kind) == ("G22", DOCUMENT)
    assert (told.recipient, told.kind, told.status, told.sender) == ("G01", STATUS, StatusCode.REFUSED, HUB)
    (notice,) = routing.notices(event, facts, NOTHING_PLANNED)
    assert told.package == notice.package
    assert "X99" in notice.content.decode()


def test_a_sender_nobody_knows_any_more_has_an_inbox_under_its_own_code() -> None:
    told = items(routing.plan(checked("G22", stop=True), routes("G22"), NOTHING_PLANNED))[-1]
    assert (told.agency, told.system_id) == ("G01", "")


def test_notices_are_the_same_bytes_every_time_and_name_document_reason_and_remedy() -> None:
    event = checked("G22", stop=True)
    (one,) = routing.notices(event, routes("G01", "G22"), NOTHING_PLANNED)
    (other,) = routing.notices(event, replace(routes("G01", "G22"), at=NOW.replace(year=2030)), NOTHING_PLANNED)
    assert one == other
    assert one.package.digest == ids.digest(one.content)
    text = one.content.decode()
    for part in (event.header.document_id, event.header.code, "2026/11/20 09:15:02", "không hợp lệ", "Ký lại", "02<"):
        assert part in text


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.ABSENT, "SIGNATURE_ABSENT"), (Outcome.INVALID, "SIGNATURE_INVALID"),
        (Outcome.INDETERMINATE, "SIGNATURE_INDETERMINATE"), (Outcome.VALID, "SIGNATURE_INDETERMINATE"),
    ],
)  # fmt: skip
def test_every_outcome_that_stops_a_document_has_its_reason(outcome: Outcome, code: str) -> None:
    stopped = replace(checked("G22", stop=True), verdict=Verdict(outcome=outcome, reason="WHY"), findings=())
    refused = routing.plan(stopped, routes("G01", "G22"), NOTHING_PLANNED)[0]
    assert isinstance(refused, DocumentRefused)
    assert [(each.code, each.detail) for each in refused.refusals] == [(code, "WHY")]


def test_each_signature_that_does_not_hold_is_named() -> None:
    bad = Verdict(outcome=Outcome.INVALID, reason="PDF_BYTERANGE")
    finding = SignatureFinding(
        part="cid1", name="phu-luc.pdf", verdict=bad, signer="", issuer="", serial="", signing_time="", covered=""
    )
    event = checked("G22", stop=True)
    refused = routing.plan(replace(event, findings=(*event.findings, finding)), routes("G01"), NOTHING_PLANNED)[0]
    assert isinstance(refused, DocumentRefused)
    assert [each.field for each in refused.refusals] == ["envelope", "phu-luc.pdf"]


def test_a_status_message_goes_to_whom_it_names_as_it_was_sent() -> None:
    document = checked("G22")
    concerned = Concerned(subject="V/v", business_type=BusinessType.UPDATE, priority=3)
    (item,) = items(forwarding.forward(reported(document, "G22"), routes("G01", "G22"), Standing(concerned=concerned)))
    assert (item.kind, item.sender, item.recipient, item.system_id) == (STATUS, "G22", "G01", "s-G01")
    assert (item.package, item.status, item.verdict) == (PACKAGE, StatusCode.ACCEPTED, None)
    assert (item.subject, item.priority, item.business_type) == ("V/v", 3, BusinessType.UPDATE)
    there = Standing(there=frozenset({item.event_id}))
    assert forwarding.forward(reported(document, "G22"), routes("G01"), there) == ()


def test_a_status_about_a_document_that_policy_stopped_reaches_nobody() -> None:
    document = checked("G22", stop=True)
    asked_back = replace(
        reported(document, "G22", StatusCode.RECALL_ASKED), reporter=AgencyCode("G01"), addressee=AgencyCode("G22")
    )
    for status in (reported(document, "G22"), asked_back):
        assert forwarding.forward(status, routes("G01", "G22"), Standing(refused=True)) == ()
        assert len(forwarding.forward(status, routes("G01", "G22"), Standing())) == 1


def test_reasons_are_not_without_end() -> None:
    event = checked("G22", stop=True)
    many = tuple(replace(event.findings[0], name="x" * 255, part=f"cid{number}") for number in range(100))
    refused = routing.plan(replace(event, findings=many), routes("G01"), NOTHING_PLANNED)[0]
    assert isinstance(refused, DocumentRefused)
    assert len(refused.refusals) == 20
