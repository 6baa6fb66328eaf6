"""What every book and its attempt rows do: run over the one in memory and over MongoDB."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from hub.model.events import DeliveryPlanned, Event
from hub.model.ids import DeliveryId
from hub.model.statuses import AlertOutcome, Channel, InboxState
from services.notifier.alerts import sent
from services.notifier.attempts import Attempt, Holder, Postpone, Progress, Send, State
from services.notifier.handlers import Attempts, Book
from tests.fakes.notifier import LIMIT, NOW, TRACE, planned, raised, record, settled, taken

OURS = frozenset({0, 1})
US = Holder(instance="a", life="1")
THEM = Holder(instance="b", life="1")


class Rows(ABC):
    """A book with its attempts and custody."""

    book: Book

    @abstractmethod
    def attempts(self, holder: Holder) -> Attempts:
        """Attempt rows as this process writes them."""

    @abstractmethod
    async def keep_custody(self, partition: int, offset: int) -> None:
        """Attempts are known from this offset of alert.raised on."""

    @abstractmethod
    async def clear(self) -> None:
        """Drop all projected rows."""

    @abstractmethod
    async def contents(self) -> object:
        """All projected rows, comparable."""


DOUBT = Progress(in_doubt=True)
PARTLY = Progress(in_doubt=True, remaining=("duc@bnv.gov.vn",))


async def attempt(rows: Rows) -> Attempt:
    """The attempt row of the one mail."""
    case = await rows.book.case(raised(planned()).event_id)
    assert case is not None
    assert case.attempt is not None
    return case.attempt


def delivery_id(delivery: DeliveryPlanned) -> DeliveryId:
    return DeliveryId(delivery.event_id)


class BookBehaviour:
    """Subclasses give the fixture `rows`."""

    @pytest.mark.parametrize("late", [0, 1])
    async def test_a_watch_is_due_from_its_moment_on(self, rows: Rows, late: int) -> None:
        await rows.book.project([record(planned())])
        due = await rows.book.due(NOW - timedelta(milliseconds=1 - late), OURS)
        assert [watch.delivery_id for watch in due] == [delivery_id(planned())][:late]
        assert await rows.book.earliest(OURS) == NOW

    async def test_a_watch_knows_its_document_and_its_trace(self, rows: Rows) -> None:
        await rows.book.project([record(planned(subject="$sum của {}"), 4, partition=1)])
        (watch,) = await rows.book.due(NOW, OURS)
        assert (watch.hub_id, watch.document_id, watch.recipient, watch.agency) == (
            "hub-one", "doc-one", "000.00.00.G01", "000.00.00.G01"
        )  # fmt: skip
        assert (watch.subject, watch.code, watch.planned_at) == ("$sum của {}", "125/QĐ-VPCP", NOW)
        assert (watch.partition, watch.trace, watch.closed, watch.alerted) == (1, TRACE, False, frozenset())

    async def test_the_earliest_come_first_and_other_peoples_partitions_never(self, rows: Rows) -> None:
        late, early, foreign = planned("late"), planned("early", NOW - LIMIT), planned("foreign", NOW - 2 * LIMIT)
        await rows.book.project([record(late, 0), record(early, 1), record(foreign, 0, partition=5)])
        assert [watch.delivery_id for watch in await rows.book.due(NOW, OURS)] == [
            delivery_id(early),
            delivery_id(late),
        ]
        assert await rows.book.earliest(OURS) == NOW - LIMIT
        assert await rows.book.earliest(frozenset({3})) is None

    async def test_no_more_than_a_batch_is_due_at_once(self, rows: Rows) -> None:
        await rows.book.project([record(planned(str(number)), number) for number in range(130)])
        assert len(await rows.book.due(NOW, OURS)) == 100

    async def test_statuses_in_the_inbox_are_not_watched(self, rows: Rows) -> None:
        status = planned(kind="status")
        await rows.book.project([record(status), record(taken(status)), record(settled(status))])
        assert await rows.book.due(NOW, OURS) == ()
        assert await rows.book.watches([delivery_id(status)]) == {}

    @pytest.mark.parametrize("end", [taken(planned()), settled(planned()), settled(planned(), InboxState.DONE)])
    async def test_what_was_taken_or_settled_is_closed_even_when_heard_of_first(self, rows: Rows, end: Event) -> None:
        await rows.book.project([record(end)])
        assert await rows.book.watches([delivery_id(planned())]) == {}
        await rows.book.project([record(planned())])
        assert await rows.book.due(NOW, OURS) == ()
        assert (await rows.book.watches([delivery_id(planned())]))[delivery_id(planned())].closed

    async def test_a_watch_alerted_on_one_channel_stays_open_for_the_other(self, rows: Rows) -> None:
        await rows.book.project([record(planned()), record(raised(planned()))])
        (watch,) = await rows.book.due(NOW, OURS)
        assert watch.alerted == {Channel.EMAIL}
        await rows.book.project([record(raised(planned(), Channel.SMS), 1)])
        assert await rows.book.due(NOW, OURS) == ()

    async def test_rows_are_the_same_in_whatever_order_topics_are_read(self, rows: Rows) -> None:
        mail = raised(planned())
        story = [
            record(planned()),
            record(taken(planned())),
            record(settled(planned())),
            record(mail),
            record(sent(mail, AlertOutcome.SENT, "250", NOW)),
        ]
        contents = []
        for order in list(permutations(story))[::7]:
            await rows.clear()
            for one in order:
                await rows.book.project([one])
            contents.append(await rows.contents())
        assert all(rest == contents[0] for rest in contents)

    async def test_of_repeats_the_first_in_the_log_counts(self, rows: Rows) -> None:
        first, second = raised(planned()), replace(raised(planned()), addresses=("later@bnv.gov.vn",), contacts=("L",))
        end, other = sent(first, AlertOutcome.SENT, "250", NOW), sent(first, AlertOutcome.UNKNOWN, "?", NOW)
        await rows.keep_custody(0, 0)
        await rows.book.project([record(planned(), 7), record(second, 5)])
        await rows.book.project([record(planned(subject="earlier"), 3), record(first, 2), record(second, 5)])
        case = await rows.book.case(first.event_id)
        assert case is not None
        assert case.raised == first
        assert (await rows.book.due(NOW, OURS))[0].subject == "earlier"
        await rows.book.project([record(other, 9), record(end, 8), record(other, 9)])
        contents = await rows.contents()
        await rows.book.project([record(other, 9), record(second, 5)])
        assert await rows.contents() == contents

    async def test_an_alert_is_open_until_its_outcome(self, rows: Rows) -> None:
        mail = raised(planned())
        assert await rows.book.case(mail.event_id) is None
        await rows.book.project([record(mail)])
        (alert,) = await rows.book.open_alerts()
        assert (alert.alert_id, alert.channel, alert.trace) == (mail.event_id, Channel.EMAIL, TRACE)
        await rows.book.project([record(sent(mail, AlertOutcome.FAILED, "550", NOW))])
        assert await rows.book.open_alerts() == ()
        assert await rows.book.case(mail.event_id) is None

    async def test_an_outcome_heard_of_first_opens_nothing(self, rows: Rows) -> None:
        mail = raised(planned())
        await rows.book.project([record(sent(mail, AlertOutcome.SENT, "250", NOW))])
        assert await rows.book.open_alerts() == ()
        await rows.book.project([record(mail)])
        assert await rows.book.open_alerts() == ()

    async def test_a_case_knows_sender_need_and_custody(self, rows: Rows) -> None:
        mail = raised(planned())
        await rows.book.project([record(planned()), record(mail, 6)])
        case = await rows.book.case(mail.event_id)
        assert case is not None
        assert (case.raised, case.sender, case.needless, case.ours, case.attempt) == (
            mail, "000.00.00.G22", False, False, None
        )  # fmt: skip
        await rows.keep_custody(0, 6)
        await rows.book.project([record(taken(planned()))])
        case = await rows.book.case(mail.event_id)
        assert case is not None
        assert (case.needless, case.ours) == (True, True)

    async def test_custody_begins_once(self, rows: Rows) -> None:
        mail = raised(planned())
        await rows.book.project([record(mail, 6)])
        await rows.keep_custody(0, 7)
        await rows.keep_custody(0, 3)
        case = await rows.book.case(mail.event_id)
        assert case is not None
        assert not case.ours

    async def test_one_process_gets_a_try_and_asking_again_gives_the_same(self, rows: Rows) -> None:
        mail, first = raised(planned()), Send(tries=1, first_at=NOW)
        assert await rows.attempts(US).begin(mail, first, NOW)
        assert not await rows.attempts(THEM).begin(mail, first, NOW)
        assert await rows.attempts(US).begin(mail, first, NOW)
        assert not await rows.attempts(Holder(instance="a", life="2")).begin(mail, first, NOW)

    async def test_a_try_follows_the_row_it_was_decided_on_and_no_other(self, rows: Rows) -> None:
        mail, later = raised(planned()), NOW + LIMIT
        us, them = rows.attempts(US), rows.attempts(THEM)
        await rows.book.project([record(planned()), record(mail)])
        assert await us.begin(mail, Send(tries=1, first_at=NOW), NOW)
        await them.postpone(mail.event_id, later, Postpone(pause=LIMIT, detail="not theirs to say", progress=DOUBT))
        assert (await attempt(rows)).state is State.LEAVING
        await us.postpone(mail.event_id, later, Postpone(pause=LIMIT, detail="451", progress=Progress()))
        waiting = await attempt(rows)
        second = Send(tries=2, first_at=NOW, progress=PARTLY, row=waiting)
        assert await them.begin(mail, second, later)
        assert not await us.begin(mail, second, later)
        assert not await us.begin(mail, Send(tries=3, first_at=NOW, row=waiting), later)
        last = await attempt(rows)
        assert (last.tries, last.state, last.holder) == (2, State.LEAVING, THEM)
        assert (last.first_at, last.at, last.detail, last.progress) == (NOW, later, "451", PARTLY)

    async def test_the_try_of_a_dead_process_is_taken_over_by_one_and_says_so(self, rows: Rows) -> None:
        mail = raised(planned())
        await rows.book.project([record(planned()), record(mail)])
        assert await rows.attempts(US).begin(mail, Send(tries=1, first_at=NOW), NOW)
        over = Send(tries=2, first_at=NOW, progress=DOUBT, row=await attempt(rows))
        assert await rows.attempts(THEM).begin(mail, over, NOW + LIMIT)
        assert await rows.attempts(THEM).begin(mail, over, NOW + LIMIT)
        assert not await rows.attempts(Holder(instance="c", life="1")).begin(mail, over, NOW + LIMIT)
        await rows.attempts(US).postpone(mail.event_id, NOW, Postpone(pause=LIMIT, detail="late", progress=Progress()))
        assert ((await attempt(rows)).holder, (await attempt(rows)).progress) == (THEM, DOUBT)

    async def test_of_many_at_once_one_gets_the_try(self, rows: Rows) -> None:
        mail = raised(planned())
        holders = [Holder(instance=str(number), life="1") for number in range(20)]
        got = await asyncio.gather(*(rows.attempts(h).begin(mail, Send(tries=1, first_at=NOW), NOW) for h in holders))
        assert sum(got) == 1
