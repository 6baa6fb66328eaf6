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


async def test_a_partition_given_away_is_forgotten() -> None:
    store = FakeMarkStore()
    marks = Marks(store)
    marks.caught_up(PLACE, 3)
    marks.forget([0])
    marks.projected([record(3)])
    await marks.flush()
    assert store.kept == {}
