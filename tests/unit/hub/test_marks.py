"""Marks grow over what is contiguous, and only that."""

from hypothesis import given
from hypothesis import strategies as st

from hub.model.record import Recorded
from hub.runtime.marks import Marks
from tests.fakes.events import status_changed
from tests.fakes.log import FakeMarkStore

PLACE = ("status.changed.v1", 0)


def record(offset: int) -> Recorded:  # type: ignore[type-arg]
    return Recorded(event=status_changed(str(offset)), topic=PLACE[0], partition=PLACE[1], offset=offset)


@given(st.permutations(range(8)))
async def test_any_order_ends_at_the_end(order: list[int]) -> None:
    store = FakeMarkStore()
    marks = Marks(store)
    marks.caught_up(PLACE, 0)
    for offset in order:
        marks.projected([record(offset)])
    await marks.flush()
    assert store.kept[PLACE] == 8


async def test_a_gap_holds_the_mark_back() -> None:
    store = FakeMarkStore()
    marks = Marks(store)
    marks.caught_up(PLACE, 5)
    marks.projected([record(5), record(7)])
    await marks.flush()
    assert store.kept[PLACE] == 6


async def test_another_process_s_partition_is_not_marked() -> None:
    store = FakeMarkStore()
    marks = Marks(store)
    marks.projected([record(0)])
    await marks.flush()
    assert store.kept == {}
    assert not marks.has(record(0))  # nothing of it is remembered: it would never be forgotten


async def test_a_partition_given_away_is_forgotten() -> None:
    store = FakeMarkStore()
    marks = Marks(store)
    marks.caught_up(PLACE, 3)
    marks.forget([0])
    marks.projected([record(3)])
    await marks.flush()
    assert store.kept == {}


async def test_a_gap_is_named_until_it_is_closed() -> None:
    marks = Marks(FakeMarkStore())
    marks.caught_up(PLACE, 5)
    assert marks.gaps() == ()
    marks.projected([record(7), record(8)])
    assert marks.gaps() == (PLACE,)
    assert [marks.has(record(offset)) for offset in (4, 5, 6, 7, 8, 9)] == [True, False, False, True, True, False]
    marks.caught_up(PLACE, 7)
    assert marks.gaps() == ()
    assert marks.has(record(8))


async def test_what_is_projected_again_leaves_nothing_behind() -> None:
    marks = Marks(FakeMarkStore())
    marks.caught_up(PLACE, 5)
    for _ in range(3):
        marks.projected([record(2), record(5), record(6)])
    assert marks.gaps() == ()
    assert await marks.load([PLACE]) == {PLACE: 7}


async def test_a_mark_that_grew_while_it_was_written_is_written_again() -> None:
    class Slow(FakeMarkStore):
        async def save(self, marks: dict[tuple[str, int], int]) -> None:
            growing.projected([record(6)])
            await super().save(marks)

    store = Slow()
    growing = Marks(store)
    growing.caught_up(PLACE, 6)
    await growing.flush()
    await growing.flush()
    assert store.kept[PLACE] == 7
