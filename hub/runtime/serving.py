"""Serving of ASGI apps; the internal port of each process, without the web framework that some services need not."""

import asyncio
from contextlib import nullcontext
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.runtime import telemetry
from hub.runtime.health import Health

_GRACE_SECONDS = 10


def internal_app(health: Health) -> Starlette:
    """/metrics, /health/live and /health/ready of a process."""

    async def metrics(_request: Request) -> Response:
        return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_request: Request) -> Response:
        away = await health.away()
        return JSONResponse({"status": "away" if away else "ready", "away": away}, 503 if away else 200)

    return Starlette(routes=[Route("/metrics", metrics), Route("/health/live", live), Route("/health/ready", ready)])


async def serve(app: Any, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve an ASGI app until `stop`, then let requests in flight finish."""
    config = uvicorn.Config(
        app, host=host, port=port, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None,
        interface="asgi3", server_header=False, timeout_keep_alive=75, backlog=2048,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]  # the process handles signals
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving
