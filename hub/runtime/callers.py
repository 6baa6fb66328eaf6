"""Who is calling: a bearer token (JWT, HS256 under the connection's secret) or the SDK's signed headers.

Either proves knowledge of the connection's secret. What the connection may act for is the directory's answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from fastapi import Request

from hub.model.errors import Broken
from hub.model.events import ConnectionChanged
from hub.model.ids import SystemId
from hub.model.reasons import Code
from hub.runtime.clock import Clock
from hub.runtime.directory import DirectoryView
from hub.runtime.http import refused
from hub.runtime.logs import logger
from hub.runtime.seal import Seal
from hub.wire import sdk_headers
from hub.wire.sdk_headers import SignedHeaders

LONGEST_TOKEN = timedelta(hours=24)
_LEEWAY_SECONDS = 60
_LONGEST_TOKEN_TEXT = 4096
_MOST_RECOGNISED = 4096
_NO_TOKEN = (jwt.InvalidTokenError, RecursionError, ValueError, TypeError, OverflowError)
"""What the library raises for a token's content: the last two when `exp`, `nbf` or `iat` is a list or infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated connection; `signed` holds the SDK's parameters when it called that way."""

    system_id: SystemId
    signed: SignedHeaders | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recognised:
    """A token whose signature was right under this very secret."""

    system_id: SystemId
    sealed_secret: str
    end: float

    def holds(self, connection: ConnectionChanged, now: datetime) -> bool:
        return connection.sealed_secret == self.sealed_secret and now.timestamp() < self.end


class Callers:
    """Authenticates requests. A FastAPI dependency: `caller: Caller = Depends(callers)`."""

    def __init__(self, view: DirectoryView, seal: Seal, clock: Clock) -> None:
        self._view = view
        self._seal = seal
        self._clock = clock
        self._recognised: dict[str, _Recognised] = {}

    async def __call__(self, request: Request) -> Caller:
        """The caller; refuses with NOT_AUTHENTICATED, the same for every cause."""
        signed = sdk_headers.read(request.scope["headers"])
        if signed is not None:
            return self._by_headers(signed)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN_TEXT:
            raise refused(Code.NOT_AUTHENTICATED)
        return self._by_token(token.strip())

    def _by_headers(self, signed: SignedHeaders) -> Caller:
        connection = self._connection(signed.system_id)
        if not signed.signed_with(self._secret(connection)):
            raise refused(Code.NOT_AUTHENTICATED)
        return self._admitted(connection, signed)

    def _by_token(self, token: str) -> Caller:
        """The caller of a token. What was verified once is recognised: checking a signature costs more than a look."""
        known = self._recognised.get(token)
        connection = self._view.directory.connection(known.system_id) if known is not None else None
        if known is not None and connection is not None and known.holds(connection, self._clock()):
            return self._admitted(connection, None)
        return self._verified(token)

    def _verified(self, token: str) -> Caller:
        try:
            claimed = jwt.decode(token, options={"verify_signature": False})
            connection = self._connection(SystemId(str(claimed.get("sub", ""))))
            claims = jwt.decode(
                token, self._secret(connection), algorithms=["HS256"], leeway=_LEEWAY_SECONDS,
                options={"require": ["sub", "exp"], "enforce_minimum_key_length": False},
            )  # fmt: skip
        except _NO_TOKEN as error:
            raise refused(Code.NOT_AUTHENTICATED) from error
        end, now = _end(claims), self._clock()
        if end + _LEEWAY_SECONDS < now.timestamp():
            raise refused(Code.NOT_AUTHENTICATED)
        if end > (now + LONGEST_TOKEN).timestamp() + _LEEWAY_SECONDS:
            raise refused(Code.NOT_AUTHENTICATED, "exp", f"> {LONGEST_TOKEN // timedelta(hours=1)} h")
        if len(self._recognised) >= _MOST_RECOGNISED:
            self._recognised.clear()
        self._recognised[token] = _Recognised(
            system_id=connection.system_id, sealed_secret=connection.sealed_secret, end=end
        )
        return self._admitted(connection, None)

    def _connection(self, system_id: SystemId) -> ConnectionChanged:
        connection = self._view.directory.connection(system_id)
        if connection is None:
            raise refused(Code.NOT_AUTHENTICATED)
        return connection

    def _secret(self, connection: ConnectionChanged) -> str:
        try:
            return self._seal.open(connection.system_id, connection.sealed_secret)
        except Broken as error:
            logger().error("secret cannot be opened", system_id=connection.system_id)
            raise refused(Code.NOT_AUTHENTICATED) from error

    def _admitted(self, connection: ConnectionChanged, signed: SignedHeaders | None) -> Caller:
        if not connection.active:
            raise refused(Code.CONNECTION_LOCKED)
        return Caller(system_id=connection.system_id, signed=signed)


def _end(claims: Mapping[str, Any]) -> float:
    """When the token ends; the library takes a number written as text for one."""
    end = claims["exp"]
    if isinstance(end, bool) or not isinstance(end, int | float):
        raise refused(Code.NOT_AUTHENTICATED, "exp")
    return end
