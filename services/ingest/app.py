"""Doors of intake: documents in, documents looked at, statuses in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from hub.model.errors import Transient
from hub.model.events import DocumentReceived, DocumentRefused, StatusReported
from hub.model.reasons import Code
from hub.model.values import Refusal
from hub.runtime import telemetry
from hub.runtime.callers import Caller
from hub.runtime.clock import Clock
from hub.runtime.four_steps import FourSteps
from hub.runtime.http import Refused, problem, public_app, reason
from hub.runtime.logs import logger
from hub.wire.edxml import ReadDocument, ReadStatus
from services.ingest.app_body import Nowhere, Spool, Taken, take
from services.ingest.duplicates import Receipt, receipt_of
from services.ingest.handlers import PATIENCE_SECONDS, SubmitDocument
from services.ingest.handlers_statuses import NotAccepted, ReportStatus
from services.ingest.intake import Submission
from services.ingest.statuses import Report

_ACCEPTED, _OK = 202, 200
_STATUS_CODE = "MessageHeader/StatusCode"
"""The element by which a status message is told from a document."""
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}}
}
_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The bytes are no XML that the hub reads", **_PROBLEM},
    401: {"description": "The caller is not authenticated", **_PROBLEM},
    403: {"description": "The sender is not the caller's", **_PROBLEM},
    409: {"description": "The DocumentId is taken by other bytes; `hub_id` names them", **_PROBLEM},
    413: {"description": "The body is too large", **_PROBLEM},
    415: {"description": "Content-Encoding is not accepted", **_PROBLEM},
    422: {"description": "Refused, with all reasons", **_PROBLEM},
    503: {"description": "A part is away; not confirmed: send the same again after Retry-After", **_PROBLEM},
}


class ReceiptAnswer(BaseModel):
    """Receipt of an accepted package; the same for every repeat, but for `duplicate`."""

    hub_id: str
    document_id: str
    sender: str
    recipients: list[str]
    digest: str
    size: int
    received_at: str
    duplicate: bool


class StatusAnswer(BaseModel):
    """What was recorded of a status message."""

    hub_id: str
    status: str
    digest: str
    duplicate: bool


class Findings(BaseModel):
    """What sending the package would be refused for; empty when it would be accepted."""

    findings: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """All that the doors of intake need."""

    callers: Callable[[Request], Awaitable[Caller]]
    opened: asyncio.Event
    """Set once the directory is read and earlier events are projected; until then nothing can be decided."""
    clock: Clock
    spool: Spool
    package_limit: int
    status_limit: int
    submit: SubmitDocument
    submitting: "FourSteps[Submission, Any]"
    report: ReportStatus
    reporting: "FourSteps[Report, Any]"


class OneAtATime:
    """Lets one request at a time through for one package: the repeat then finds the first one's receipt.

    Who waits too long is told to come again: a sender that repeats a slow package over and over holds up itself alone.
    """

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Wait for the requests with this key that came earlier."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        try:
            await _turn_of(lock)
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)


async def _turn_of(lock: asyncio.Lock) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await lock.acquire()
    except TimeoutError as error:
        raise Transient("documents", "the same package is being taken in right now") from error


def build(doors: Doors) -> FastAPI:
    """The public app of intake."""
    app = public_app("Document exchange hub: intake")
    packages, messages = OneAtATime(), OneAtATime()

    async def caller_of(request: Request) -> Caller:
        if not doors.opened.is_set():
            raise Transient("directory", "intake is still starting")
        return await doors.callers(request)

    @app.post("/api/v1/documents", status_code=_ACCEPTED, response_model=ReceiptAnswer, responses={
        _OK: {"model": ReceiptAnswer, "description": "Sent before: the first receipt"}, **_PROBLEMS,
    }, openapi_extra=_BODY)  # fmt: skip
    async def submit(request: Request, caller: Caller = Depends(caller_of)) -> Response:
        """Send an edXML package (QCVN 102:2016/BTTTT). 202 means: kept durably, the hub answers for it."""
        async with doors.spool.open() as sink:
            taken = await take(request, caller, sink, doors.package_limit)
            async with packages.of(taken.package.digest):
                submission = _submission(taken, caller, doors.clock())
                done = await doors.submitting.run([submission])
                return await _answer_document(doors, submission, [record.event for record in done.records])

    @app.post("/api/v1/documents/check", response_model=Findings, responses=_PROBLEMS, openapi_extra=_BODY)
    async def check(request: Request, caller: Caller = Depends(caller_of)) -> Response:
        """Look at an edXML package as sending it would; nothing is stored."""
        taken = await take(request, caller, Nowhere(), doors.package_limit)
        found = await doors.submit.findings(_submission(taken, caller, doors.clock()))
        return JSONResponse({"findings": [reason(refusal) for refusal in found]})

    @app.post("/api/v1/statuses", status_code=_ACCEPTED, response_model=StatusAnswer, responses={
        _OK: {"model": StatusAnswer, "description": "Sent before"}, **_PROBLEMS,
    }, openapi_extra=_BODY)  # fmt: skip
    async def report(request: Request, caller: Caller = Depends(caller_of)) -> Response:
        """Send an edXML status message: what became of a document, or code 13 to ask it back."""
        async with doors.spool.open() as sink:
            taken = await take(request, caller, sink, doors.status_limit)
            async with messages.of(taken.package.digest):
                message = _report(taken, caller, doors.clock())
                done = await doors.reporting.run([message])
                for _, error in done.parked:
                    raise Refused(error.refusals) if isinstance(error, NotAccepted) else error
                return await _answer_status(doors, message, [record.event for record in done.records])

    return app


def _submission(taken: Taken, caller: Caller, moment: datetime) -> Submission:
    read = taken.read
    if isinstance(read, ReadStatus):
        read = Refusal(code=Code.STATUS_NOT_DOCUMENT, field=_STATUS_CODE, detail="")
    return Submission(
        moment=moment, system_id=caller.system_id, package=taken.package, content=taken.content, read=read
    )


def _report(taken: Taken, caller: Caller, moment: datetime) -> Report:
    read = taken.read
    if isinstance(read, ReadDocument):
        read = Refusal(code=Code.DOCUMENT_NOT_STATUS, field=_STATUS_CODE, detail="")
    return Report(moment=moment, system_id=caller.system_id, package=taken.package, content=taken.content, read=read)


async def _answer_document(doors: Doors, submission: Submission, events: list[Any]) -> Response:
    match events:
        case [DocumentReceived(header=header) as event]:
            telemetry.PACKAGE_BYTES.observe(header.package.size)
            logger().info("document accepted", hub_id=header.hub_id, system_id=submission.system_id,
                          size=header.package.size, recipients=len(header.recipients))  # fmt: skip
            return JSONResponse(_receipt(receipt_of(event), duplicate=False), _ACCEPTED)
        case [DocumentRefused(refusals=refusals)]:
            logger().info("document refused", system_id=submission.system_id, size=submission.package.size,
                          code=",".join(sorted({refusal.code for refusal in refusals})))  # fmt: skip
            taken = [refusal.detail for refusal in refusals if refusal.code == Code.DOCUMENT_CONFLICT]
            return problem(refusals, {"hub_id": taken[0]} if taken else None)
    repeated = await doors.submit.receipt(submission)
    if repeated is None:
        raise Transient("mongo", "the first receipt cannot be read")
    telemetry.DUPLICATES.inc()
    return JSONResponse(_receipt(repeated, duplicate=True), _OK)


async def _answer_status(doors: Doors, report: Report, events: list[Any]) -> Response:
    digest, read = report.package.digest, report.read
    match events:
        case [StatusReported(hub_id=hub_id, status=status)]:
            logger().info("status recorded", hub_id=hub_id, system_id=report.system_id, code=status)
            answer = StatusAnswer(hub_id=hub_id, status=status, digest=digest, duplicate=False)
            return JSONResponse(answer.model_dump(), _ACCEPTED)
    document = await doors.report.recorded(report)
    if document is None or isinstance(read, Refusal):
        raise Transient("mongo", "the first receipt cannot be read")
    telemetry.DUPLICATES.inc()
    answer = StatusAnswer(hub_id=document, status=read.status, digest=digest, duplicate=True)
    return JSONResponse(answer.model_dump(), _OK)


def _receipt(first: Receipt, *, duplicate: bool) -> dict[str, Any]:
    answer = ReceiptAnswer(
        hub_id=first.hub_id,
        document_id=first.document_id,
        sender=first.sender,
        recipients=list(first.recipients),
        digest=first.digest,
        size=first.size,
        received_at=first.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        duplicate=duplicate,
    )
    return answer.model_dump()
