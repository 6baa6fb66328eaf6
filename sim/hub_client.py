"""One agency's document system as the hub's client: the native API over HTTP, with a bearer token."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import jwt

_TOKEN_SECONDS = 900
_RENEW_BEFORE = 60
_SEND_TIMEOUT = aiohttp.ClientTimeout(total=90, sock_connect=10)
_POLL_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)
_EDXML = "application/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the hub said; `status` 0 when the connection broke before it could."""

    status: int
    body: dict[str, Any]
    seconds: float

    @property
    def hub_id(self) -> str:
        """The receipt's hub id; empty without one."""
        return str(self.body.get("hub_id", ""))

    @property
    def code(self) -> str:
        """The problem's code; empty when there is none."""
        return str(self.body.get("code", "")) if self.status >= HTTPStatus.BAD_REQUEST else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One inbox item as listed."""

    id: str
    kind: str
    hub_id: str
    document_id: str
    code: str
    sender: str
    recipient: str
    digest: str
    status: str


class HubClient:
    """Speaks for one connected system."""

    def __init__(self, session: aiohttp.ClientSession, base: str, system_id: str, secret: str) -> None:
        self._session = session
        self._base = f"{base}/api/v1"
        self._system_id = system_id
        self._secret = secret
        self._token = ""
        self._token_ends = 0.0
        self._page_tag = ""
        self._page: list[Item] = []

    async def send(self, package: bytes) -> Answer:
        """POST documents."""
        return await self._post("/documents", package)

    async def report(self, message: bytes) -> Answer:
        """POST statuses."""
        return await self._post("/statuses", message)

    async def inbox(self, wait: float, limit: int = 100) -> list[Item]:
        """What waits, urgent first; holds the line up to `wait` seconds while it is what was there the last time."""
        params = {"wait": str(wait), "limit": str(limit)}
        headers = self._headers() | ({"If-None-Match": self._page_tag} if self._page_tag else {})
        async with self._session.get(
            f"{self._base}/inbox", params=params, headers=headers, timeout=_POLL_TIMEOUT
        ) as answer:
            answer.raise_for_status()
            if answer.status != HTTPStatus.NOT_MODIFIED:
                self._page_tag = answer.headers["ETag"]
                self._page = [_item(entry) for entry in (await answer.json())["items"]]
        return self._page

    async def package(self, item: str) -> bytes:
        """The bytes of an item."""
        async with self._session.get(
            f"{self._base}/inbox/{item}/package", headers=self._headers(), timeout=_SEND_TIMEOUT
        ) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def settle(self, item: str, state: str) -> None:
        """POST processing, done or fail."""
        async with self._session.post(
            f"{self._base}/inbox/{item}/{state}", headers=self._headers(), timeout=_POLL_TIMEOUT
        ) as answer:
            answer.raise_for_status()

    async def document(self, hub_id: str) -> dict[str, Any]:
        """The timeline of a document."""
        async with self._session.get(
            f"{self._base}/documents/{hub_id}", headers=self._headers(), timeout=_POLL_TIMEOUT
        ) as answer:
            answer.raise_for_status()
            body: dict[str, Any] = await answer.json()
            return body

    async def _post(self, path: str, body: bytes) -> Answer:
        started = time.monotonic()
        headers = {**self._headers(), "Content-Type": _EDXML}
        try:
            async with self._session.post(
                f"{self._base}{path}", data=body, headers=headers, timeout=_SEND_TIMEOUT
            ) as answer:
                said = await answer.json(content_type=None)
                return Answer(status=answer.status, body=said or {}, seconds=time.monotonic() - started)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return Answer(status=0, body={}, seconds=time.monotonic() - started)

    def _headers(self) -> dict[str, str]:
        now = time.time()
        if now > self._token_ends - _RENEW_BEFORE:
            self._token_ends = now + _TOKEN_SECONDS
            self._token = bearer(self._system_id, self._secret, self._token_ends)
        return {"Authorization": f"Bearer {self._token}"}


def bearer(system_id: str, secret: str, ends: float) -> str:
    """A bearer token of a connection, valid until `ends` (seconds since the epoch)."""
    return jwt.encode({"sub": system_id, "exp": int(ends)}, secret, "HS256")


def _item(entry: dict[str, Any]) -> Item:
    return Item(
        id=entry["id"],
        kind=entry["kind"],
        hub_id=entry["hub_id"],
        document_id=entry["document_id"],
        code=entry["code"],
        sender=entry["from"],
        recipient=entry["to"],
        digest=entry["digest"],
        status=entry["status_code"] or "",
    )
