"""How an inbox behaves, whichever it is: the same tests run over the one in memory and over the one in MongoDB."""

import random
import uuid
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model import ids
from hub.model.events import DeliveryPlanned, DocumentRefused, Event
from hub.model.ids import AgencyCode, DeliveryId, EventId, HubId, SystemId
from hub.model.record import Recorded
from hub.model.statuses import InboxState
from hub.model.values import Refusal
from services.router.delivery import DOCUMENT, KINDS, STATUS, Item
from services.router.forwarding import Standing
from services.router.handlers import Inbox
from tests.fakes.events import NOW
from tests.fakes.router import PACKAGE, at, later, planned, settled, taken

_ANY = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def new(prefix: str = "d") -> str:
    return f"{prefix}{uuid.uuid4().hex}"


def agency() -> AgencyCode:
    return AgencyCode(new("A")[:20])


def _life(name: str, code: str, partition: int) -> list[Recorded[Event]]:
    """Everything the log may hold of one item, with the repeats that crashes and races leave."""
    item = planned(name, code)
    events: tuple[tuple[Event, int], ...] = (
        (item, 10),
        (later(item, 5), 11),
        (taken(item), 20),
        (later(taken(item, "other"), 7), 21),
        (settled(item, InboxState.PROCESSING), 30),
        (settled(item, InboxState.FAIL), 31),
        (settled(item, InboxState.DONE), 32),
        (later(settled(item, InboxState.DONE, "other"), 9), 34),
        (later(settled(item, InboxState.PROCESSING), 9), 35),
    )
    return [at(event, offset, partition) for event, offset in events]


class InboxSuite:
    """Subclass it with a fixture `inbox`."""

    @_ANY
    @given(seed=st.integers(0, 2**32), kept=st.integers(1, 9))
    async def test_any_order_and_number_of_the_same_events_gives_the_same_item(
        self, inbox: Inbox, seed: int, kept: int
    ) -> None:
        chance, names, code = random.Random(seed), (new(), new()), agency()  # noqa: S311 - repeatable on purpose
        which = sorted(chance.sample(range(9), kept))
        lives = [[_life(name, code, place)[number] for number in which] for place, name in enumerate(names)]
        for record in lives[0]:
            await inbox.project([record])
        mixed = lives[1] + chance.choices(lives[1], k=6)
        chance.shuffle(mixed)
        cut = chance.randrange(len(mixed))
        for part in (mixed[:cut], mixed[cut:]):
            if part:
                await inbox.project(part)
        found = [await inbox.items([DeliveryId(planned(name, code).event_id)]) for name in names]
        alike = [
            [(item.state, item.planned_at, item.taken_at, item.agency) for item in each.values()] for each in found
        ]
        assert alike[0] == alike[1]
        shown = [item.document_id for item in await inbox.page([code], KINDS, None, 10)]
        assert (names[0] in shown) == (names[1] in shown)

    async def test_the_first_of_two_alike_in_the_log_stands(self, inbox: Inbox) -> None:
        item = planned(new(), agency())
        await inbox.project([at(later(item, 60), 8), at(taken(item), 4)])
        await inbox.project([at(item, 3), at(later(taken(item), 60), 9)])
        (found,) = (await inbox.items([DeliveryId(item.event_id)])).values()
        assert (found.planned_at, found.taken_at) == (NOW, NOW)

    async def test_what_is_settled_before_it_is_planned_is_no_item_yet(self, inbox: Inbox) -> None:
        code = agency()
        item = planned(new(), code)
        await inbox.project([at(settled(item, InboxState.DONE), 1), at(taken(item), 1)])
        assert await inbox.items([DeliveryId(item.event_id)]) == {}
        assert await inbox.planned([item.hub_id]) == {}
        await inbox.project([at(item, 1)])
        assert await inbox.page([code], KINDS, None, 10) == []
        assert (await inbox.items([DeliveryId(item.event_id)]))[DeliveryId(item.event_id)].state is InboxState.DONE

    async def test_items_are_offered_until_done_or_fail_urgent_first_then_oldest(self, inbox: Inbox) -> None:
        code = agency()
        items = [later(planned(new(), code, priority=priority), age) for priority, age in _LINE]
        await inbox.project([at(item, offset) for offset, item in enumerate(items)])
        assert [_number(items, each.id) for each in await inbox.page([code], KINDS, None, 10)] == [
            3,
            1,
            2,
            0,
            4,
        ]
        await inbox.project(
            [at(settled(items[1], InboxState.FAIL), 0), at(settled(items[2], InboxState.PROCESSING), 1)]
        )
        first = await inbox.page([code], KINDS, None, 2)
        assert [_number(items, each.id) for each in first] == [3, 2]
        rest = await inbox.page([code], KINDS, first[-1], 10)
        assert [_number(items, each.id) for each in rest] == [0, 4]

    async def test_pages_take_kinds_and_agencies_apart(self, inbox: Inbox) -> None:
        one, other = agency(), agency()
        events = [planned(new(), one), planned(new(), one, kind=STATUS), planned(new(), other)]
        await inbox.project([at(event, offset) for offset, event in enumerate(events)])
        assert len(await inbox.page([one], [DOCUMENT], None, 10)) == 1
        assert len(await inbox.page([one], KINDS, None, 10)) == 2
        assert len(await inbox.page([one, other], KINDS, None, 10)) == 3
        assert await inbox.page([], KINDS, None, 10) == []

    async def test_many_agencies_of_one_connection_make_one_line(self, inbox: Inbox) -> None:
        codes = [agency() for _ in range(450)]
        events = [later(planned(new(), code, priority=number % 2), number) for number, code in enumerate(codes)]
        await inbox.project([at(event, offset) for offset, event in enumerate(events)])
        seen: list[Item] = []
        after = None
        while page := await inbox.page(codes, KINDS, after, 100):
            seen.extend(page)
            after = page[-1]
        assert [(item.priority, item.planned_at) for item in seen] == sorted(
            ((event.priority, event.occurred_at) for event in events), key=lambda each: (-each[0], each[1])
        )

    async def test_what_was_decided_about_a_document_is_found_again(self, inbox: Inbox) -> None:
        name = new()
        items = [planned(name, "G22"), planned(name, "G23"), planned(name, "G24", kind=STATUS)]
        await inbox.project([at(item, offset) for offset, item in enumerate(items)])
        found = (await inbox.planned([HubId(name), HubId(new())]))[HubId(name)]
        assert found.events == {item.event_id for item in items}
        assert found.recipients == {"G22", "G23"}
        assert not found.refused

    async def test_how_a_document_stands_is_asked_for_by_item(self, inbox: Inbox) -> None:
        name, unplanned, refused = new(), HubId(new()), _refused(new(), "policy")
        letter, there = planned(name, "G22", priority=3), planned(name, "G24", kind=STATUS)
        other, coming = planned(name, "G25", kind=STATUS), planned(name, "G26", kind=STATUS)
        seen_early = planned(name, "G27", kind=STATUS)  # settled in the log before it was planned
        await inbox.project([at(event, offset) for offset, event in enumerate((letter, there, other, refused))])
        await inbox.project([at(settled(seen_early, InboxState.DONE), 9)])
        wanted = {
            there.event_id: HubId(name), coming.event_id: HubId(name), seen_early.event_id: HubId(name),
            EventId("x"): unplanned, EventId("y"): refused.hub_id,
        }  # fmt: skip
        found = await inbox.standing(wanted)
        assert set(found) == {HubId(name), unplanned, refused.hub_id}
        standing = found[HubId(name)]
        assert standing.there == {there.event_id}
        assert not standing.refused
        assert (standing.concerned.subject, standing.concerned.priority) == (letter.subject, 3)
        assert found[unplanned] == Standing()
        assert (found[refused.hub_id].refused, found[refused.hub_id].there) == (True, frozenset())
        assert await inbox.standing({}) == {}

    async def test_only_refusals_by_policy_are_ours(self, inbox: Inbox) -> None:
        ours, intakes = _refused(new(), "policy"), _refused(new(), "intake")
        await inbox.project([at(ours, 1), at(intakes, 2)])
        found = await inbox.planned([ours.hub_id, intakes.hub_id])
        assert list(found) == [ours.hub_id]
        assert found[ours.hub_id].refused
        assert found[ours.hub_id].events == {ours.event_id}


_LINE = ((0, 0.0), (2, 1.0), (1, 2.0), (2, 0.5), (0, 3.0))


def _number(items: Sequence[DeliveryPlanned], name: DeliveryId) -> int:
    return [str(item.event_id) for item in items].index(str(name))


def _refused(name: str, stage: str) -> DocumentRefused:
    return DocumentRefused(
        event_id=ids.event_id(name, "refused"), occurred_at=NOW, cause_id=name, hub_id=HubId(name),
        document_id=planned(name).document_id, sender=AgencyCode("G01"), system_id=SystemId("G01"), subject="",
        stage=stage, refusals=(Refusal(code="SIGNATURE_ABSENT", field="", detail=""),), package=PACKAGE,
    )  # fmt: skip
