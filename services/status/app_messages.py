"""Messages of the console: every error is a page that says what to do, in words for whoever caused it."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hub.model.errors import Transient
from hub.model.reasons import Code
from hub.model.values import Refusal
from hub.runtime import telemetry
from hub.runtime.http import RETRY_AFTER_SECONDS, Refused
from hub.runtime.logs import logger
from hub.runtime.mongo import TookTooLong
from services.status.app_pages import HEADERS, NO_STORE, Pages
from services.status.app_viewers import WINDOW_SECONDS

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="console", charset="UTF-8"'}


class NotAdmitted(Exception):  # noqa: N818 - an answer, not an error
    """No operator."""


def add_messages(console: FastAPI, pages: Pages) -> None:
    """Answer what goes wrong in the console's pages."""
    _add_refusals(console, pages)
    _add_failures(console, pages)


def _add_refusals(console: FastAPI, pages: Pages) -> None:
    """What the person can put right."""

    @console.exception_handler(NotAdmitted)
    async def not_admitted(request: Request, _error: Exception) -> Response:
        telemetry.REFUSALS.labels(Code.NOT_AUTHENTICATED).inc()  # as every other door counts it
        return pages.page(request, "message.html", 401, _CHALLENGE, kind="not_admitted")

    @console.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        kind = "not_found" if status in (404, 405) else "bad_request"
        return pages.page(request, "message.html", status, kind=kind)

    @console.exception_handler(RequestValidationError)
    async def bad_request(request: Request, _error: Exception) -> Response:
        return pages.page(request, "message.html", 400, kind="bad_request")

    @console.exception_handler(Refused)
    async def refused(request: Request, error: Exception) -> Response:
        first = error.refusals[0] if isinstance(error, Refused) else Refusal(code="", field="", detail="")
        match first.code:
            case Code.TOO_MANY_REQUESTS:
                telemetry.REFUSALS.labels(Code.TOO_MANY_REQUESTS).inc()
                wait = {"Retry-After": str(int(WINDOW_SECONDS))}
                return pages.page(request, "message.html", 429, wait, kind="too_many")
            case Code.BAD_DATE:
                return pages.page(request, "message.html", 400, kind="no_day", day=first.detail)
            case _:
                return pages.page(request, "message.html", 400, kind="bad_request")


def _add_failures(console: FastAPI, pages: Pages) -> None:
    """What the person cannot put right, or only by asking for less."""

    @console.exception_handler(TookTooLong)
    async def too_long(request: Request, error: Exception) -> Response:
        logger().warning("question took too long, page answered 503", error=str(error)[:300])
        kind = "report_too_long" if "/reports/" in request.url.path else "search_too_long"
        return pages.page(request, "message.html", 503, kind=kind)

    @console.exception_handler(Transient)
    async def away(request: Request, error: Exception) -> Response:
        logger().warning("part away, page answered 503", part=getattr(error, "part", ""), error=str(error)[:300])
        return pages.page(request, "message.html", 503, {"Retry-After": str(RETRY_AFTER_SECONDS)}, kind="away")

    @console.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        logger().error("page broke", route=request.url.path[:100], exc_info=error)
        safe = HEADERS | NO_STORE  # this answer is made outside of the console's own middleware
        return pages.page(request, "message.html", 500, safe, kind="broken")
