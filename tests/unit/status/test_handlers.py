"""Recording a timeline through the four steps: batches, crashes in between, repeats."""

import itertools
import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from hub.model.errors import Transient
from hub.model.events import Event, StatusChanged
from hub.model.ids import AgencyCode
from hub.model.record import Recorded
from hub.runtime.four_steps import FourSteps
from hub.runtime.marks import Marks
from hub.wire.topics import topic_of
from services.status.app import GIVES
from services.status.handlers import RecordTimeline
from services.status.life import Life, State
from services.status.lifecycle import grown
from tests.fakes.lives import Document
from tests.fakes.log import FakeLog, FakeMarkStore
from tests.fakes.status import FakeLives

A, B, C = AgencyCode("000.00.00.G22"), AgencyCode("000.00.00.H29"), AgencyCode("000.00.00.G12")


class Scene:
    """The service's working part, without Kafka and MongoDB."""

    def __init__(self) -> None:
        self.lives, self.log, self.marks = FakeLives(), FakeLog(), Marks(FakeMarkStore())
        self._offsets = itertools.count()
        self.restart()

    def restart(self) -> None:
        """As after a crash: the log and the rows stay, all else is gone."""
        self.handler = RecordTimeline(self.lives)
        self.steps: FourSteps[Recorded[Any], Any] = FourSteps("record", self.handler, self.log, self.marks, GIVES)  # type: ignore[arg-type]

    def recorded(self, events: Iterable[Event]) -> list[Recorded[Event]]:
        return [
            Recorded(event=event, topic=topic_of(type(event)).name, partition=0, offset=next(self._offsets))
            for event in events
        ]

    async def take(self, events: Iterable[Event]) -> None:
        await self.steps.run(self.recorded(events))

    def told(self) -> list[tuple[str, str]]:
        """Announcements, the first of each event id, as readers see them."""
        firsts: dict[str, StatusChanged] = {}
        for event in self.log.events():
            assert isinstance(event, StatusChanged)
            firsts.setdefault(event.event_id, event)
        return [(change.recipient, change.current) for change in firsts.values()]


def chunks(events: Sequence[Event], size: int) -> Iterable[Sequence[Event]]:
    return (events[start : start + size] for start in range(0, len(events), size))


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_rows_and_announcements_do_not_depend_on_the_batches(size: int) -> None:
    document, scene = Document(1, A, [B, C]), Scene()
    events = document.whole()
    for batch in chunks(events, size):
        await scene.take(batch)
    bare = grown(Life(hub_id=document.hub_id), events)
    kept = scene.lives.rows[document.hub_id]
    assert {code: kept.state(line) for code, line in kept.lines.items()} == {B: State.FINISHED, C: State.FINISHED}
    assert grown(bare, scene.log.events()) == kept
    assert [current for code, current in scene.told() if code == B] == [
        "sent", "planned", "taken", "01", "03", "04", "05", "06",
    ]  # fmt: skip


async def test_a_batch_costs_one_query_and_one_write() -> None:
    scene = Scene()
    events = [event for number in range(20) for event in Document(number, A, [B, C]).whole()]
    await scene.take(events)
    assert (scene.lives.loads, scene.lives.saves) == (1, 1)


async def test_a_batch_of_deliveries_of_statuses_costs_nothing() -> None:
    scene = Scene()
    await scene.take([Document(1, A, [B]).taken(B, kind="status")])
    assert (scene.lives.loads, scene.lives.saves) == (0, 0)
    assert not scene.log.records


async def test_repeats_change_nothing() -> None:
    document, scene = Document(1, A, [B]), Scene()
    events = document.whole()
    await scene.take(events)
    kept, told = dict(scene.lives.rows), len(scene.log.records)
    for batch in (events, list(reversed(events)), events[3:]):
        await scene.take(batch)
    assert scene.lives.rows == kept
    assert len(scene.log.records) == told


async def test_database_away_after_the_append_the_retry_announces_nothing_twice() -> None:
    document, scene = Document(1, A, [B]), Scene()
    await scene.take([document.received()])
    planned = scene.recorded([document.planned(B)])
    append = scene.log.append

    async def append_then_lose_the_database(events: Any) -> Any:
        result = await append(events)
        scene.lives.away = True
        return result

    scene.log.append = append_then_lose_the_database  # type: ignore[method-assign]
    with pytest.raises(Transient):
        await scene.steps.run(planned)
    scene.lives.away = False
    scene.log.append = append  # type: ignore[method-assign]
    await scene.steps.run(planned)
    assert scene.told() == [(B, "sent"), (B, "planned")]
    assert len(scene.log.records) == 2
    assert scene.lives.rows[document.hub_id].lines[B].announced is State.PLANNED


async def test_a_crash_between_append_and_project_is_caught_up_with_before_anything_is_decided_anew() -> None:
    """The first life announced `planned`; the second meets `taken` first: it must go on from `planned`."""
    document, scene = Document(1, A, [B]), Scene()
    await scene.take([document.received()])
    planned, taken = scene.recorded([document.planned(B)]), scene.recorded([document.taken(B)])
    facts = await scene.handler.facts(planned)
    own = await scene.log.append([(event, ()) for event in scene.handler.decide(planned[0], facts)])
    scene.restart()
    await scene.handler.project(own)  # what OwnEvents does at assignment
    await scene.steps.run([*taken, *planned])
    assert scene.told() == [(B, "sent"), (B, "planned"), (B, "taken")]
    changes = [event for event in scene.log.events() if isinstance(event, StatusChanged)]
    assert [change.previous for change in changes] == ["", "sent", "planned"]


async def test_a_row_changed_by_another_process_is_read_again() -> None:
    document, scene = Document(1, A, [B]), Scene()
    await scene.take([document.received()])
    planned = scene.recorded([document.planned(B)])
    load = scene.lives.load

    async def load_then_change(ids: Any) -> Any:
        loaded = await load(ids)
        scene.lives.load = load  # type: ignore[method-assign]
        other = Scene()
        other.lives = scene.lives
        other.restart()
        await other.take([document.checked()])
        return loaded

    scene.lives.load = load_then_change  # type: ignore[method-assign]
    with pytest.raises(Transient):
        await scene.steps.run(planned)
    await scene.steps.run(planned)
    row = scene.lives.rows[document.hub_id]
    assert row.checked is not None
    assert row.lines[B].planned is not None


async def test_replay_of_the_log_in_any_order_of_topics_gives_the_live_rows() -> None:
    """F04: replay from 0 gives the identical state."""
    scene, dice = Scene(), random.Random(28)  # noqa: S311 - a repeatable shuffle
    lives = [Document(number, A, [B, C]).whole(("01", "03", "06")) for number in range(10)]
    events: list[Event] = []
    while any(lives):
        events.append(dice.choice([life for life in lives if life]).pop(0))
    for batch in chunks(events, 7):
        await scene.take(batch)
    everything = [*scene.recorded(events), *scene.log.records]
    everything.sort(key=lambda record: record.topic, reverse=True)  # topic by topic: no order across topics
    fresh = FakeLives()
    for start in range(0, len(everything), 50):
        await RecordTimeline(fresh).project(everything[start : start + 50])
    assert fresh.rows == scene.lives.rows
