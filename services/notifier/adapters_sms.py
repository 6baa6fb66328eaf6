"""SMS through the HTTP gateway: POST {"to", "text", "reference"} -> 200 {"id"}.

4xx is a refusal of the message; 401, 403 and 404 are about us (token, account, address) and pass when that is right.
408 and 429, and 503 with Retry-After, say that the gateway did not take the message, and to come back. Every other 5xx
is in doubt: gateways are known to fail after accepting (reliability F19), and a second SMS cannot be called back. So is
everything that breaks once the request is under way.
"""

import asyncio

import httpx

from services.notifier.attempts import Answer, Handover
from services.notifier.messages import Sms

_CONNECT_SECONDS = 5.0
_UNAVAILABLE, _SERVER_ERROR = 503, 500
_NOT_ABOUT_THE_MESSAGE = frozenset({401, 403, 404, 408, 429})
_ID_LIMIT = 100

_NEVER_STARTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class HttpTexter:
    """Texter for real."""

    def __init__(self, url: str, token: str, limit_seconds: float) -> None:
        """`token`: bearer token of the gateway, empty when it wants none."""
        self._url = url
        self._limit = limit_seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(limit_seconds, connect=min(_CONNECT_SECONDS, limit_seconds)),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            limits=httpx.Limits(max_keepalive_connections=0),  # a connection the gateway has dropped cannot be told
            trust_env=False,
        )

    async def send(self, sms: Sms) -> Answer:
        """One try."""
        try:
            async with asyncio.timeout(self._limit):
                answer = await self._client.post(
                    self._url, json={"to": sms.to, "text": sms.text, "reference": sms.reference}
                )
        except _NEVER_STARTED as error:
            return Answer(handover=Handover.NOT_TAKEN, detail=f"{type(error).__name__} before the request left")
        except (httpx.HTTPError, TimeoutError) as error:
            return Answer(handover=Handover.IN_DOUBT, detail=f"{type(error).__name__} after the request began to leave")
        return _meant(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _meant(answer: httpx.Response) -> Answer:
    status = answer.status_code
    asks_back = status in _NOT_ABOUT_THE_MESSAGE or (status == _UNAVAILABLE and "Retry-After" in answer.headers)
    number = _number(answer) if answer.is_success else ""
    if number:
        return Answer(handover=Handover.TAKEN, detail=f"HTTP {status} id {number}")
    if asks_back:
        return Answer(handover=Handover.NOT_TAKEN, detail=f"HTTP {status}")
    if answer.is_success or status >= _SERVER_ERROR:
        return Answer(
            handover=Handover.IN_DOUBT, detail=f"HTTP {status}{' without an id' if answer.is_success else ''}"
        )
    return Answer(handover=Handover.REFUSED, detail=f"HTTP {status}")


def _number(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    number = body.get("id", "") if isinstance(body, dict) else ""
    return str(number)[:_ID_LIMIT]
