"""HTTP frame of the doors for others: problem+json answers (RFC 9457), traces, metrics."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.routing import Match

from hub.model.errors import Transient
from hub.model.reasons import Code, text
from hub.model.values import Refusal
from hub.runtime import telemetry, tracing
from hub.runtime.logs import logger

RETRY_AFTER_SECONDS = 5
_PROBLEM = "application/problem+json"
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""Of FastAPI itself: `Watched` has a span and figures for each request already, with allow-listed content."""
_BY_STATUS = {404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Answer the request with a problem: all reasons at once, never empty."""

    def __init__(self, refusals: Iterable[Refusal], extra: Mapping[str, str] | None = None) -> None:
        """`extra` members are added to the problem (for example the first receipt's hub_id on a conflict)."""
        self.refusals = tuple(refusals)
        self.extra = dict(extra or {})
        super().__init__(", ".join(refusal.code for refusal in self.refusals))


def refused(code: Code, field: str = "", detail: str = "") -> Refused:
    """A refusal with one reason."""
    return Refused([Refusal(code=code, field=field, detail=detail)])


def problem(refusals: Iterable[Refusal], extra: Mapping[str, str] | None = None) -> JSONResponse:
    """The RFC 9457 body of refusals; status, code and title are those of the first."""
    reasons = [reason(refusal) for refusal in refusals]
    first = text(Code(reasons[0]["code"]))
    body: dict[str, Any] = {
        "type": f"/problems/{reasons[0]['code']}",
        "title": first.en,
        "status": first.http,
        "code": reasons[0]["code"],
        "detail": f"{first.vi} {reasons[0]['detail']}".strip(),
        "reasons": reasons,
        **(extra or {}),
    }
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if first.http in (429, 503) else {}
    if first.http == 401:  # noqa: PLR2004 - RFC 9110 §15.5.2 asks for the header
        headers["WWW-Authenticate"] = 'Bearer realm="hub"'
    for each in reasons:
        telemetry.REFUSALS.labels(each["code"]).inc()
    return JSONResponse(body, first.http, headers=headers, media_type=_PROBLEM)


def reason(refusal: Refusal) -> dict[str, str]:
    """One reason as a problem tells it: the catalogue's texts in Vietnamese and English beside code, field, detail."""
    words = text(Code(refusal.code))
    return {
        "code": refusal.code,
        "field": refusal.field,
        "detail": refusal.detail,
        "vi": words.vi,
        "en": words.en,
        "fix_vi": words.fix_vi,
        "fix_en": words.fix_en,
    }


def public_app(title: str) -> FastAPI:
    """An app whose every error is a problem; docs at /openapi.json only."""
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, telemetry=NO_TELEMETRY)
    app.add_exception_handler(Refused, _answer_refused)
    app.add_exception_handler(Transient, _answer_transient)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(Exception, _answer_unexpected)
    return app


async def _answer_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for this class only
    return problem(error.refusals, error.extra)


async def _answer_transient(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Transient)  # noqa: S101 - registered for this class only
    telemetry.RETRIES.labels(error.part).inc()
    logger().warning("part away, request answered 503", part=error.part, error=str(error))
    return problem([Refusal(code=Code.UNAVAILABLE, field=error.part, detail="")])


async def _answer_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    answer = problem([Refusal(code=_BY_STATUS.get(error.status_code, Code.BAD_REQUEST), field="", detail="")])
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


async def _answer_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    return problem(
        Refusal(code=Code.BAD_REQUEST, field=".".join(map(str, fault["loc"]))[:200], detail=_fault(fault))
        for fault in error.errors()[:20]
    )


def _fault(fault: Mapping[str, Any]) -> str:
    """The validator's stable word and the limit passed; its sentences are English and quote what the client sent."""
    figures = (f"{name}={value}" for name, value in fault.get("ctx", {}).items() if isinstance(value, int | float))
    return " ".join((str(fault["type"]), *figures))[:200]


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    logger().error("request broke", route=request.url.path[:100], exc_info=error)
    return problem([Refusal(code=Code.UNAVAILABLE, field="", detail="")])


class Watched:
    """ASGI wrapper: continues the caller's trace, times every request, counts answers by route."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = self._route(scope)
        started, status = time.monotonic(), 500

        async def watched_send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with tracing.span(f"{scope['method']} {route}", tracing.from_headers(scope["headers"])):
                await self._app(scope, receive, watched_send)
        finally:
            telemetry.HTTP_REQUESTS.labels(route, f"{status // 100}xx").inc()
            telemetry.HTTP_SECONDS.labels(route).observe(time.monotonic() - started)

    def _route(self, scope: Scope) -> str:
        for route in iter_route_contexts(self._app.router.routes):  # those of included routers too
            if route.matches(scope)[0] is Match.FULL:
                return route.path or "other"
        return "other"
