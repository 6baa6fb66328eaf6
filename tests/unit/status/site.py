"""The service's HTTP doors over lives in memory."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
from fastapi import FastAPI

from hub.model.directory import Directory
from hub.model.events import Event
from hub.model.ids import SystemId
from hub.runtime.callers import Callers
from hub.runtime.clock import system_clock
from hub.runtime.http import public_app
from hub.runtime.seal import Seal
from services.status.adapters_xlsx import xlsx_of
from services.status.app_api import add_api
from services.status.app_console import Console, add_console
from services.status.app_viewers import Guesses, Operators, Viewers
from services.status.handlers import Documents
from services.status.life import Life
from services.status.lifecycle import grown
from tests.fakes.events import agency, connection
from tests.fakes.lives import Document
from tests.fakes.status import FakeAlerts, FakeLives

A, B, C = "000.00.00.G22", "000.00.00.H29", "000.00.00.G12"
PASSWORD = "mật khẩu vận hành"
SECRET = "a secret that is long enough for HS256 here"
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def directory(seal: Seal) -> Directory:
    known = Directory()
    for code in (A, B, C):
        known.learn(agency(code))
        sealed = seal.close(SystemId(f"sys-{code}"), SECRET)
        known.learn(replace(connection(f"sys-{code}", code), sealed_secret=sealed))
    return known


@dataclass(slots=True)
class Site:
    """Requests against the app, as the operator or as an agency's system."""

    lives: FakeLives = field(default_factory=FakeLives)
    alerts: FakeAlerts = field(default_factory=FakeAlerts)
    delay: float = 0.0
    guesses: Guesses = field(default_factory=Guesses)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        seal = Seal(bytes(32))
        known = directory(seal)
        operators = Operators(PASSWORD, self.delay, self.guesses)
        documents = Documents(self.lives, self.lives, self.alerts, known)
        view: Any = SimpleNamespace(directory=known)
        self.app = public_app("Status")
        add_api(self.app, documents, Viewers(operators, Callers(view, seal, system_clock)), xlsx_of)
        add_console(self.app, Console(documents=documents, operators=operators, to_xlsx=xlsx_of, clock=lambda: NOW))

    def keep(self, document: Document, events: Iterable[Event]) -> Document:
        self.lives.rows[document.hub_id] = grown(Life(hub_id=document.hub_id), events)
        return document

    async def get(self, path: str, who: str = "operator", address: str = "", **query: str) -> httpx.Response:
        headers = {"authorization": credentials(who)} if who else {}
        if address:
            headers["x-real-ip"] = address  # as the edge writes it
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.get(path, params=query or None, headers=headers)


def credentials(who: str) -> str:
    """What `who` says in the Authorization header: `operator`, a wrong password, or an agency's token."""
    if ":" in who or who == "operator":
        pair = who if ":" in who else f"operator:{PASSWORD}"
        return "Basic " + base64.b64encode(pair.encode()).decode()
    until = system_clock() + timedelta(minutes=5)
    return "Bearer " + jwt.encode({"sub": f"sys-{who}", "exp": until}, SECRET, algorithm="HS256")
