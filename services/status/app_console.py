"""Doors of the web console: search, one document, report B. For operators only; server-rendered, no scripts."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from hub.model.ids import HubId
from hub.model.reasons import Code
from hub.runtime.clock import Clock
from hub.runtime.http import NO_TELEMETRY, refused
from services.status import wording
from services.status.access import Operator
from services.status.app_api import ToXlsx, read_period, report_answer
from services.status.app_messages import NotAdmitted, add_messages
from services.status.app_pages import HEADERS, HERE, NO_STORE, ROOT, Pages, language_of
from services.status.app_viewers import Operators
from services.status.handlers import Documents, SearchPage
from services.status.life import Stage
from services.status.reports import VIETNAM, Period
from services.status.sheets import Format

_PAGE = 25
_LAST_PAGE = 400
_STATIC = "/static"

Words = Annotated[str, Query(max_length=200)]
Since = Annotated[str, Query(alias="from", max_length=10)]
Until = Annotated[str, Query(alias="to", max_length=10)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the pages are made with."""

    documents: Documents
    operators: Operators
    to_xlsx: ToXlsx
    clock: Clock
    pages: Pages = field(default_factory=Pages)

    @property
    def today(self) -> date:
        """The day in Vietnam."""
        return self.clock().astimezone(VIETNAM).date()

    async def operator(self, request: Request) -> Operator:
        """A FastAPI dependency that lets operators in and nobody else."""
        if not await self.operators.admits(request):
            raise NotAdmitted
        return Operator()

    def period(self, since: str, until: str) -> Period:
        """The period of two form fields; empty ones mean this month up to now."""
        first, end = self.today.replace(day=1), self.today + timedelta(days=1)
        return read_period(_day("from", since, first), _day("to", until, end))


def add_console(app: FastAPI, parts: Console) -> None:
    """Mount the console under /console."""
    console = FastAPI(openapi_url=None, telemetry=NO_TELEMETRY)  # of its own it would export what operators type
    _add_headers(console)
    add_messages(console, parts.pages)
    _add_documents(console, parts)
    _add_reports(console, parts)
    console.mount(_STATIC, StaticFiles(directory=HERE / "static"))

    @app.get(ROOT, include_in_schema=False)
    async def home(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{ROOT}/{query}", 307)  # a path alone: the edge is known under another name

    app.mount(ROOT, console)


def _add_documents(console: FastAPI, parts: Console) -> None:
    documents, pages, admitted = parts.documents, parts.pages, [Depends(parts.operator)]

    @console.get("/", dependencies=admitted)
    async def search(request: Request, q: Words = "", stage: Words = "", page: Words = "") -> Response:
        """Search documents: newest first, in pages."""
        chosen = Stage(stage) if stage in Stage.__members__.values() else None
        number, found = await _turned_to(documents, q, chosen, _page_number(page))
        last = _last_page(found)
        return pages.page(
            request, "documents.html", q=q, stage=chosen, stages=wording.STAGES, found=found, number=number, last=last,
            first_row=(number - 1) * _PAGE + 1,
        )  # fmt: skip

    @console.get("/documents/{hub_id}", dependencies=admitted)
    async def one(request: Request, hub_id: str) -> Response:
        """One document with all its lines."""
        timeline = await documents.timeline(Operator(), HubId(hub_id))
        if timeline is None:
            raise HTTPException(404)
        evidence = await documents.evidence(Operator(), HubId(hub_id))
        return pages.page(
            request, "document.html", it=timeline, evidence=evidence, outcomes=wording.OUTCOMES, reason=wording.reason
        )


def _add_reports(console: FastAPI, parts: Console) -> None:
    documents, admitted = parts.documents, [Depends(parts.operator)]

    @console.get("/reports/b", dependencies=admitted)
    async def page(request: Request, since: Since = "", until: Until = "") -> Response:
        """Report B as a page."""
        report = await documents.report_b(Operator(), parts.period(since, until))
        return parts.pages.page(request, "report.html", report=report, shortcuts=_shortcuts(parts.today))

    @console.get("/reports/b.{form}", dependencies=admitted)
    async def download(request: Request, form: Format, since: Since = "", until: Until = "") -> Response:
        """Report B as a file."""
        report = await documents.report_b(Operator(), parts.period(since, until))
        return await report_answer(report, form, language_of(request), parts.to_xlsx)


def _add_headers(console: FastAPI) -> None:
    """Every page has the headers that keep foreign content out."""

    @console.middleware("http")
    async def with_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
        answer = await call_next(request)
        cache = {} if request.url.path.startswith(f"{ROOT}{_STATIC}/") else NO_STORE
        answer.headers.update(HEADERS | cache)
        return answer


async def _turned_to(documents: Documents, query: str, stage: Stage | None, number: int) -> tuple[int, SearchPage]:
    """The page of this number, or the last one when there are fewer, with its number."""
    found = await documents.search(query, stage, (number - 1) * _PAGE, _PAGE)
    if number > (last := _last_page(found)):
        return last, await documents.search(query, stage, (last - 1) * _PAGE, _PAGE)
    return number, found


def _last_page(found: SearchPage) -> int:
    return min(_LAST_PAGE, max(1, -(-found.total // _PAGE)))


def _page_number(text: str) -> int:
    return min(max(int(text), 1), _LAST_PAGE) if text.isascii() and text.isdigit() else 1


def _day(field: str, text: str, otherwise: date) -> date:
    """A day of a form field; another one when the field is empty. Refuses what is no day rather than guess one."""
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refused(Code.BAD_DATE, field, text) from error


def _shortcuts(today: date) -> tuple[tuple[wording.Label, Period], ...]:
    """Periods people ask for most."""
    month = today.replace(day=1)
    month_before = (month - timedelta(days=1)).replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    year = today.replace(month=1, day=1)
    tomorrow = today + timedelta(days=1)
    return (
        (wording.label("Tháng này", "This month"), Period(since=month, until=tomorrow)),
        (wording.label("Tháng trước", "Last month"), Period(since=month_before, until=month)),
        (wording.label("Quý này", "This quarter"), Period(since=quarter, until=tomorrow)),
        (wording.label("Năm nay", "This year"), Period(since=year, until=tomorrow)),
    )
