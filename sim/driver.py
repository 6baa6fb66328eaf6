"""The load driver: sends a plan's packages through the edge, lets recipients act, waits until all has arrived."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from sim.agencies import Agency, AgencyCode
from sim.factory import Parcel
from sim.hub_client import Answer, HubClient
from sim.ledger import Answered, Began, Ended, Ledger, Sending
from sim.plan import Character, PlannedDocument, Special
from sim.recipients import Observations, Recipient, Scene

_CONNECTIONS = 400
_RETRIES = 60
_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_REST_SECONDS = 0.02

Progress = Callable[[str, int, int], None]
"""Told the name of a step, how much is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a run takes place."""

    base: str
    """Address of the edge, `http://127.0.0.1:21000`."""
    secrets: Mapping[AgencyCode, str]
    """Each agency's connection has its code as system id."""
    agencies: Sequence[Agency]
    ledger_file: Path
    run: str
    seed: int
    at_once: int = 8
    """Packages on the way to the hub at the same time."""
    drain_seconds: float = 120.0
    alert_expected: bool = False
    statuses: bool = True
    rest_between: bool = False
    """Wait after each package until everybody is done with it: how fast an idle hub is."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What a run leaves for those who show or measure it."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """By DocumentId, one a sending."""
    sent_at: dict[str, float] = field(default_factory=dict)
    """By DocumentId: monotonic moment of the first POST."""
    observations: Observations = field(default_factory=Observations)
    drained: bool = False
    seconds: float = 0.0
    """From the first POST until everything expected had arrived."""

    def hub_id(self, document_id: str) -> str:
        """The receipt's hub id; empty when there is none."""
        return next((answer.hub_id for answer in self.answers.get(document_id, ()) if answer.hub_id), "")


class Driver:
    """Runs one plan against one hub."""

    def __init__(self, stage: Stage, progress: Progress) -> None:
        self._stage = stage
        self._progress = progress
        self._ledger = Ledger(stage.ledger_file)
        self._result = Result()

    async def run(self, documents: Sequence[PlannedDocument], parcels: Sequence[Parcel]) -> Result:
        """Send all parcels and wait for what must follow, `drain_seconds` at most after the last answer."""
        stage = self._stage
        await self._ledger.write(
            Began(run=stage.run, at=time.time(), seed=stage.seed, documents=len(documents),
                  alert_expected=stage.alert_expected)
        )  # fmt: skip
        plan = {parcel.document_id: parcel.document for parcel in parcels}
        scene = Scene(run=stage.run, plan=plan, ledger=self._ledger, observations=self._result.observations,
                      statuses=stage.statuses)  # fmt: skip
        async with self._systems(scene) as systems:
            started = time.monotonic()
            await self._send_all(parcels, systems)
            self._result.drained = await self._drained(parcels)
            self._result.seconds = time.monotonic() - started
        await self._ledger.write(Ended(run=stage.run, at=time.time(), drained=self._result.drained))
        self._ledger.close()
        return self._result

    @asynccontextmanager
    async def _systems(self, scene: Scene) -> AsyncIterator[dict[AgencyCode, HubClient]]:
        """A client for each agency, and everybody polling."""
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector) as session:
            systems = {
                agency.code: HubClient(session, self._stage.base, agency.code, self._stage.secrets[agency.code])
                for agency in self._stage.agencies
            }
            tasks = [
                asyncio.create_task(Recipient(agency, systems[agency.code], scene).run())
                for agency in self._stage.agencies
            ]
            try:
                yield systems
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_all(self, parcels: Iterable[Parcel], systems: Mapping[AgencyCode, HubClient]) -> None:
        every = list(parcels)
        gate = asyncio.Semaphore(self._stage.at_once)
        done = 0

        async def send(parcel: Parcel) -> None:
            nonlocal done
            async with gate:
                await self._send(parcel, systems[parcel.document.sender])
                if self._stage.rest_between:
                    await self._at_rest([parcel])
            done += 1
            self._progress("gửi · send", done, len(every))

        await asyncio.gather(*(send(parcel) for parcel in every))

    async def _send(self, parcel: Parcel, system: HubClient) -> None:
        times = 2 if parcel.document.special is Special.SENT_TWICE else 1
        self._result.sent_at[parcel.document_id] = time.monotonic()
        for attempt in range(times):
            await self._until_answered(parcel, system, attempt)

    async def _until_answered(self, parcel: Parcel, system: HubClient, attempt: int) -> None:
        """One sending, repeated while the hub is away: a client's system would do the same."""
        for retry in range(_RETRIES):
            await self._ledger.write(self._sending(parcel, attempt * _RETRIES + retry))
            answer = await system.send(parcel.package)
            await self._ledger.write(
                Answered(
                    run=self._stage.run, at=time.time(), document=parcel.document.index,
                    attempt=attempt * _RETRIES + retry, status=answer.status, hub_id=answer.hub_id, code=answer.code,
                    seconds=answer.seconds,
                )
            )  # fmt: skip
            self._result.answers.setdefault(parcel.document_id, []).append(answer)
            if 0 < answer.status < 500:  # noqa: PLR2004 - RFC 9110 §15.6: from here on it is the server's fault
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    def _sending(self, parcel: Parcel, attempt: int) -> Sending:
        document = parcel.document
        silent = tuple(one.code for one in document.recipients if one.character is Character.SILENT)
        return Sending(
            run=self._stage.run, at=time.time(), document=document.index, attempt=attempt, sender=document.sender,
            document_id=parcel.document_id, digest=parcel.sha256, recipients=tuple(document.codes), silent=silent,
            special=document.special,
        )  # fmt: skip

    async def _drained(self, parcels: Sequence[Parcel]) -> bool:
        """True once every accepted document is in every inbox, and every accepted status with its addressee."""
        accepted = [parcel for parcel in parcels if self._result.hub_id(parcel.document_id)]
        total = sum(len(parcel.document.codes) for parcel in accepted)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._stage.drain_seconds):
                while missing := self._missing(accepted):
                    self._progress("nhận · deliver", max(0, total - missing), total)
                    await asyncio.sleep(_LOOK_SECONDS)
                self._progress("nhận · deliver", total, total)
                return True
        return False

    async def _at_rest(self, parcels: Sequence[Parcel]) -> None:
        """Return once nothing of these is on its way; what never arrives is the judge's business."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._stage.drain_seconds):
                while self._missing(parcels):  # noqa: ASYNC110 - many things end it, none of them tells
                    await asyncio.sleep(_REST_SECONDS)

    def _missing(self, accepted: Sequence[Parcel]) -> int:
        seen = self._result.observations
        deliveries = sum(
            (parcel.document_id, code) not in seen.documents
            for parcel in accepted
            if parcel.document_id not in seen.refused
            for code in parcel.document.codes
        )
        return deliveries + len(seen.reported - seen.statuses) + seen.busy
