"""The whole life of a document as events, for tests of the status service."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.model.events import (
    AlertRaised,
    AlertSent,
    DeliveryPlanned,
    DeliverySettled,
    DeliveryTaken,
    DocumentReceived,
    DocumentRefused,
    Event,
    SignatureChecked,
    StatusReported,
)
from hub.model.ids import AgencyCode, DeliveryId, Digest, DocumentId, EventId, HubId, SystemId, digest, event_id, hub_id
from hub.model.statuses import (
    AlertOutcome,
    BusinessType,
    Channel,
    InboxState,
    Outcome,
    SignaturePolicy,
    StatusCode,
)
from hub.model.values import Attachment, DocumentHeader, Package, Refusal, SignatureFinding, Staff, Verdict

NOON = datetime(2026, 11, 20, 5, 0, 0, tzinfo=UTC)
VALID = Verdict(outcome=Outcome.VALID, reason="OK")


class Document:
    """One document; each method gives the event of something that happens to it, a second later than the one before."""

    def __init__(  # noqa: PLR0917 - tests name what they vary, the rest has defaults
        self, number: int, sender: str, recipients: Sequence[str], subject: str = "", start: datetime = NOON,
        priority: int = 0, business_type: BusinessType = BusinessType.NEW,
    ) -> None:  # fmt: skip
        self.start = start
        self._seconds = 0
        self.system = SystemId(f"sys-{sender}")
        self.package = Package(digest=Digest(digest(f"{sender}/{number}/{subject}".encode())), size=123_456)
        document_id = DocumentId(f"{sender},2026/11/20,{number}/UBND-VP")
        self.header = DocumentHeader(
            hub_id=hub_id(AgencyCode(sender), document_id, 0, self.package.digest),
            document_id=document_id,
            business_type=business_type,
            sender=AgencyCode(sender),
            sender_name=f"Tên ghi trong văn bản {sender}",
            recipients=tuple(AgencyCode(code) for code in recipients),
            number=str(number),
            notation="UBND-VP",
            subject=subject or f"V/v báo cáo tình hình thực hiện nhiệm vụ số {number}",
            type_name="Công văn",
            promulgation_date="2026-11-20",
            priority=priority,
            paper=False,
            attachments=(
                Attachment(
                    content_id=f"{number}-1",
                    name=f"{number}-UBND-VP.signed.pdf",
                    content_type="application/pdf",
                    size=98_304,
                    digest=digest(f"{number}".encode()),
                ),
            ),
            package=self.package,
        )

    @property
    def hub_id(self) -> HubId:
        return self.header.hub_id

    def _next(self) -> datetime:
        self._seconds += 1
        return self.start + timedelta(seconds=self._seconds)

    def received(self) -> DocumentReceived:
        return DocumentReceived(
            event_id=event_id(self.hub_id, "received"), occurred_at=self._next(), cause_id="request",
            header=self.header, system_id=self.system,
        )  # fmt: skip

    def refused(self, stage: str = "intake", code: str = "UNKNOWN_RECIPIENT", field: str = "To") -> DocumentRefused:
        return DocumentRefused(
            event_id=event_id(self.hub_id, f"refused.{stage}"), occurred_at=self._next(), cause_id="request",
            hub_id=self.hub_id, document_id=self.header.document_id, sender=self.header.sender, system_id=self.system,
            subject=self.header.subject, stage=stage, package=self.package,
            refusals=(Refusal(code=code, field=field, detail="000.00.00.X99"),),
        )  # fmt: skip

    def checked(self, verdict: Verdict = VALID) -> SignatureChecked:
        finding = SignatureFinding(
            part="envelope", name="", verdict=verdict, signer="CN=Văn phòng,O=Cơ quan mẫu,C=VN",
            issuer="CN=CA thử nghiệm,C=VN", serial="0a1b2c", signing_time="2026-11-20T04:59:00Z", covered="/edXML",
        )  # fmt: skip
        return SignatureChecked(
            event_id=event_id(self.hub_id, "checked"), occurred_at=self._next(), cause_id="received",
            header=self.header, system_id=self.system, verdict=verdict, findings=(finding,),
            policy=SignaturePolicy.REQUIRED, stop=verdict.outcome is not Outcome.VALID,
        )  # fmt: skip

    def planned(self, recipient: str) -> DeliveryPlanned:
        return DeliveryPlanned(
            event_id=event_id(self.hub_id, "planned", recipient), occurred_at=self._next(), cause_id="checked",
            hub_id=self.hub_id, kind="document", sender=self.header.sender, recipient=AgencyCode(recipient),
            agency=AgencyCode(recipient), system_id=SystemId(f"sys-{recipient}"), document_id=self.header.document_id,
            code=self.header.code, subject=self.header.subject, business_type=self.header.business_type,
            priority=self.header.priority, package=self.package, verdict=VALID, status=None,
        )  # fmt: skip

    def _delivery(self, recipient: str) -> DeliveryId:
        return DeliveryId(event_id(self.hub_id, "planned", recipient))

    def taken(self, recipient: str, kind: str = "document") -> DeliveryTaken:
        return DeliveryTaken(
            event_id=event_id(self.hub_id, f"taken.{kind}", recipient), occurred_at=self._next(), cause_id="request",
            delivery_id=self._delivery(recipient), hub_id=self.hub_id, kind=kind, recipient=AgencyCode(recipient),
            system_id=SystemId(f"sys-{recipient}"),
        )  # fmt: skip

    def settled(self, recipient: str, state: InboxState = InboxState.DONE, description: str = "") -> DeliverySettled:
        return DeliverySettled(
            event_id=event_id(self.hub_id, f"settled.{state}", recipient), occurred_at=self._next(), cause_id="request",
            delivery_id=self._delivery(recipient), hub_id=self.hub_id, kind="document",
            recipient=AgencyCode(recipient), state=state, description=description,
            system_id=SystemId(f"sys-{recipient}"),
        )  # fmt: skip

    def reported(
        self, recipient: str, code: str, description: str = "", staff: str = "Lê Văn Thư", step: int = 0
    ) -> StatusReported:
        status = StatusCode(code)
        reporter = self.header.sender if status.from_sender else AgencyCode(recipient)
        at = self._next()
        return StatusReported(
            event_id=event_id(self.hub_id, f"status.{code}.{step}", recipient), occurred_at=at, cause_id="request",
            hub_id=self.hub_id, document_id=self.header.document_id, code=self.header.code, reporter=reporter,
            addressee=AgencyCode(recipient) if status.from_sender else self.header.sender,
            recipient=AgencyCode(recipient), status=status, description=description,
            staff=Staff(department="Văn thư", name=staff, email="vanthu@coquan.example", mobile=""),
            reported_at=(at + timedelta(hours=7)).strftime("%Y/%m/%d %H:%M:%S"), package=self.package,
            system_id=SystemId(f"sys-{reporter}"),
        )  # fmt: skip

    def _alert(self, recipient: str, channel: Channel) -> EventId:
        return event_id(self._delivery(recipient), f"alert.not_fetched.{channel}")

    def alert_raised(self, recipient: str, channel: Channel = Channel.EMAIL) -> AlertRaised:
        return AlertRaised(
            event_id=self._alert(recipient, channel), occurred_at=self._next(), cause_id=self._delivery(recipient),
            delivery_id=self._delivery(recipient), hub_id=self.hub_id, document_id=self.header.document_id,
            recipient=AgencyCode(recipient), agency=AgencyCode(recipient), level="not_fetched", channel=channel,
            contacts=("Trần Thị Trực",), addresses=("truc@coquan.example",), subject=self.header.subject,
            code=self.header.code, waiting_since=self.start,
        )  # fmt: skip

    def alert_sent(
        self, recipient: str, channel: Channel = Channel.EMAIL, outcome: AlertOutcome = AlertOutcome.SENT
    ) -> AlertSent:
        alert = self._alert(recipient, channel)
        return AlertSent(
            event_id=event_id(alert, "alert.sent"), occurred_at=self._next(), cause_id=alert, alert_id=alert,
            hub_id=self.hub_id, recipient=AgencyCode(recipient), level="not_fetched", channel=channel, outcome=outcome,
            detail="250 Ok: queued for <truc@coquan.example>",
        )  # fmt: skip

    def whole(self, codes: Sequence[str] = ("01", "03", "04", "05", "06")) -> list[Event]:
        """Sent, checked, and at each recipient planned, taken, settled and reported with these codes."""
        events: list[Event] = [self.received(), self.checked()]
        events.extend(self.planned(recipient) for recipient in self.header.recipients)
        for recipient in self.header.recipients:
            events.extend((self.taken(recipient), self.settled(recipient)))
            events.extend(self.reported(recipient, code) for code in codes)
        return events
