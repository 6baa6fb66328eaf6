"""Ports of the signature service done for real: directory, verdicts in MongoDB, packages through the worker pool."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import UpdateOne

from hub.model.errors import Invalid, Transient
from hub.model.events import DocumentReceived, SignatureChecked
from hub.model.ids import AgencyCode, EventId
from hub.model.statuses import SignaturePolicy
from hub.model.values import Package
from hub.runtime import telemetry
from hub.runtime.blobs import Blobs
from hub.runtime.directory import DirectoryView
from hub.runtime.mongo import bulk, guarded
from services.signature.facts import DocumentFacts
from services.signature.frames import Task, Trust
from services.signature.handlers import Examined, Sender
from services.signature.reasons import Reason
from services.signature.workers import Workers

VERDICTS = "verdicts"
"""One row per `signature.checked`: {_id: its event id, document, verdict, findings, policy, stop, checked_at}."""


class DirectorySenders:
    """Senders in the directory that every process holds."""

    def __init__(self, view: DirectoryView) -> None:
        self._view = view

    def sender(self, code: AgencyCode) -> Sender:
        """The agency that has or had this code; one that nobody knows must sign (policy `required`)."""
        if not self._view.ready.is_set():
            raise Transient("directory", "the directory is still being read")
        agency = self._view.directory.resolve(code)
        if agency is None:
            return Sender(policy=SignaturePolicy.REQUIRED, codes=frozenset())
        codes = frozenset({agency.code, *(identifier.code for identifier in agency.identifiers)})
        return Sender(policy=agency.signature_policy, codes=codes)


class PooledExaminer:
    """Hands packages to the workers: as files of the local store, or fetched into a folder first."""

    def __init__(self, blobs: Blobs, workers: Workers, folder: Path, at_once: int) -> None:
        """`folder` is where packages of a remote store are put for a moment; `at_once` bounds how many lie there."""
        self._blobs = blobs
        self._workers = workers
        self._folder = folder
        self._places = asyncio.Semaphore(at_once)

    def trust(self) -> Trust:
        """Anchors and CRLs to judge by now. Transient while they cannot be read."""
        return self._workers.trust()

    async def examine(self, documents: Sequence[DocumentReceived], trust: Trust) -> Sequence[Examined]:
        """Facts about each document, side by side; waits for all before it raises what befell one."""
        found = await asyncio.gather(*(self._one(document, trust) for document in documents), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, Invalid):
                raise each
        return [each for each in found if isinstance(each, DocumentFacts | Reason | Invalid)]

    async def _one(self, document: DocumentReceived, trust: Trust) -> Examined:
        package = document.header.package
        async with self._places, self._file(package) as path:
            return await self._workers.examine(
                Task(path=str(path), sha256=package.digest, size=package.size, moment=document.occurred_at),
                trust,
            )

    @asynccontextmanager
    async def _file(self, package: Package) -> AsyncIterator[Path]:
        local = self._blobs.local_path(package.digest)
        if local is not None:
            yield local
            return
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".package") as copy:
            async for chunk in self._blobs.read(package):
                await asyncio.to_thread(copy.write, chunk)
            await asyncio.to_thread(copy.flush)
            yield Path(copy.name)


class MongoVerdicts:
    """Verdicts in the collection `verdicts`, a projection of `signature.checked`."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._database = database

    async def given(self, ids: Collection[EventId]) -> frozenset[EventId]:
        """Which of these events have been projected."""
        async with guarded():
            rows = await self._database[VERDICTS].find({"_id": {"$in": list(ids)}}, {"_id": 1}).to_list(None)
        return frozenset(EventId(row["_id"]) for row in rows)

    async def add(self, events: Sequence[SignatureChecked]) -> None:
        """Keep verdicts; the first one wins."""
        rows = [_row(event) for event in events]
        await bulk(
            self._database,
            VERDICTS,
            [UpdateOne({"_id": row.pop("_id")}, {"$setOnInsert": row}, upsert=True) for row in rows],
        )
        for event in events:
            telemetry.VERDICTS.labels(event.verdict.outcome, event.verdict.reason).inc()


def _row(event: SignatureChecked) -> dict[str, Any]:
    return {
        "_id": event.event_id,
        "hub_id": event.header.hub_id,
        "document_id": event.header.document_id,
        "sender": event.header.sender,
        "digest": event.header.package.digest,
        "outcome": event.verdict.outcome.value,
        "reason": event.verdict.reason,
        "findings": [_finding(asdict(finding)) for finding in event.findings],
        "policy": event.policy.value,
        "stop": event.stop,
        "checked_at": event.occurred_at,
    }


def _finding(values: dict[str, Any]) -> dict[str, Any]:
    judged = values.pop("verdict")
    return values | {"outcome": judged["outcome"].value, "reason": str(judged["reason"])}
