"""The order of the four steps, and what each failure leaves behind."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.model.errors import Invalid, Transient
from hub.model.events import Event, StatusChanged
from hub.model.record import Recorded
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from tests.fakes.events import status_changed
from tests.fakes.log import FakeLog, FakeMarkStore


class Shelf:
    """A handler that turns a word into one event and shelves it; knows how to fail."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.steps: list[str] = []
        self.away = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def facts(self, causes: Sequence[str]) -> frozenset[str]:
        self.steps.append(f"facts {','.join(causes)}")
        return frozenset(self.rows)

    def decide(self, cause: str, facts: frozenset[str]) -> Sequence[Event]:
        self.steps.append(f"decide {cause}")
        if cause == "poison":
            raise Invalid("POISON", "cannot be handled")
        event = status_changed(cause)
        return [] if event.event_id in facts else [event]

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        self.steps.append(f"project {len(records)}")
        await self.slow.wait()
        if self.away:
            raise Transient("mongo", "switched off")
        for record in records:
            self.rows.setdefault(record.event.event_id, record.topic)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@pytest.fixture
def marks() -> Marks:
    return Marks(FakeMarkStore())


@pytest.fixture
def steps(shelf: Shelf, log: FakeLog, marks: Marks) -> FourSteps[str, frozenset[str]]:
    return FourSteps("shelf", shelf, log, marks, [StatusChanged])  # type: ignore[arg-type]  # a fake log


async def test_steps_run_in_order(steps: FourSteps[str, frozenset[str]], shelf: Shelf, log: FakeLog) -> None:
    done = await steps.run(["a", "b"])
    assert shelf.steps == ["facts a,b", "decide a", "decide b", "project 2"]
    assert [record.offset for record in done.records] == [0, 1]
    assert len(log.records) == 2


async def test_a_repeat_changes_nothing(steps: FourSteps[str, frozenset[str]], log: FakeLog) -> None:
    await steps.run(["a"])
    done = await steps.run(["a"])
    assert done.records == ()
    assert len(log.records) == 1


async def test_poison_is_parked_alone(steps: FourSteps[str, frozenset[str]], shelf: Shelf) -> None:
    done = await steps.run(["a", "poison", "b"])
    assert [(cause, error.reason) for cause, error in done.parked] == [("poison", "POISON")]
    assert len(shelf.rows) == 2


async def test_nothing_happened_while_the_log_is_away(
    steps: FourSteps[str, frozenset[str]], shelf: Shelf, log: FakeLog
) -> None:
    log.away = True
    with pytest.raises(Transient):
        await steps.run(["a"])
    assert shelf.rows == {}
    assert shelf.steps == ["facts a", "decide a"]


async def test_what_is_in_the_log_but_not_projected_comes_first_in_the_next_run(
    steps: FourSteps[str, frozenset[str]], shelf: Shelf, log: FakeLog
) -> None:
    shelf.away = True
    with pytest.raises(Transient):
        await steps.run(["a"])
    shelf.away = False
    done = await steps.run(["a"])
    assert done.records == ()
    assert len(log.records) == 1
    assert len(shelf.rows) == 1
    assert shelf.steps[2:] == ["project 1", "project 1", "facts a", "decide a"]


async def test_who_comes_while_debts_are_paid_waits_for_them(
    steps: FourSteps[str, frozenset[str]], shelf: Shelf, log: FakeLog
) -> None:
    shelf.away = True
    with pytest.raises(Transient):
        await steps.run(["a"])
    shelf.away = False
    shelf.slow.clear()
    other = asyncio.create_task(steps.run(["b"]))
    await asyncio.sleep(0)
    repeat = asyncio.create_task(steps.run(["a"]))
    await asyncio.sleep(0)
    shelf.slow.set()
    assert (len((await other).records), (await repeat).records) == (1, ())
    assert len(log.records) == 2


async def test_an_append_that_was_cut_off_leaves_a_doubt(
    steps: FourSteps[str, frozenset[str]], log: FakeLog, marks: Marks
) -> None:
    log.cut = True
    with pytest.raises(asyncio.CancelledError):
        await steps.run(["a"])
    assert marks.in_doubt


async def test_marks_follow_what_is_projected(log: FakeLog, shelf: Shelf) -> None:
    store = FakeMarkStore()
    marks = Marks(store)
    marks.caught_up(("status.changed.v1", 0), 0)
    steps: FourSteps[str, frozenset[str]] = FourSteps("shelf", shelf, log, marks, [StatusChanged])  # type: ignore[arg-type]
    await steps.run(["a", "b", "c"])
    await marks.flush()
    assert store.kept == {("status.changed.v1", 0): 3}


class Reader(Shelf):
    projects_causes = True


async def test_read_models_are_projected_from_their_causes(log: FakeLog, marks: Marks) -> None:
    reader = Reader()
    steps = FourSteps("reader", _Quiet(reader), log, marks, [])  # type: ignore[arg-type]
    cause = Recorded(event=status_changed("x"), topic="status.changed.v1", partition=0, offset=4)
    await steps.run([cause])
    assert list(reader.rows) == [cause.event.event_id]


class _Quiet:
    """Decides nothing, projects its causes."""

    projects_causes = True

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def facts(self, causes: Sequence[Recorded[Event]]) -> int:
        return len(causes)

    def decide(self, cause: Recorded[Event], facts: int) -> Sequence[Event]:
        assert facts == 1
        assert cause.offset == 4
        return []

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        await self._reader.project(records)
