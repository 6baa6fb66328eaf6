"""decide -> append -> project -> acknowledge: the one way anything happens in the hub (DESIGN §4).

*Decide* is a pure rule over facts. *Append* writes its events and awaits every acknowledgement. *Project* brings the
service's own collections up to them, idempotently. *Acknowledge* belongs to the door: it commits offsets or answers
the request once `run` has returned. A crash anywhere repeats from the start, and the repeat changes nothing.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from opentelemetry.context import Context

from hub.model.errors import Invalid, Transient
from hub.model.events import Event
from hub.model.record import Recorded
from hub.runtime import telemetry, tracing
from hub.runtime.log import Log, Traced
from hub.runtime.marks import Marks

C = TypeVar("C")
Cause_contra = TypeVar("Cause_contra", contravariant=True)
F = TypeVar("F")


class Handler(Protocol[Cause_contra, F]):
    """A use case. Its ports are its own business; these three methods are all that the runtime calls.

    A handler whose collections are a function of the events it takes, rather than of those it gives (read models), sets
    `projects_causes = True`: `project` then receives the recorded causes before the records of its own events.
    """

    async def facts(self, causes: Sequence[Cause_contra]) -> F:
        """Load what deciding needs, once for the whole batch. May raise Transient."""
        ...

    def decide(self, cause: Cause_contra, facts: F) -> Sequence[Event]:
        """Pure: events that follow from one cause; empty when it was decided before. Invalid parks this cause alone."""
        ...

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring collections up to these events; knowing them already changes nothing. May raise Transient."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[C]):
    """What a run did: the events now in the log, and the causes that can never be handled."""

    records: tuple[Recorded[Event], ...]
    parked: tuple[tuple[C, Invalid], ...] = ()


class FourSteps(Generic[C, F]):
    """Runs the steps around one handler, for a batch from Kafka and for one HTTP request alike."""

    def __init__(self, name: str, handler: Handler[C, F], log: Log, marks: Marks, gives: Iterable[type[Event]]) -> None:
        self.name = name
        self._gives = frozenset(gives)
        self._handler = handler
        self._log = log
        self._marks = marks
        self._owed: list[Recorded[Event]] = []
        self._paying = asyncio.Lock()

    async def run(self, causes: Sequence[C], parents: Sequence[Context | None] | None = None) -> Done[C]:
        """Take causes through decide, append and project. `parents` are the causes' traces; default: the current one.

        Transient before the append: nothing happened. Transient after it: the events are in the log and stay owed to
        the collections; the next run projects them before it decides anything.
        """
        await self._pay()
        facts = await self._facts(causes)
        events, parked = self._decide(causes, facts, parents or [None] * len(causes))
        records = await self._append(events)
        await self._project([*self._own_causes(causes, parked), *records])
        return Done(records=tuple(records), parked=tuple(parked))

    async def _facts(self, causes: Sequence[C]) -> F:
        with telemetry.timed(telemetry.STEP_SECONDS.labels(self.name, "facts")):
            return await self._handler.facts(causes)

    def _decide(
        self, causes: Sequence[C], facts: F, parents: Sequence[Context | None]
    ) -> tuple[list[Traced], list[tuple[C, Invalid]]]:
        events: list[Traced] = []
        parked: list[tuple[C, Invalid]] = []
        telemetry.BATCH_EVENTS.labels(self.name).observe(len(causes))
        with telemetry.timed(telemetry.STEP_SECONDS.labels(self.name, "decide")):
            for cause, parent in zip(causes, parents, strict=True):
                try:
                    events.extend(self._decide_one(cause, facts, parent))
                except Invalid as error:
                    parked.append((cause, error))
        return events, parked

    def _decide_one(self, cause: C, facts: F, parent: Context | None) -> list[Traced]:
        with tracing.span(self.name, parent):
            decided = self._handler.decide(cause, facts)
            headers = tracing.headers()
        return [(event, headers) for event in decided]

    def _own_causes(self, causes: Sequence[C], parked: Sequence[tuple[C, Invalid]]) -> list[Recorded[Event]]:
        if not getattr(self._handler, "projects_causes", False):
            return []
        unfit = [cause for cause, _ in parked]
        return [cause for cause in causes if isinstance(cause, Recorded) and cause not in unfit]

    async def _append(self, events: Sequence[Traced]) -> list[Recorded[Event]]:
        with telemetry.timed(telemetry.STEP_SECONDS.labels(self.name, "append")):
            try:
                return await self._log.append(events)
            except BaseException:
                self._marks.in_doubt = True  # some of them may be in the log: OwnEvents looks
                raise

    async def _project(self, records: Sequence[Recorded[Event]]) -> None:
        if not records:
            return
        with telemetry.timed(telemetry.STEP_SECONDS.labels(self.name, "project")):
            try:
                await self._handler.project(records)
            except Transient:
                self._owed.extend(records)
                raise
            except BaseException:
                self._marks.in_doubt = True  # cut off half-way: OwnEvents projects what is not marked
                raise
        self._marks.projected(record for record in records if type(record.event) in self._gives)

    async def _pay(self) -> None:
        """Project what is owed; whoever comes meanwhile waits, or it would decide on collections that lag."""
        async with self._paying:
            while self._owed:
                owed, self._owed = self._owed, []
                await self._project(owed)
