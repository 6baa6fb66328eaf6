"""Which alerts are due: a recipient has not downloaded a document in time (letter 2887/VPCP-KSTT §1, §5).

An agency without a contact for a channel gets its alert all the same: raised with no addresses and concluded in the
same breath as `no_contact`. So the log, the timeline and the metrics show that nobody could be warned, the decision is
made once like any other, and a contact registered a month later is not flooded with a month of old alerts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.model.events import AlertRaised, AlertSent, Event
from hub.model.ids import AgencyCode, DeliveryId, DocumentId, EventId, HubId, event_id
from hub.model.statuses import AlertOutcome, Channel
from hub.model.values import Contact

NOT_FETCHED = "not_fetched"
"""The one level so far: not downloaded in time."""

ENCODED_WORD = "=?"
"""What an encoded word (RFC 2047) begins with. The mail library decodes those before it writes a header, and `=0D=0A`
in one would end the header and begin another."""

CHANNELS = (Channel.EMAIL, Channel.SMS)
NOBODY = "nobody is registered for this channel"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAILBOX = re.compile(rf"(?=.{{1,64}}@){_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]{{1,63}}(\.[A-Za-z0-9-]{{1,63}})+")  # RFC 5322
_MAILBOX_LIMIT = 254  # RFC 5321 §4.5.3.1.3
_MOBILE = re.compile(r"\+?[0-9]{8,15}")  # E.164, or the national form
_MOBILE_ORNAMENT = str.maketrans("", "", " .-()")
_DETAIL_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One recipient's inbox item that somebody should fetch."""

    delivery_id: DeliveryId
    hub_id: HubId
    document_id: DocumentId
    recipient: AgencyCode
    agency: AgencyCode
    code: str
    subject: str
    planned_at: datetime
    partition: int
    """Partition of its delivery.planned: who owns that, owns the watch."""
    trace: str
    """W3C traceparent of its delivery.planned; empty without a trace."""
    closed: bool
    """Taken or settled: its recipient has it, or has said what is wrong with it."""
    alerted: frozenset[Channel]
    """Channels on which the level was raised already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who is warned on a channel: names and addresses side by side; both empty when nobody can be."""

    contacts: tuple[str, ...]
    addresses: tuple[str, ...]


def reach(channel: Channel, contacts: Sequence[Contact]) -> Reach:
    """All mailboxes for a mail; for an SMS the first contact with a mobile. Unusable addresses count as none."""
    match channel:
        case Channel.EMAIL:
            found: dict[str, str] = {}
            for contact in contacts:
                found.setdefault(mailbox(contact.email), contact.name)
            pairs = [(address, name) for address, name in found.items() if address]
        case Channel.SMS:
            pairs = [(number, contact.name) for contact in contacts if (number := mobile(contact.mobile))][:1]
    return Reach(contacts=tuple(name for _, name in pairs), addresses=tuple(address for address, _ in pairs))


def mailbox(text: str) -> str:
    """The mailbox, or empty when SMTP could not carry it as it stands (no quoting, no SMTPUTF8, no line ends)."""
    address = text.strip(" ")
    fits = len(address) <= _MAILBOX_LIMIT and ENCODED_WORD not in address
    return address if fits and _MAILBOX.fullmatch(address) else ""


def mobile(text: str) -> str:
    """The number without ornament, or empty when it is none."""
    number = text.translate(_MOBILE_ORNAMENT)
    return number if _MOBILE.fullmatch(number) else ""


def due_at(planned_at: datetime, limit: timedelta) -> datetime:
    """When an item planned then is overdue. The event's own time counts, not when we heard of it."""
    return planned_at + limit


def alert_id(delivery_id: DeliveryId, level: str, channel: Channel) -> EventId:
    """Event id of the alert for this item, level and channel: the same whoever decides it, however often."""
    return event_id(delivery_id, f"alert.{level}.{channel}")


def not_fetched(watch: Watch, contacts: Sequence[Contact], limit: timedelta, moment: datetime) -> tuple[Event, ...]:
    """Alerts that this watch is due at `moment`, on the channels that have none yet; () when none is."""
    if watch.closed or moment < due_at(watch.planned_at, limit):
        return ()
    events: list[Event] = []
    for channel in CHANNELS:
        if channel not in watch.alerted:
            raised = _raised(watch, channel, reach(channel, contacts), moment)
            events.append(raised)
            if not raised.addresses:
                events.append(sent(raised, AlertOutcome.NO_CONTACT, NOBODY, moment))
    return tuple(events)


def _raised(watch: Watch, channel: Channel, whom: Reach, moment: datetime) -> AlertRaised:
    return AlertRaised(
        event_id=alert_id(watch.delivery_id, NOT_FETCHED, channel),
        occurred_at=moment,
        cause_id=watch.delivery_id,
        delivery_id=watch.delivery_id,
        hub_id=watch.hub_id,
        document_id=watch.document_id,
        recipient=watch.recipient,
        agency=watch.agency,
        level=NOT_FETCHED,
        channel=channel,
        contacts=whom.contacts,
        addresses=whom.addresses,
        subject=watch.subject,
        code=watch.code,
        waiting_since=watch.planned_at,
    )


def sent(raised: AlertRaised, outcome: AlertOutcome, detail: str, moment: datetime) -> AlertSent:
    """What became of an alert. One id per alert, so the first outcome in the log stands."""
    return AlertSent(
        event_id=event_id(raised.event_id, "alert.sent"),
        occurred_at=moment,
        cause_id=raised.event_id,
        alert_id=raised.event_id,
        hub_id=raised.hub_id,
        recipient=raised.recipient,
        level=raised.level,
        channel=raised.channel,
        outcome=outcome,
        detail=" ".join(detail.split())[:_DETAIL_LIMIT],
    )
