"""What any keeper of lives must do: run over the one in memory and over MongoDB."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import pytest

from hub.model.errors import Transient
from hub.model.events import Event
from hub.model.ids import AgencyCode, SystemId
from hub.model.statuses import BusinessType
from services.status.handlers import Archive, Cursor, Lives, Sought
from services.status.life import Life, Stage
from services.status.lifecycle import KEPT_PER_CODE, all_grown, follow, grown
from services.status.reports import Period, Tally
from tests.fakes.lives import NOON, Document

A, B, C = "000.00.00.G22", "000.00.00.H29", "000.00.00.G12"
DAY = Period(since=date(2026, 11, 20), until=date(2026, 11, 21))
EVERYTHING = Sought(terms=(), agencies=(), stage=None)


class Keeper(Lives, Archive, Protocol):
    """Both ports in one."""


def life_of(document: Document, events: Iterable[Event]) -> Life:
    return grown(Life(hub_id=document.hub_id), events)


async def keep(keeper: Keeper, *lives: Life) -> None:
    await keeper.save([(Life(hub_id=life.hub_id), life) for life in lives])


def summed(tallies: Iterable[Tally]) -> dict[str, tuple[int, int, int, tuple[tuple[str, int], ...]]]:
    """Sent, received, processed and counts by status, per code; zeros left out."""
    found: dict[str, Tally] = {}
    for tally in tallies:
        known = found.get(tally.code, Tally(code=tally.code))
        codes = {*known.by_status, *tally.by_status}
        found[tally.code] = replace(
            known,
            sent=known.sent + tally.sent,
            received=known.received + tally.received,
            processed=known.processed + tally.processed,
            by_status={code: known.by_status.get(code, 0) + tally.by_status.get(code, 0) for code in codes},
        )
    return {
        code: (
            one.sent,
            one.received,
            one.processed,
            tuple(sorted((c.value, n) for c, n in one.by_status.items() if n)),
        )
        for code, one in found.items()
        if one.sent or one.received or one.processed or any(one.by_status.values())
    }


class LivesBehaviour:
    """Inherit, and give a fixture `keeper`."""

    async def test_a_life_comes_back_as_it_was_saved(self, keeper: Keeper) -> None:
        document = Document(1, A, [B, C])
        life = life_of(
            document, [*document.whole(), document.reported(B, "13", "Gửi nhầm"), document.refused("policy")]
        )
        await keep(keeper, life)
        assert (await keeper.load([document.hub_id]))[document.hub_id] == life

    async def test_what_is_not_there_is_left_out(self, keeper: Keeper) -> None:
        assert await keeper.load([Document(2, A, [B]).hub_id]) == {}

    async def test_growing_by_single_events_gives_the_same_as_all_at_once(self, keeper: Keeper) -> None:
        document = Document(3, A, [B, C])
        events = document.whole()
        for event in reversed(events):
            before = (await keeper.load([document.hub_id])).get(document.hub_id) or Life(hub_id=document.hub_id)
            await keeper.save([(before, follow(before, event))])
        assert (await keeper.load([document.hub_id]))[document.hub_id] == life_of(document, events)
        assert summed(await keeper.tally(DAY))[B][1] == 1

    async def test_a_life_changed_meanwhile_is_not_overwritten(self, keeper: Keeper) -> None:
        document = Document(4, A, [B])
        loaded = life_of(document, [document.received()])
        await keep(keeper, loaded)
        await keeper.save([(loaded, follow(loaded, document.checked()))])
        with pytest.raises(Transient):
            await keeper.save([(loaded, follow(loaded, document.planned(B)))])
        with pytest.raises(Transient):
            await keep(keeper, follow(loaded, document.planned(B)))

    async def test_a_life_that_changed_without_growing_is_not_overwritten(self, keeper: Keeper) -> None:
        """Of many reports of one code the earliest are kept: one more may push another out."""
        document = Document(6, A, [B])
        earliest, *reports = [document.reported(B, "05", step=step) for step in range(KEPT_PER_CODE + 1)]
        loaded = life_of(document, [document.received(), *reports])
        await keep(keeper, loaded)
        await keeper.save([(loaded, follow(loaded, earliest))])
        with pytest.raises(Transient):
            await keeper.save([(loaded, follow(loaded, document.reported(B, "06")))])

    async def test_a_code_with_signs_of_the_database_is_only_a_code(self, keeper: Keeper) -> None:
        document = Document(5, A, ["$where.%2E.x", "a%b"])
        await keep(keeper, life_of(document, [document.received()]))
        before = (await keeper.load([document.hub_id]))[document.hub_id]
        after = grown(before, [document.planned("$where.%2E.x"), document.planned("a%b")])
        await keeper.save([(before, after)])
        assert (await keeper.load([document.hub_id]))[document.hub_id] == after

    async def test_the_sent_list_is_of_the_senders_newest_first_and_goes_on_after_a_cursor(
        self, keeper: Keeper
    ) -> None:
        documents = [Document(10 + n, A, [B], start=NOON + timedelta(minutes=n)) for n in range(5)]
        others = Document(20, C, [B])
        for document in (*documents, others):
            await keep(keeper, life_of(document, [document.received()]))
        first = await keeper.sent_by(SystemId("sys"), [AgencyCode(A)], None, 3)
        assert [life.hub_id for life in first] == [document.hub_id for document in documents[:1:-1]]
        received = first[-1].received
        assert received is not None
        rest = await keeper.sent_by(
            SystemId("sys"), [AgencyCode(A)], Cursor(at=received.mark.at, hub_id=first[-1].hub_id), 3
        )
        assert [life.hub_id for life in rest] == [document.hub_id for document in documents[1::-1]]

    async def test_lives_of_one_moment_are_all_listed_once(self, keeper: Keeper) -> None:
        documents = [Document(30 + n, A, [B]) for n in range(5)]
        for document in documents:
            await keep(keeper, life_of(document, [document.received()]))
        seen: list[str] = []
        cursor: Cursor | None = None
        while page := await keeper.sent_by(SystemId("sys"), [AgencyCode(A)], cursor, 2):
            seen.extend(life.hub_id for life in page)
            last = page[-1].received
            assert last is not None
            cursor = Cursor(at=last.mark.at, hub_id=page[-1].hub_id)
        assert sorted(seen) == sorted(document.hub_id for document in documents)

    async def test_a_refusal_at_the_door_is_listed_for_the_system_that_sent_it_and_not_for_the_agency_it_named(
        self, keeper: Keeper
    ) -> None:
        forged = Document(40, A, [B])
        forged.system = SystemId("liar")
        await keep(keeper, life_of(forged, [forged.refused()]))
        assert len(await keeper.sent_by(SystemId("liar"), [], None, 10)) == 1
        assert not await keeper.sent_by(SystemId(f"sys-{A}"), [AgencyCode(A)], None, 10)

    @pytest.mark.parametrize(
        ("terms", "agencies", "found"),
        [
            (("tuyen", "quang"), (), True),
            (("tuyen", "hanoi"), (), False),
            (("125/",), (), True),
            (("g22",), (), True),
            (("000.00.00.h29",), (), True),
            (("25",), (), False),
            (("xxx",), (C,), False),
            (("xxx",), (B,), True),
            ((".*",), (), False),
        ],
    )
    async def test_search(
        self, keeper: Keeper, terms: tuple[str, ...], agencies: tuple[str, ...], *, found: bool
    ) -> None:
        document = Document(125, A, [B], subject="Kế hoạch tỉnh Tuyên Quang")
        await keep(keeper, life_of(document, [document.received()]))
        sought = Sought(terms=terms, agencies=tuple(map(AgencyCode, agencies)), stage=None)
        assert bool((await keeper.search(sought, 0, 10)).lives) is found

    async def test_search_by_stage_counts_and_pages(self, keeper: Keeper) -> None:
        done = Document(50, A, [B], start=NOON)
        await keep(keeper, life_of(done, done.whole()))
        for number in range(3):
            waiting = Document(51 + number, A, [B], start=NOON + timedelta(hours=number))
            await keep(keeper, life_of(waiting, [waiting.received()]))
        page = await keeper.search(Sought(terms=(), agencies=(), stage=Stage.WAITING), 1, 1)
        assert page.total == 3
        assert [life.header.number for life in page.lives if life.header] == ["52"]
        assert (await keeper.search(EVERYTHING, 0, 10)).total == 4

    async def test_documents_known_by_their_deliveries_only_are_not_listed(self, keeper: Keeper) -> None:
        document = Document(60, A, [B])
        await keep(keeper, life_of(document, [document.planned(B)]))
        assert (await keeper.search(EVERYTHING, 0, 10)).total == 0

    async def test_tallies_count_first_reports_within_vietnamese_days(self, keeper: Keeper) -> None:
        midnight = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)  # 20 November, 00:00 in Vietnam
        before = Document(70, A, [B], start=midnight - timedelta(seconds=4))
        after = Document(71, A, [B, C], start=midnight - timedelta(seconds=1))
        twice = Document(72, B, [A], start=midnight)
        stopped = Document(73, A, [B], start=midnight)
        lives = [
            life_of(before, before.whole(("01",))),  # received and planned the day before, 01 on the day itself
            life_of(after, after.whole(("01", "04", "05", "06"))),
            life_of(twice, [*twice.whole(("01", "02")), twice.reported(A, "01", step=1)]),
            life_of(stopped, [stopped.received(), stopped.checked(), stopped.refused("policy")]),
        ]
        await keep(keeper, *lives)
        all_six = (("01", 1), ("04", 1), ("05", 1), ("06", 1))
        assert summed(await keeper.tally(DAY)) == {
            A: (1, 1, 0, (("01", 1), ("02", 1))),
            B: (1, 1, 1, (("01", 2), *all_six[1:])),
            C: (0, 1, 1, all_six),
        }
        eve = Period(since=date(2026, 11, 19), until=date(2026, 11, 20))
        assert summed(await keeper.tally(eve)) == {A: (1, 0, 0, ()), B: (0, 1, 0, ())}

    async def test_recalls_and_updates_are_counted_neither_as_sent_nor_as_received(self, keeper: Keeper) -> None:
        kinds = (BusinessType.NEW, BusinessType.RECALL, BusinessType.UPDATE, BusinessType.REPLACE)
        documents = [Document(75 + n, A, [B], business_type=kind) for n, kind in enumerate(kinds)]
        await keep(keeper, *(life_of(document, document.whole(("01", "06"))) for document in documents))
        assert summed(await keeper.tally(DAY)) == {A: (2, 0, 0, ()), B: (0, 2, 2, (("01", 2), ("06", 2)))}

    async def test_who_asks_for_its_own_codes_gets_those_alone(self, keeper: Keeper) -> None:
        one, other = Document(78, A, [B, C]), Document(79, B, [A, C])
        await keep(keeper, life_of(one, one.whole(("01",))), life_of(other, other.whole(("01",))))
        everything = summed(await keeper.tally(DAY))
        for codes in ([A], [B, C], [C, "an old code"]):
            own = summed(await keeper.tally(DAY, [AgencyCode(code) for code in codes]))
            assert own == {code: counts for code, counts in everything.items() if code in codes}
        assert not await keeper.tally(DAY, [])

    async def test_one_document_sent_in_two_packages_is_one_document_sent(self, keeper: Keeper) -> None:
        one, other = Document(80, A, [B]), Document(80, A, [C], subject="gói thứ hai")
        assert one.hub_id != other.hub_id
        await keep(keeper, life_of(one, one.whole(())), life_of(other, other.whole(())))
        assert summed(await keeper.tally(DAY))[A][0] == 1

    async def test_a_batch_of_lives_is_saved_at_once(self, keeper: Keeper) -> None:
        documents = [Document(90 + n, A, [B, C]) for n in range(3)]
        await keep(keeper, *(life_of(document, [document.received()]) for document in documents))
        ids = [document.hub_id for document in documents]
        before = await keeper.load(ids)
        after = all_grown(before, [event for document in documents for event in document.whole()])
        await keeper.save([(before[hub_id], after[hub_id]) for hub_id in ids])
        assert await keeper.load(ids) == after
