"""Doors of the router: topics to handlers, and the two HTTP apps: one for agencies, one for operators."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Depends, FastAPI

from hub.model.errors import Transient
from hub.model.events import Event, SignatureChecked, StatusReported
from hub.model.record import Recorded
from hub.runtime.callers import Callers
from hub.runtime.four_steps import FourSteps
from hub.runtime.http import public_app
from services.router.app_directory import AdminGuard, DirectoryDoors, admin_routes, agency_routes
from services.router.app_inbox import InboxDoors, inbox_routes

Steps = FourSteps[Recorded[Any], Any]


def topics(plan: Steps, forward: Steps) -> Mapping[type[Event], Steps]:
    """Which events this service takes, and what handles them."""
    return {SignatureChecked: plan, StatusReported: forward}


class Opening:
    """Doors answer 503 until this process knows the directory and has projected what a crash left behind."""

    def __init__(self, **parts: asyncio.Event) -> None:
        self._parts = parts

    async def __call__(self) -> None:
        """A FastAPI dependency."""
        for part, ready in self._parts.items():
            if not ready.is_set():
                raise Transient(part, "is still being read")


def agencies_app(opening: Opening, callers: Callers, inbox: InboxDoors, directory: DirectoryDoors) -> FastAPI:
    """What agencies reach through the edge."""
    app = public_app("Document exchange hub: inbox and agencies")
    for routes in (inbox_routes(inbox, callers), agency_routes(directory, callers)):
        app.include_router(routes, prefix="/api/v1", dependencies=[Depends(opening)])
    return app


def operators_app(opening: Opening, guard: AdminGuard, directory: DirectoryDoors) -> FastAPI:
    """What operators reach on the internal port, below /admin."""
    app = public_app("Document exchange hub: directory administration")
    app.include_router(admin_routes(directory), prefix="/v1", dependencies=[Depends(guard), Depends(opening)])
    return app
