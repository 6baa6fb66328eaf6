from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.events import AlertRaised, AlertSent
from hub.model.ids import AgencyCode, DeliveryId
from hub.model.statuses import AlertOutcome, Channel
from hub.model.values import Contact
from services.notifier.alerts import NOBODY, NOT_FETCHED, alert_id, mailbox, mobile, not_fetched, reach, sent
from tests.fakes.notifier import CONTACTS, LIMIT, NOW, planned, raised, watch_of

DUE = NOW + LIMIT
MOMENT = timedelta(milliseconds=1)


def contact(name: str, *, email: str = "", mobile_number: str = "") -> Contact:
    return Contact(name=name, position="", unit="", mobile=mobile_number, email=email)


def test_a_document_not_fetched_in_time_alerts_on_each_channel() -> None:
    events = not_fetched(watch_of(planned()), CONTACTS, LIMIT, DUE)
    assert [(type(event), event.channel) for event in events if isinstance(event, AlertRaised)] == [
        (AlertRaised, Channel.EMAIL),
        (AlertRaised, Channel.SMS),
    ]
    mail, text = events
    assert isinstance(mail, AlertRaised)
    assert isinstance(text, AlertRaised)
    assert mail.addresses == ("hoa@bnv.gov.vn", "duc@bnv.gov.vn")
    assert mail.contacts == ("Nguyễn Thị Hoa", "Trần Đức")
    assert (text.addresses, text.contacts) == (("0912345678",), ("Nguyễn Thị Hoa",))
    assert mail.waiting_since == NOW
    assert mail.occurred_at == DUE
    assert (mail.cause_id, mail.delivery_id) == (planned().event_id, DeliveryId(planned().event_id))


def test_nothing_is_due_a_moment_before_the_limit() -> None:
    assert not_fetched(watch_of(planned()), CONTACTS, LIMIT, DUE - MOMENT) == ()


def test_nothing_is_due_for_what_was_taken_or_settled() -> None:
    assert not_fetched(watch_of(planned(), closed=True), CONTACTS, LIMIT, DUE + LIMIT) == ()


def test_a_channel_is_alerted_once() -> None:
    half = watch_of(planned(), alerted=(Channel.EMAIL,))
    assert [event.channel for event in not_fetched(half, CONTACTS, LIMIT, DUE) if isinstance(event, AlertRaised)] == [
        Channel.SMS
    ]
    assert not_fetched(watch_of(planned(), alerted=tuple(Channel)), CONTACTS, LIMIT, DUE) == ()


def test_a_repeat_is_the_same_event_whenever_it_is_decided() -> None:
    first = not_fetched(watch_of(planned()), CONTACTS, LIMIT, DUE)
    later = not_fetched(watch_of(planned()), (), LIMIT, DUE + LIMIT)
    assert {event.event_id for event in first} < {event.event_id for event in later}
    assert first[0].event_id == alert_id(DeliveryId(planned().event_id), NOT_FETCHED, Channel.EMAIL)
    assert len({alert_id(DeliveryId(d), NOT_FETCHED, c) for d in "ab" for c in Channel}) == 4


def test_nobody_to_warn_is_raised_and_concluded_in_one_breath() -> None:
    events = not_fetched(watch_of(planned()), (), LIMIT, DUE)
    assert [type(event) for event in events] == [AlertRaised, AlertSent] * 2
    for alert, end in zip(events[::2], events[1::2], strict=True):
        assert isinstance(alert, AlertRaised)
        assert isinstance(end, AlertSent)
        assert alert.addresses == alert.contacts == ()
        assert (end.alert_id, end.outcome, end.detail) == (alert.event_id, AlertOutcome.NO_CONTACT, NOBODY)


def test_only_the_channel_without_a_contact_fails() -> None:
    events = not_fetched(watch_of(planned()), CONTACTS[1:], LIMIT, DUE)
    mail, text, end = events
    assert isinstance(mail, AlertRaised)
    assert isinstance(text, AlertRaised)
    assert isinstance(end, AlertSent)
    assert (mail.channel, text.channel, end.alert_id) == (Channel.EMAIL, Channel.SMS, text.event_id)


def test_a_mail_goes_to_every_mailbox_once_and_an_sms_to_the_first_mobile() -> None:
    contacts = (
        contact("A", email="a@x.gov.vn"),
        contact("B", email="not a mailbox", mobile_number="12"),
        contact("C", email="a@x.gov.vn", mobile_number="+84 (912) 345-678"),
        contact("D", email="d@x.gov.vn", mobile_number="0900000000"),
    )
    assert reach(Channel.EMAIL, contacts).addresses == ("a@x.gov.vn", "d@x.gov.vn")
    assert reach(Channel.EMAIL, contacts).contacts == ("A", "D")
    assert reach(Channel.SMS, contacts).addresses == ("+84912345678",)
    assert reach(Channel.SMS, contacts).contacts == ("C",)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "@x.vn", "a@", "a@b", "a b@x.vn", "a@x.vn\r\nRCPT TO:<evil@x.vn>", "a@x.vn\n", "a@x.vn,b@x.vn",
        "<a@x.vn>", "văn@thư.vn", '"a b"@x.vn', "a@x.vn>", "a@[127.0.0.1]", "a@" + "x" * 250 + ".vn", "a\x00@x.vn",
        "a@-_.vn", ".a@x.vn", "a.@x.vn", "a..b@x.vn", "=?utf-8?q?x=0D=0ABcc=3A_e=40x.vn?=@x.vn", "a" * 65 + "@x.vn",
    ],
)  # fmt: skip
def test_what_smtp_could_not_carry_is_no_mailbox(text: str) -> None:
    assert mailbox(text) == ""


@pytest.mark.parametrize("text", ["", "12", "0912345678\r\nX", "0912345678;0900000000", "call me", "+", "٠٩١٢٣٤٥٦٧٨"])
def test_what_is_no_number_is_no_mobile(text: str) -> None:
    assert mobile(text) == ""


def test_the_outcome_has_one_id_whatever_it_is_and_its_detail_is_one_short_line() -> None:
    alert = raised(planned())
    one = sent(alert, AlertOutcome.SENT, "250 ok", NOW)
    other = sent(alert, AlertOutcome.UNKNOWN, "x\r\ny " * 100, NOW)
    assert one.event_id == other.event_id
    assert "\n" not in other.detail
    assert len(other.detail) <= 200


def test_an_old_code_is_warned_under_the_code_it_was_written_with() -> None:
    watch = replace(watch_of(planned()), recipient=AgencyCode("G01-old"))
    assert {
        event.recipient for event in not_fetched(watch, CONTACTS, LIMIT, DUE) if isinstance(event, AlertRaised)
    } == {"G01-old"}
