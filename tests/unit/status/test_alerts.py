"""Alerts on a document's page: one moment each, in words, and what is left for an operator to do."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from hub.model.directory import Directory
from hub.model.ids import AgencyCode
from hub.model.statuses import AlertOutcome, Channel, InboxState
from services.status import wording
from services.status.alerts import Alert, moment
from services.status.life import Life
from services.status.lifecycle import grown
from services.status.shown import Kind, Oddity, Track
from services.status.timeline import show
from tests.fakes.lives import NOON, Document
from tests.fakes.status import FakeAlerts
from tests.unit.status.alerts_behaviour import AlertsBehaviour, recorded
from tests.unit.status.site import Site

A, B, C = AgencyCode("000.00.00.G22"), AgencyCode("000.00.00.H29"), AgencyCode("000.00.00.G12")
EMAIL, SMS = Channel.EMAIL, Channel.SMS
SENT, FAILED, UNKNOWN = AlertOutcome.SENT, AlertOutcome.FAILED, AlertOutcome.UNKNOWN
NEEDLESS, NO_CONTACT = AlertOutcome.NEEDLESS, AlertOutcome.NO_CONTACT


class TestInMemory(AlertsBehaviour):
    @pytest.fixture
    def alerts(self) -> FakeAlerts:
        return FakeAlerts()


def alert(document: Document, channel: Channel, outcome: AlertOutcome | None, recipient: AgencyCode = B) -> Alert:
    raised = document.alert_raised(recipient, channel)
    return Alert(
        alert_id=raised.event_id, hub_id=document.hub_id, recipient=recipient, channel=channel, outcome=outcome,
        raised_at=NOON + timedelta(minutes=30), ended_at=NOON + timedelta(minutes=31) if outcome else None,
    )  # fmt: skip


def lines(document: Document, alerts: Sequence[Alert], *, taken: bool = False) -> Sequence[Track]:
    events = [document.received(), *(document.planned(code) for code in document.header.recipients)]
    if taken:
        events += [document.taken(code) for code in document.header.recipients]
    timeline = show(grown(Life(hub_id=document.hub_id), events), Directory(), alerts)
    assert timeline
    return timeline.recipients


def test_each_alert_is_one_moment_at_the_time_of_its_last_news() -> None:
    document = Document(1, A, [B, C])
    first, second = lines(document, [alert(document, EMAIL, SENT), alert(document, SMS, None)])
    told = [(each.at, each.code, each.channel, each.label.vi) for each in first.moments if each.kind is Kind.ALERT]
    assert told == [
        (NOON + timedelta(minutes=30), "", "sms", "Đang nhắc qua tin nhắn"),
        (NOON + timedelta(minutes=31), "sent", "email", "Đã nhắc qua thư điện tử"),
    ]
    assert Kind.ALERT not in {each.kind for each in second.moments}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("outcome", [None, *AlertOutcome])
def test_every_outcome_on_every_channel_has_words_of_its_own(channel: Channel, outcome: AlertOutcome | None) -> None:
    label = wording.ALERTS[channel, outcome]
    assert [other for other in wording.ALERTS.values() if label.vi == other.vi or label.en == other.en] == [label]


def test_an_alert_without_any_moment_is_not_shown() -> None:
    nothing = Alert(alert_id=Document(1, A, [B]).alert_raised(B).event_id, hub_id=Document(1, A, [B]).hub_id,
                    recipient=B, channel=EMAIL)  # fmt: skip
    assert moment(nothing) is None


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((), False),
        ((FAILED, NO_CONTACT), True),
        ((UNKNOWN, NO_CONTACT), True),
        ((FAILED, None), False),
        ((SENT, FAILED), False),
        ((NEEDLESS, FAILED), False),
    ],
)
def test_that_nobody_may_have_been_told_is_said_as_long_as_the_document_lies_there(
    outcomes: tuple[AlertOutcome | None, ...], *, said: bool
) -> None:
    document = Document(1, A, [B])
    alerts = [alert(document, channel, outcome) for channel, outcome in zip(Channel, outcomes, strict=False)]
    (waiting,) = lines(document, alerts)
    assert (Oddity.NOBODY_TOLD in {warned.oddity for warned in waiting.warnings}) is said
    (taken,) = lines(document, alerts, taken=True)
    assert not taken.warnings


def test_who_reported_a_failed_load_has_the_document() -> None:
    document = Document(1, A, [B])
    events = [document.received(), document.planned(B), document.settled(B, InboxState.FAIL, "ORA-00942")]
    timeline = show(grown(Life(hub_id=document.hub_id), events), Directory(), [alert(document, EMAIL, FAILED)])
    assert timeline
    assert [warned.oddity for warned in timeline.recipients[0].warnings] == [Oddity.LOAD_FAILED]


async def test_operators_and_the_parties_of_a_line_see_its_alerts_and_no_gateway_s_words() -> None:
    site, document = Site(), Document(1, A, [B, C])
    site.keep(document, [document.received(), document.planned(B), document.planned(C)])
    sms = [document.alert_raised(C, SMS), document.alert_sent(C, SMS, UNKNOWN)]
    await site.alerts.project(recorded([document.alert_raised(B), document.alert_sent(B), *sms]))
    page = (await site.get(f"/console/documents/{document.hub_id}")).text
    assert "Đã nhắc qua thư điện tử" in page
    assert "Không rõ tin nhắn có đến không" in page
    assert "hãy gọi điện cho nơi nhận" in page
    answer = await site.get(f"/api/v1/documents/{document.hub_id}", B)
    moments = answer.json()["recipients"][0]["moments"]
    assert [(each["kind"], each["code"], each["channel"]) for each in moments][-1] == ("alert", "sent", "email")
    assert [each["channel"] for each in moments[:-1]] == [None, None]
    for text in (page, answer.text):
        assert "truc@coquan.example" not in text
