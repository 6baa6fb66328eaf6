"""HTTP SMS gateway that delivers to a file: `python -m hubctl.local.sms_sink HOST PORT INSPECTION_PORT FOLDER`.

`POST /send {"to", "text", "reference"}` answers 200 `{"id"}` after one line of `FOLDER/sms.jsonl`
({at, id, to, text, reference}) is fsynced. Like many real gateways it does not drop repeats by reference.
"""

import asyncio
import signal
import sys
import uuid
from pathlib import Path

from aiohttp import web

from hubctl.local.inspection import Fault, FaultKind, Journal, door, serve

_FIELDS = ("to", "text", "reference")


def gateway(journal: Journal, fault: Fault) -> web.Application:
    """The HTTP app of the gateway."""

    async def send(request: web.Request) -> web.Response:
        message = await _message(request)
        if fault.kind is FaultKind.REFUSE:
            return web.json_response({"error": "number barred"}, status=422)
        if fault.kind is FaultKind.GREYLIST and fault.first_attempt(f"{message['to']} {message['reference']}"):
            return web.json_response({"error": "try again later"}, status=503, headers={"Retry-After": "1"})
        if fault.kind is FaultKind.HANG:
            await fault.hang()
            return web.json_response({"error": "not taken"}, status=503)
        number = str(uuid.uuid4())
        await asyncio.to_thread(journal.add, {"id": number, **message})
        if fault.kind is FaultKind.DROP and request.transport is not None:
            request.transport.abort()
        return web.json_response({"id": number})

    app = web.Application()
    app.add_routes([web.post("/send", send)])
    return app


async def _message(request: web.Request) -> dict[str, str]:
    try:
        body = await request.json()
        return {field: str(body[field]) for field in _FIELDS}
    except (ValueError, KeyError, TypeError):
        raise web.HTTPBadRequest(text=f"a JSON object with {', '.join(_FIELDS)} is expected") from None


async def run(host: str, port: int, inspection_port: int, folder: Path) -> None:
    """Serve until SIGTERM."""
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    fault, journal = Fault(), Journal(folder / "sms.jsonl")
    doors = [
        await serve(gateway(journal, fault), host, port),
        await serve(door(journal, fault), host, inspection_port),
    ]
    await end.wait()
    await asyncio.gather(*(runner.cleanup() for runner in doors))


def main() -> None:
    """Entry of the process."""
    host, port, inspection_port, folder = sys.argv[1:]
    asyncio.run(run(host, int(port), int(inspection_port), Path(folder)))


if __name__ == "__main__":
    main()
