"""Doors of the query API: documents, evidence, report B."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.responses import JSONResponse, Response

from hub.model.ids import HubId
from hub.model.reasons import Code
from hub.runtime.http import refused
from services.status.access import Connection, Viewer
from services.status.app_json import evidence_json, report_json, sent_json, timeline_json
from services.status.app_viewers import Viewers
from services.status.handlers import Cursor, Documents
from services.status.reports import Period, ReportB
from services.status.sheets import Format, Language, Table, csv_of, table_b

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_PERIOD_DAYS = 3700
_EARLIEST, _LATEST = date(2018, 1, 1), date(2200, 1, 1)
_CURSOR = re.compile(r"(\d{1,15})\.([0-9a-f-]{36})")

ToXlsx = Callable[[Table], bytes]
Id = Annotated[str, Path(description="the hub's id of the document", max_length=100)]
Since = Annotated[date, Query(alias="from", description="first day, Vietnam time")]
Until = Annotated[date, Query(alias="to", description="first day that no longer counts, Vietnam time")]


def add_api(app: FastAPI, documents: Documents, viewers: Viewers, to_xlsx: ToXlsx) -> None:
    """Add the routes to an app."""
    router = APIRouter(prefix="/api/v1")
    viewer = Depends(viewers)

    @router.get("/documents")
    async def sent(
        who: Viewer = viewer,
        after: Annotated[str, Query(max_length=80, description="`next` of the page before")] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        """What the caller sent, newest first, refusals included. Of no operator: search the console."""
        if not isinstance(who, Connection):
            raise refused(Code.BAD_REQUEST, "authorization", "a sent list belongs to a connection")
        return JSONResponse(sent_json(await documents.sent(who, read_cursor(after), limit)))

    @router.get("/documents/{hub_id}")
    async def one(hub_id: Id, who: Viewer = viewer) -> Response:
        """The timeline: all recipients for the sender, its own line for a recipient."""
        timeline = await documents.timeline(who, HubId(hub_id))
        if timeline is None:
            raise refused(Code.NOT_FOUND)
        return JSONResponse(timeline_json(timeline))

    @router.get("/documents/{hub_id}/evidence")
    async def evidence(hub_id: Id, who: Viewer = viewer) -> Response:
        """The verdict on the signatures and every finding."""
        found = await documents.evidence(who, HubId(hub_id))
        if found is None:
            raise refused(Code.NOT_FOUND)
        return JSONResponse(evidence_json(found))

    @router.get("/reports/b")
    async def report_b(
        since: Since,
        until: Until,
        who: Viewer = viewer,
        form: Annotated[Format, Query(alias="format")] = Format.JSON,
        lang: Language = Language.VIETNAMESE,
    ) -> Response:
        """Report B: all agencies for the operator, its own for a connection."""
        report = await documents.report_b(who, read_period(since, until))
        return await report_answer(report, form, lang, to_xlsx)

    app.include_router(router)


def read_cursor(text: str) -> Cursor | None:
    """A cursor from `after`; None for the first page; refuses what is none."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise refused(Code.BAD_REQUEST, "after", "not a cursor of ours")
    try:
        at = datetime.fromtimestamp(int(match[1]) / 1000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise refused(Code.BAD_REQUEST, "after", "not a cursor of ours") from error
    return Cursor(at=at, hub_id=HubId(match[2]))


def read_period(since: date, until: date) -> Period:
    """A period of at least a day; refuses one that is empty, endless or out of all time."""
    if not _EARLIEST <= since < until <= _LATEST:
        raise refused(Code.BAD_REQUEST, "from,to", f"`from` must lie before `to`, both from {_EARLIEST} to {_LATEST}")
    if until - since > timedelta(days=LONGEST_PERIOD_DAYS):
        raise refused(Code.BAD_REQUEST, "from,to", f"longest period: {LONGEST_PERIOD_DAYS} days")
    return Period(since=since, until=until)


async def report_answer(report: ReportB, form: Format, lang: Language, to_xlsx: ToXlsx) -> Response:
    """The report in the form asked for."""
    table = table_b(report, lang)
    match form:
        case Format.JSON:
            return JSONResponse(report_json(report))
        case Format.CSV:
            return _file(csv_of(table), "text/csv; charset=utf-8", report, form)
        case Format.XLSX:
            return _file(await asyncio.to_thread(to_xlsx, table), XLSX, report, form)


def _file(content: bytes, media_type: str, report: ReportB, form: Format) -> Response:
    name = f"bao-cao-b_{report.period.since}_{report.period.until}.{form}"
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)
