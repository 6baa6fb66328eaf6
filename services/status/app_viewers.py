"""Who is looking: an operator by HTTP basic, or a connected system as at every other door."""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable

from fastapi import Request

from hub.model.reasons import Code
from hub.runtime.callers import Callers
from hub.runtime.http import refused
from hub.runtime.logs import logger
from services.status.access import Connection, Operator, Viewer

OPERATOR = "operator"
MOST_FAILURES = 10
"""Wrong passwords an origin may give within `WINDOW_SECONDS`."""
WINDOW_SECONDS = 60.0
_MOST_ORIGINS = 10_000
_LONGEST = 1024


class Guesses:
    """Counts wrong passwords by origin. Bounded: of too many origins the one longest quiet is forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only grow."""
        self._clock = clock
        self._counts: dict[str, tuple[float, int]] = {}

    def count(self, origin: str) -> int:
        """Wrong passwords since the origin's window began; 0 once it is over."""
        since, count = self._counts.get(origin, (0.0, 0))
        return count if count and self._clock() - since < WINDOW_SECONDS else 0

    def add(self, origin: str) -> int:
        """One more; gives the new count."""
        count = self.count(origin) + 1
        since = self._counts[origin][0] if count > 1 else self._clock()
        self._counts.pop(origin, None)
        self._counts[origin] = (since, count)
        if len(self._counts) > _MOST_ORIGINS:
            del self._counts[next(iter(self._counts))]
        return count


class Operators:
    """Knows the operator's password."""

    def __init__(self, password: str, delay_seconds: float = 0.5, guesses: Guesses | None = None) -> None:
        self._expected = f"{OPERATOR}:{password}".encode()
        self._delay = delay_seconds
        self._guesses = guesses or Guesses()

    async def admits(self, request: Request) -> bool:
        """True for the operator's name and password. Wrong ones are answered late, whatever is wrong about them.

        Refuses with TOO_MANY_REQUESTS, before anything is compared, an origin that was wrong too often.
        """
        given = _basic(request)
        if given is None:
            return False
        origin = _origin(request)
        if self._guesses.count(origin) >= MOST_FAILURES:
            raise refused(Code.TOO_MANY_REQUESTS)
        if hmac.compare_digest(given, self._expected):
            return True
        count = self._guesses.add(origin)  # before the pause: guesses sent side by side are counted too
        logger().warning("wrong password for the operator", where=origin, count=count)
        await asyncio.sleep(self._delay)
        return False


def _origin(request: Request) -> str:
    """Who is asking: the address that the edge names, which no client can set through it; else the connection's."""
    named = request.headers.get("x-real-ip", "")[:45]
    return named or (request.client.host if request.client else "")


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
