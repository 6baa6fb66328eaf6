"""What any keeper of alerts must do: run over the one in memory and over MongoDB."""

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from hub.model.events import AlertSent, Event
from hub.model.record import Recorded
from hub.model.statuses import AlertOutcome, Channel
from hub.wire.topics import topic_of
from services.status.alerts import Alert
from services.status.handlers import Alerts
from tests.fakes.lives import Document

A, B, C = "000.00.00.G22", "000.00.00.H29", "000.00.00.G12"


def recorded(events: Iterable[Event], start: int = 0) -> list[Recorded[Event]]:
    return [
        Recorded(event=event, topic=topic_of(type(event)).name, partition=0, offset=offset)
        for offset, event in enumerate(events, start)
    ]


class AlertsBehaviour:
    """Inherit, and give a fixture `alerts`."""

    async def test_an_alert_tells_when_it_was_raised_and_what_became_of_it(self, alerts: Alerts) -> None:
        document = Document(1, A, [B, C])
        raised, sent = document.alert_raised(B), document.alert_sent(B)
        await alerts.project(recorded([document.received(), raised, sent, document.alert_raised(C, Channel.SMS)]))
        by_recipient = {alert.recipient: alert for alert in await alerts.of(document.hub_id)}
        assert by_recipient[sent.recipient] == Alert(
            alert_id=raised.event_id, hub_id=document.hub_id, recipient=sent.recipient, channel=Channel.EMAIL,
            raised_at=raised.occurred_at, outcome=AlertOutcome.SENT, ended_at=sent.occurred_at,
        )  # fmt: skip
        assert {alert.outcome for alert in by_recipient.values()} == {AlertOutcome.SENT, None}
        assert await alerts.of(Document(2, A, [B]).hub_id) == ()

    @pytest.mark.parametrize("seed", range(8))
    async def test_neither_order_nor_repetition_nor_batches_matter(self, alerts: Alerts, seed: int) -> None:
        """A repeat with another content, as after a crash: the first in the log counts, whichever is met first."""
        document, dice = Document(1, A, [B]), random.Random(seed)  # noqa: S311 - a repeatable shuffle
        raised, sent = document.alert_raised(B), document.alert_sent(B)
        again = replace(document.alert_raised(B), event_id=raised.event_id)
        other = replace(document.alert_sent(B, outcome=AlertOutcome.UNKNOWN), event_id=sent.event_id)
        records = recorded([raised, sent, again, other])
        records += dice.sample(records, 2)
        dice.shuffle(records)
        while records:
            cut = dice.randint(1, len(records))
            await alerts.project(records[:cut])
            records = records[cut:]
        (alert,) = await alerts.of(document.hub_id)
        assert (alert.raised_at, alert.outcome, alert.ended_at) == (
            raised.occurred_at,
            AlertOutcome.SENT,
            sent.occurred_at,
        )

    async def test_an_outcome_may_be_known_before_its_alert(self, alerts: Alerts) -> None:
        document = Document(1, A, [B])
        sent: AlertSent = document.alert_sent(B, Channel.SMS, AlertOutcome.FAILED)
        await alerts.project(recorded([sent]))
        (alert,) = await alerts.of(document.hub_id)
        assert (alert.raised_at, alert.outcome, alert.channel) == (None, AlertOutcome.FAILED, Channel.SMS)
