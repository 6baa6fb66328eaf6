"""SendAlert, crashed at each of its steps, by one process or two: one SMS at most leaves, one distinct mail at most."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import AlertRaised
from hub.model.statuses import AlertOutcome, Channel
from services.notifier import alerts
from services.notifier.app import GuardedClock
from services.notifier.attempts import FOREIGN, INTERRUPTED, NEEDLESS, Answer, Handover, Holder, Send
from services.notifier.clock_guard import NEVER_BELIEVED
from services.notifier.handlers import Concluded, Gateways, SendAlert
from services.notifier.messages import Mail
from tests.fakes.events import agency
from tests.fakes.notifier import (
    NOW,
    PATIENCE,
    FakeAttempts,
    FakeBook,
    FakeGateway,
    SettableClock,
    planned,
    raised,
    record,
    taken,
)


class Killed(BaseException):
    """The process died here."""


class Service:
    """Book and gateways that outlive processes, and processes that die at will."""

    def __init__(self) -> None:
        self.book = FakeBook()
        self.book.custody = {0: 0}
        self.mail, self.sms = FakeGateway(), FakeGateway()
        self.clock = SettableClock()
        self.directory = Directory()
        self.directory.learn(agency("000.00.00.G22"))
        self.directory.learn(agency("000.00.00.G01"))
        self.lives = 0
        self._offset = 0

    async def raise_(self, alert: AlertRaised) -> AlertRaised:
        await self.book.project([record(planned()), record(alert)])
        return alert

    def process(
        self,
        instance: str = "a",
        *,
        attempts: Callable[[Holder], FakeAttempts] | None = None,
        recording: Callable[[Concluded], Awaitable[None]] | None = None,
        steady: Callable[[], datetime] | None = None,
    ) -> SendAlert:
        self.lives += 1
        holder = Holder(instance=instance, life=str(self.lives))
        return SendAlert(
            book=self.book,
            tries=attempts(holder) if attempts else FakeAttempts(self.book, holder),
            gateways=Gateways(self.mail, self.sms, self.directory, "hub@hub.local"),
            record=recording or self.record,
            patience=PATIENCE,
            holder=holder,
            clock=self.clock,
            steady=steady or self.clock,
            patiently=patiently,
        )

    async def record(self, end: Concluded) -> None:
        self._offset += 1
        event = alerts.sent(end.raised, end.outcome, end.detail, end.moment)
        await self.book.project([record(event, self._offset)])

    def outcome(self, alert: AlertRaised) -> tuple[AlertOutcome, str] | None:
        sent = self.book.outcome(alert)
        return (sent.outcome, sent.detail) if sent else None


async def patiently(deed: Callable[[], Awaitable[None]]) -> None:
    for _ in range(5):
        try:
            return await deed()
        except Transient:
            await asyncio.sleep(0)
    raise AssertionError("not patient enough")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.mark.parametrize("channel", list(Channel))
async def test_an_alert_is_sent_once_and_says_so(service: Service, channel: Channel) -> None:
    alert = await service.raise_(raised(planned(), channel))
    process = service.process()
    assert await process(alert.event_id) is None
    assert await process(alert.event_id) is None
    gateway = service.mail if channel is Channel.EMAIL else service.sms
    assert len(gateway.took) == 1
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")


async def test_died_between_raised_and_the_attempt_row_it_is_sent_by_the_next_life(service: Service) -> None:
    class Dying(FakeAttempts):
        async def begin(self, raised: AlertRaised, made: Send, moment: datetime) -> bool:  # noqa: ARG002 - the port's
            raise Killed

    alert = await service.raise_(raised(planned()))
    with pytest.raises(Killed):
        await service.process(attempts=lambda holder: Dying(service.book, holder))(alert.event_id)
    assert service.mail.tried == 0
    assert await service.process()(alert.event_id) is None
    assert len(service.mail.took) == 1
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")


class DiesAfterRow(FakeAttempts):
    async def begin(self, raised: AlertRaised, made: Send, moment: datetime) -> bool:
        await super().begin(raised, made, moment)
        raise Killed


async def dies_after_message(_: Concluded) -> None:
    raise Killed


async def killed(service: Service, alert: AlertRaised, point: str) -> None:
    """Let process `a` die between the attempt row and the message, or between the message and its outcome."""
    if point == "after-row":
        dying = service.process(attempts=lambda holder: DiesAfterRow(service.book, holder))
    else:
        dying = service.process(recording=dies_after_message)
    with pytest.raises(Killed):
        await dying(alert.event_id)


POINTS = [("after-row", 0), ("after-message", 1)]


@pytest.mark.parametrize(("point", "left"), POINTS)
async def test_an_sms_that_may_have_left_is_unknown_and_never_sent_again(
    service: Service, point: str, left: int
) -> None:
    alert = await service.raise_(raised(planned(), Channel.SMS))
    await killed(service, alert, point)
    assert await service.process()(alert.event_id) is None
    assert service.sms.tried == left
    assert service.outcome(alert) == (AlertOutcome.UNKNOWN, INTERRUPTED)


@pytest.mark.parametrize(("point", "left"), POINTS)
async def test_a_mail_that_may_have_left_is_sent_again_as_it_was(service: Service, point: str, left: int) -> None:
    alert = await service.raise_(raised(planned()))
    await killed(service, alert, point)
    process = service.process()
    assert await process(alert.event_id) == PATIENCE.first_pause
    service.clock.forward(seconds=5)
    assert await process(alert.event_id) is None
    assert service.mail.tried == left + 1
    assert len(set(service.mail.took)) == 1  # the same bytes, Message-ID among them, to the same mailboxes
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")


@pytest.mark.parametrize("channel", list(Channel))
async def test_another_process_waits_for_the_dead_one(service: Service, channel: Channel) -> None:
    alert = await service.raise_(raised(planned(), channel))
    await killed(service, alert, "after-message")
    other = service.process("b")
    assert await other(alert.event_id) == PATIENCE.attempt_limit
    service.clock.forward(seconds=PATIENCE.attempt_limit.total_seconds())
    assert await other(alert.event_id) is None
    assert (service.mail.tried, service.sms.tried) == ((2, 0) if channel is Channel.EMAIL else (0, 1))
    assert len({*service.mail.took, *service.sms.took}) == 1
    outcome = service.outcome(alert)
    assert outcome is not None
    assert outcome[0] is (AlertOutcome.SENT if channel is Channel.EMAIL else AlertOutcome.UNKNOWN)


async def test_of_two_processes_one_sends(service: Service) -> None:
    alert = await service.raise_(raised(planned()))
    service.mail.free.clear()
    one = asyncio.create_task(service.process("a")(alert.event_id))
    two = asyncio.create_task(service.process("b")(alert.event_id))
    await asyncio.sleep(0.01)
    service.mail.free.set()
    assert {await one, await two} == {None, PATIENCE.attempt_limit}
    assert len(service.mail.took) == 1


async def test_not_taken_is_tried_again_later_and_by_anybody(service: Service) -> None:
    service.mail.will(Handover.NOT_TAKEN, Handover.NOT_TAKEN)
    alert = await service.raise_(raised(planned()))
    assert await service.process("a")(alert.event_id) == timedelta(seconds=5)
    assert await service.process("b")(alert.event_id) == timedelta(seconds=5)
    service.clock.forward(seconds=5)
    assert await service.process("b")(alert.event_id) == timedelta(seconds=10)
    service.clock.forward(seconds=10)
    assert await service.process("a")(alert.event_id) is None
    assert (service.mail.tried, len(service.mail.took)) == (3, 1)
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")


async def test_in_the_end_it_failed(service: Service) -> None:
    service.mail.will(*[Handover.NOT_TAKEN] * 50)
    alert = await service.raise_(raised(planned()))
    process, pause = service.process(), await service.process()(alert.event_id)
    while pause is not None:
        service.clock.forward(seconds=pause.total_seconds())
        pause = await process(alert.event_id)
    assert service.outcome(alert) == (AlertOutcome.FAILED, "fake not_taken")
    assert service.clock.now - NOW >= PATIENCE.give_up
    assert service.mail.tried < 40


async def test_an_sms_in_doubt_is_unknown_and_asked_no_more(service: Service) -> None:
    service.sms.will(Handover.IN_DOUBT)
    alert = await service.raise_(raised(planned(), Channel.SMS))
    process = service.process()
    for _ in range(2):
        assert await process(alert.event_id) is None
    assert service.outcome(alert) == (AlertOutcome.UNKNOWN, "fake in_doubt")
    assert service.sms.tried == 1


async def test_a_refusal_failed(service: Service) -> None:
    service.sms.will(Handover.REFUSED)
    alert = await service.raise_(raised(planned(), Channel.SMS))
    assert await service.process()(alert.event_id) is None
    assert service.outcome(alert) == (AlertOutcome.FAILED, "fake refused")


async def test_a_mail_in_doubt_is_sent_again_until_the_answer_is_definite(service: Service) -> None:
    service.mail.will(Handover.IN_DOUBT, Handover.NOT_TAKEN)
    alert = await service.raise_(raised(planned()))
    process = service.process()
    for seconds in (5, 10):
        assert await process(alert.event_id) == timedelta(seconds=seconds)
        service.clock.forward(seconds=seconds)
    assert await process(alert.event_id) is None
    assert (service.mail.tried, len(set(service.mail.took))) == (3, 1)
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")


async def test_a_mail_that_stays_in_doubt_is_unknown_in_the_end(service: Service) -> None:
    service.mail.will(*[Handover.IN_DOUBT, *[Handover.NOT_TAKEN] * 50])
    alert = await service.raise_(raised(planned()))
    process = service.process()
    while (pause := await process(alert.event_id)) is not None:
        service.clock.forward(seconds=pause.total_seconds())
    assert service.outcome(alert) == (AlertOutcome.UNKNOWN, "fake not_taken")


async def test_mailboxes_that_were_put_off_are_tried_later_alone(service: Service) -> None:
    service.mail.answers.append(Answer(handover=Handover.TAKEN, detail="250", later=("duc@bnv.gov.vn",)))
    alert = await service.raise_(raised(planned()))
    process = service.process()
    assert await process(alert.event_id) == timedelta(seconds=5)
    service.clock.forward(seconds=5)
    assert await process(alert.event_id) is None
    first, second = service.mail.took
    assert isinstance(first, Mail)
    assert isinstance(second, Mail)
    assert (first.recipients, second.recipients) == (("hoa@bnv.gov.vn", "duc@bnv.gov.vn"), ("duc@bnv.gov.vn",))
    assert first.content == second.content
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
async def test_a_clock_that_jumps_gives_no_waiting_alert_up(service: Service, jump: timedelta) -> None:
    service.mail.will(*[Handover.NOT_TAKEN] * 3)
    alert = await service.raise_(raised(planned()))
    monotonic = 0.0
    steady = GuardedClock(service.clock, lambda: monotonic, NEVER_BELIEVED)
    process = service.process(steady=steady)
    assert await process(alert.event_id) == timedelta(seconds=5)
    service.clock.now += jump
    for seconds in (5, 10, 20):
        service.clock.forward(seconds=seconds)
        monotonic += seconds
        pause = await process(alert.event_id)
    assert pause is None
    assert service.mail.tried == 4
    sent = service.book.outcome(alert)
    assert sent is not None
    assert (sent.outcome, sent.occurred_at) == (AlertOutcome.SENT, service.clock.now)


async def test_a_document_fetched_meanwhile_is_not_complained_about(service: Service) -> None:
    service.mail.will(Handover.NOT_TAKEN)
    alert = await service.raise_(raised(planned()))
    process = service.process()
    await process(alert.event_id)
    await service.book.project([record(taken(planned()))])
    service.clock.forward(seconds=5)
    assert await process(alert.event_id) is None
    assert service.mail.took == []
    assert service.outcome(alert) == (AlertOutcome.NEEDLESS, NEEDLESS)


async def test_after_a_replay_into_a_fresh_database_old_alerts_are_unknown_and_new_ones_are_sent(
    service: Service,
) -> None:
    old, new = raised(planned("old")), raised(planned("new"))
    service.book.custody = {0: 5}
    await service.book.project([record(old, 4), record(new, 5)])
    process = service.process()
    assert await process(old.event_id) is None
    assert await process(new.event_id) is None
    assert service.outcome(old) == (AlertOutcome.UNKNOWN, FOREIGN)
    assert service.outcome(new) == (AlertOutcome.SENT, "250 taken")


async def test_a_message_that_cannot_be_written_failed(service: Service) -> None:
    alert = await service.raise_(replace(raised(planned()), addresses=("a@x.vn\nBcc: e@x.vn",), contacts=("A",)))
    assert await service.process()(alert.event_id) is None
    assert service.mail.tried == 0
    outcome = service.outcome(alert)
    assert outcome is not None
    assert outcome[0] is AlertOutcome.FAILED


async def test_nothing_leaves_while_the_database_is_away(service: Service) -> None:
    alert = await service.raise_(raised(planned()))
    service.book.away = True
    with pytest.raises(Transient):
        await service.process()(alert.event_id)
    assert service.mail.tried == 0


async def test_what_left_is_written_down_however_long_that_takes(service: Service) -> None:
    failures = 3

    async def unsure(end: Concluded) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise Transient("kafka", "away")
        await service.record(end)

    alert = await service.raise_(raised(planned()))
    assert await service.process(recording=unsure)(alert.event_id) is None
    assert service.mail.tried == 1
    assert service.outcome(alert) == (AlertOutcome.SENT, "250 taken")
