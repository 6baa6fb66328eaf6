"""The receiving side of an agency: polls its inbox, downloads, settles and returns statuses by its character."""

import asyncio
import contextlib
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp

from sim.agencies import Agency, AgencyCode
from sim.edxml import StatusReport, status_message
from sim.hub_client import HubClient, Item
from sim.ledger import Ledger, Reported, Reporting, Seen
from sim.plan import Character, PlannedDocument

T = TypeVar("T")

_WAIT_SECONDS = 20.0
_PAUSE_SECONDS = 0.5
_SLOW_SECONDS = (0.5, 2.0)
_RETRIES = 120
_ANSWERS = {
    Character.PROMPT: (("01", ""), ("03", "Đã vào sổ văn bản đến"), ("05", ""), ("06", "")),
    Character.SLOW: (("01", ""), ("03", ""), ("04", "Chuyển phòng chuyên môn")),
    Character.REFUSES: (("01", ""), ("02", "Gửi nhầm cơ quan, đề nghị kiểm tra lại nơi nhận")),
    Character.SILENT: (),
}


@dataclass(slots=True, kw_only=True)
class Observations:
    """What all inboxes together have shown so far; `changed` is set on each news."""

    documents: dict[tuple[str, str], float] = field(default_factory=dict)
    """(document id, recipient) -> moment of the first listing, monotonic seconds."""
    statuses: set[str] = field(default_factory=set)
    """Digests of status messages that reached their addressee."""
    reported: set[str] = field(default_factory=set)
    """Digests of status messages that the hub accepted."""
    refused: set[str] = field(default_factory=set)
    """Document ids whose sender was told by the hub that they go nowhere."""
    busy: int = 0
    """Items in the hands of recipients right now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What recipients share: the run, its plan, the ledger and the observations."""

    run: str
    plan: Mapping[str, PlannedDocument]
    """By DocumentId."""
    ledger: Ledger
    observations: Observations
    statuses: bool = True
    """False: recipients return no statuses (benchmarks of delivery alone)."""


class Recipient:
    """One agency's receiving system."""

    def __init__(self, agency: Agency, client: HubClient, scene: Scene) -> None:
        self._agency = agency
        self._client = client
        self._scene = scene
        self._known: set[str] = set()
        self._random = random.Random(agency.code)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll until cancelled. A hub that is away is asked again."""
        try:
            while True:
                try:
                    items = await self._client.inbox(_WAIT_SECONDS)
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                fresh = [item for item in items if item.id not in self._known]
                for item in fresh:
                    self._known.add(item.id)
                    self._take_in_hand(item)
        finally:
            for task in self._tasks:
                task.cancel()

    def _take_in_hand(self, item: Item) -> None:
        seen = self._scene.observations
        if item.kind == "document":
            seen.documents.setdefault((item.document_id, item.recipient), time.monotonic())
        seen.busy += 1  # from here on, not from the task's first step: a run must not end in between
        task = asyncio.create_task(self._handle(item))
        self._tasks.add(task)
        task.add_done_callback(self._let_go)

    def _let_go(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._scene.observations.busy -= 1

    async def _handle(self, item: Item) -> None:
        if item.kind == "status":
            await self._take_status(item)
        else:
            await self._take_document(item)

    async def _take_status(self, item: Item) -> None:
        await self._download(item)
        await self._settle(item)
        seen = self._scene.observations
        seen.statuses.add(item.digest)
        planned = self._scene.plan.get(item.document_id)
        if planned is not None and item.status == "02" and item.sender not in planned.codes:
            seen.refused.add(item.document_id)

    async def _take_document(self, item: Item) -> None:
        planned = self._scene.plan.get(item.document_id)
        character = _character(planned, item.recipient)
        if character is Character.SILENT:
            await self._note(item, "")
            return
        if character is Character.SLOW:
            await asyncio.sleep(self._random.uniform(*_SLOW_SECONDS))
        await self._download(item)
        await self._settle(item)
        if planned is not None and self._scene.statuses:
            for code, text in _ANSWERS[character]:
                await self._report(item, planned, code, text)

    async def _download(self, item: Item) -> None:
        data = await _patiently(lambda: self._client.package(item.id))
        await self._note(item, hashlib.sha256(data).hexdigest())

    async def _settle(self, item: Item) -> None:
        await _patiently(lambda: self._client.settle(item.id, "done"))

    async def _note(self, item: Item, digest: str) -> None:
        await self._scene.ledger.write(
            Seen(
                run=self._scene.run, at=time.time(), inbox=self._agency.code, recipient=item.recipient, item=item.id,
                item_kind=item.kind, hub_id=item.hub_id, document_id=item.document_id, sender=item.sender,
                status=item.status, listed_digest=item.digest, digest=digest,
            )
        )  # fmt: skip

    async def _report(self, item: Item, planned: PlannedDocument, code: str, text: str) -> None:
        message = status_message(
            StatusReport(
                reporter=self._agency, addressee=AgencyCode(item.sender), document_id=item.document_id, code=item.code,
                promulgated=planned.promulgated, status=code, description=text, staff="Văn thư cơ quan",
                moment=datetime.now(UTC),
            )
        )  # fmt: skip
        digest = hashlib.sha256(message).hexdigest()
        run, ledger = self._scene.run, self._scene.ledger
        for _ in range(_RETRIES):
            await ledger.write(
                Reporting(run=run, at=time.time(), reporter=self._agency.code, document_id=item.document_id,
                          status=code, digest=digest)
            )  # fmt: skip
            answer = await self._client.report(message)
            await ledger.write(Reported(run=run, at=time.time(), digest=digest, http=answer.status, code=answer.code))
            if answer.status in (200, 202):
                self._scene.observations.reported.add(digest)
            if 0 < answer.status < 500:  # noqa: PLR2004 - RFC 9110 §15.6: from here on it is the server's fault
                return
            await asyncio.sleep(_PAUSE_SECONDS)


def _character(planned: PlannedDocument | None, recipient: str) -> Character:
    if planned is None:
        return Character.PROMPT  # left over from another run: cleared away
    return next((one.character for one in planned.recipients if one.code == recipient), Character.PROMPT)


async def _patiently(deed: Callable[[], Awaitable[T]]) -> T:
    """The deed's result, tried again while the hub is away."""
    for _ in range(_RETRIES):
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            return await deed()
        await asyncio.sleep(_PAUSE_SECONDS)
    return await deed()
