"""Alerts to a recipient's contacts, as the document's page shows them: one moment each, in the recipient's line."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hub.model.ids import AgencyCode, EventId, HubId
from hub.model.statuses import AlertOutcome, Channel
from services.status import wording
from services.status.shown import Kind, Moment

_TOLD = (AlertOutcome.SENT, AlertOutcome.NEEDLESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert, on one channel. Of its two events either may still be unknown: topics have no order among each other.

    `raised_at` is None as long as only its outcome is known; `outcome` and `ended_at` are None until that is.
    """

    alert_id: EventId
    hub_id: HubId
    recipient: AgencyCode
    channel: Channel
    raised_at: datetime | None = None
    outcome: AlertOutcome | None = None
    ended_at: datetime | None = None


def moment(alert: Alert) -> Moment | None:
    """What became of the alert, or that it is under way; None when neither is known."""
    at = alert.ended_at or alert.raised_at
    if at is None:
        return None
    label = wording.ALERTS[alert.channel, alert.outcome]
    return Moment(kind=Kind.ALERT, at=at, label=label, code=alert.outcome or "", channel=alert.channel)


def about(recipient: AgencyCode, alerts: Collection[Alert]) -> tuple[Alert, ...]:
    """Those of one line."""
    return tuple(alert for alert in alerts if alert.recipient == recipient)


def nobody_told(alerts: Collection[Alert]) -> bool:
    """True when there were alerts, all have ended, and of none it is sure that it reached anybody."""
    return bool(alerts) and all(alert.outcome is not None and alert.outcome not in _TOLD for alert in alerts)
