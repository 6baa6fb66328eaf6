"""Who is looking: an operator by HTTP basic, or a connected system as at every other door."""

import asyncio
import base64
import hmac

from fastapi import Request

from hub.model.reasons import Code
from hub.runtime.callers import Callers
from hub.runtime.http import refused
from services.status.access import Connection, Operator, Viewer

OPERATOR = "operator"
_LONGEST = 1024


class Operators:
    """Knows the operator's password."""

    def __init__(self, password: str, delay_seconds: float = 0.5) -> None:
        self._expected = f"{OPERATOR}:{password}".encode()
        self._delay = delay_seconds

    async def admits(self, request: Request) -> bool:
        """True for the operator's name and password. Wrong ones are answered late, whatever is wrong about them."""
        given = _basic(request)
        if given is None:
            return False
        if hmac.compare_digest(given, self._expected):
            return True
        await asyncio.sleep(self._delay)
        return False


def _basic(request: Request) -> bytes | None:
    """Name and password of HTTP basic; None when the request carries none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or len(value) > _LONGEST:
        return None
    try:
        return base64.b64decode(value.strip(), validate=True)
    except ValueError:  # not base64, or not even ASCII
        return b""


class Viewers:
    """A FastAPI dependency: the operator, else the calling connection; refuses everybody else."""

    def __init__(self, operators: Operators, callers: Callers) -> None:
        self._operators = operators
        self._callers = callers

    async def __call__(self, request: Request) -> Viewer:
        """The viewer; refuses with NOT_AUTHENTICATED."""
        if _basic(request) is None:
            return Connection(system_id=(await self._callers(request)).system_id)
        if await self._operators.admits(request):
            return Operator()
        raise refused(Code.NOT_AUTHENTICATED)
