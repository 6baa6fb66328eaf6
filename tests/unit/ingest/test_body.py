"""Taking a body in: whatever the pieces, the same package; refusals without a trace."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from hub.model.ids import SystemId, digest
from hub.model.reasons import Code
from hub.model.values import Refusal
from hub.runtime.callers import Caller
from hub.runtime.http import Refused
from hub.wire.edxml import ReadDocument
from hub.wire.sdk_headers import SignedHeaders
from services.ingest import app_body
from services.ingest.app_body import Taken, take
from tests.fakes.packages import Letter

DATA = Letter().bytes()
BEARER = Caller(system_id=SystemId("x"))


def signed(announced: str = "") -> Caller:
    headers = SignedHeaders(raw=b"", mac="", parameters={"hash-file": announced})
    return Caller(system_id=SystemId("x"), signed=headers)


class Kept:
    """A sink that shows what came."""

    def __init__(self) -> None:
        self.data = b""

    async def write(self, data: bytes) -> None:
        self.data += data

    async def finish(self) -> bytes | Path:
        return self.data


def request(pieces: Sequence[bytes | None], headers: dict[str, str] | None = None) -> Request:
    """A request whose body comes in these pieces; None: the client goes away."""
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        if not waiting:
            return {"type": "http.request", "body": b"", "more_body": False}
        piece = waiting.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


async def taken(pieces: Sequence[bytes | None], caller: Caller = BEARER, limit: int = 1 << 20) -> tuple[Taken, Kept]:
    sink = Kept()
    return await take(request(pieces), caller, sink, limit), sink


async def refused_for(pieces: Sequence[bytes | None], caller: Caller = BEARER, limit: int = 1 << 20) -> str:
    with pytest.raises(Refused) as raised:
        await taken(pieces, caller, limit)
    return raised.value.refusals[0].code


@pytest.mark.parametrize("size", [1, 2, 3, 1000, 100_000])
async def test_a_package_in_any_pieces(size: int) -> None:
    pieces = [DATA[start : start + size] for start in range(0, len(DATA), size)]
    found, sink = await taken(pieces)
    assert found.package.digest == digest(DATA)
    assert found.package.size == len(DATA)
    assert sink.data == found.content == DATA
    assert isinstance(found.read, ReadDocument)


@pytest.mark.parametrize("size", [1, 2, 3, 100_000])
async def test_the_sdks_line_break_is_not_part_of_the_package(size: int) -> None:
    for tail, kept in ((b"\r\n", b""), (b"\r\n\r\n", b"\r\n"), (b"\n", b"\n"), (b"", b"")):
        body = DATA + tail
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        assert (await taken(pieces, signed()))[1].data == DATA + kept
        assert (await taken(pieces))[1].data == body


async def test_what_the_signature_announces() -> None:
    assert (await taken([DATA + b"\r\n"], signed(digest(DATA))))[0].package.digest == digest(DATA)
    with pytest.raises(Refused) as raised:
        await taken([DATA + b"x\r\n"], signed(digest(DATA)))
    (refusal,) = raised.value.refusals
    assert (refusal.code, refusal.detail) == (Code.HASH_MISMATCH, f"{digest(DATA)} ≠ {digest(DATA + b'x')}")


async def test_empty_too_large_gone() -> None:
    assert await refused_for([]) == Code.EMPTY_BODY
    assert await refused_for([b"\r\n"], signed()) == Code.EMPTY_BODY
    assert await refused_for([DATA], limit=len(DATA) - 1) == Code.TOO_LARGE
    assert (await taken([DATA], limit=len(DATA)))[0].package.size == len(DATA)
    assert (await taken([DATA + b"\r\n"], signed(), len(DATA)))[0].package.size == len(DATA)
    assert await refused_for([DATA[:10], None]) == Code.BAD_REQUEST


async def test_the_rest_of_a_large_body_is_read_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_body, "_DRAIN_BYTES", 5000)
    pieces: list[bytes | None] = [b"x" * 1000] * 20
    asked = request(pieces)
    with pytest.raises(Refused):
        await take(asked, BEARER, Kept(), 1500)


async def test_the_digest_of_what_cannot_be_read_is_of_all_its_bytes() -> None:
    body = b"<!DOCTYPE a>" + b"x" * 200_000
    found, sink = await taken([body[:100_000], body[100_000:]])
    assert isinstance(found.read, Refusal)
    assert found.read.code == Code.DTD_FORBIDDEN
    assert (found.package.digest, found.package.size) == (digest(body), len(body))
    assert (found.content, len(sink.data)) == (b"", 0)


async def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio  # noqa: PLC0415 - only here

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    monkeypatch.setattr(app_body, "_SILENCE_SECONDS", 0.01)
    silent = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with pytest.raises(Refused) as raised:
        await take(silent, BEARER, Kept(), 1000)
    assert raised.value.refusals[0].code == Code.BAD_REQUEST


@pytest.mark.parametrize(("encoding", "code"), [("gzip", Code.UNSUPPORTED_ENCODING), ("br", Code.UNSUPPORTED_ENCODING)])
async def test_encodings(encoding: str, code: Code) -> None:
    with pytest.raises(Refused) as raised:
        await take(request([DATA], {"content-encoding": encoding}), BEARER, Kept(), 1 << 20)
    assert raised.value.refusals[0].code == code
    plain = await take(request([DATA], {"content-encoding": "identity"}), BEARER, Kept(), 1 << 20)
    assert plain.package.size == len(DATA)
