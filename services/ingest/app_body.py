"""A request's body on its way in: size cap, digest, spool and reader at once, piece by piece, never whole in memory."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi import Request
from starlette.requests import ClientDisconnect

from hub.model.ids import Digest
from hub.model.reasons import Code
from hub.model.values import Package, Refusal
from hub.runtime.callers import Caller
from hub.runtime.http import refused
from hub.wire.edxml import ReadDocument, ReadStatus, Unreadable
from hub.wire.edxml_reader import EdxmlReader

_SILENCE_SECONDS = 30.0
_DRAIN_BYTES, _DRAIN_SECONDS = 64 << 20, 10.0
_LINE_BREAK = b"\r\n"


class Sink(Protocol):
    """Where the bytes go."""

    async def write(self, data: bytes) -> None:
        """Keep the next bytes. Transient when that fails."""
        ...

    async def finish(self) -> bytes | Path:
        """Everything is there: the bytes, or the file they are in."""
        ...


class Spool(Protocol):
    """Room for packages that come in."""

    def open(self) -> AbstractAsyncContextManager[Sink]:
        """Room for one package, given back in every case."""
        ...


class Nowhere:
    """A sink for what is only looked at."""

    async def write(self, data: bytes) -> None:
        """Let the bytes go."""

    async def finish(self) -> bytes | Path:
        """Nothing was kept."""
        return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A whole body: what it is, where it is, and what was read in it, or why it could not be read."""

    package: Package
    content: bytes | Path
    read: ReadDocument | ReadStatus | Refusal


async def take(request: Request, caller: Caller, sink: Sink, limit: int) -> Taken:
    """Take the body in. Refused: encoded, over `limit` bytes, empty, not what the caller's signature announces."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise refused(Code.UNSUPPORTED_ENCODING, "Content-Encoding")
    taking = _Taking(sink, limit)
    async with aclosing(_pieces(request)) as pieces:
        body = _without_line_break(pieces) if caller.signed is not None else pieces
        async for piece in body:
            if not await taking.piece(piece):
                await _drain(pieces)
                raise refused(Code.TOO_LARGE, "body", f"> {limit} B")
    taken = await taking.end()
    if caller.signed is not None and not caller.signed.announces(taken.package.digest):
        raise refused(Code.HASH_MISMATCH, "hash-file", f"{caller.signed.announced[:80]} ≠ {taken.package.digest}")
    return taken


class _Taking:
    def __init__(self, sink: Sink, limit: int) -> None:
        self._sink = sink
        self._limit = limit
        self._size = 0
        self._hasher = hashlib.sha256()
        self._reader = EdxmlReader()
        self._unreadable: Refusal | None = None

    async def piece(self, data: bytes) -> bool:
        """Take the next bytes; False when they are too many."""
        self._size += len(data)
        if self._size > self._limit:
            return False
        self._hasher.update(data)
        if self._unreadable is None:
            try:
                self._reader.feed(data)
            except Unreadable as error:
                self._unreadable = error.refusal
            else:
                await self._sink.write(data)
        return True

    async def end(self) -> Taken:
        if self._size == 0:
            raise refused(Code.EMPTY_BODY, "body")
        package = Package(digest=Digest(self._hasher.hexdigest()), size=self._size)
        if self._unreadable is not None:
            return Taken(package=package, content=b"", read=self._unreadable)
        try:
            read = self._reader.close()
        except Unreadable as error:
            return Taken(package=package, content=b"", read=error.refusal)
        return Taken(package=package, content=await self._sink.finish(), read=read)


async def _pieces(request: Request) -> AsyncGenerator[bytes, None]:
    """The body as it comes; a client that falls silent or goes away is refused, whether it hears it or not."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                piece = await anext(stream, None)
        except TimeoutError as error:
            raise refused(Code.BAD_REQUEST, "body", f"0 B / {_SILENCE_SECONDS:.0f} s") from error
        except ClientDisconnect as error:
            raise refused(Code.BAD_REQUEST, "body") from error
        if piece is None:
            return
        if piece:
            yield piece


async def _without_line_break(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The SDK appends one CRLF to every file it sends; it is not part of the package (edXML notes §4.3)."""
    held = b""
    async for piece in pieces:
        data = held + piece
        held = data[-len(_LINE_BREAK) :]
        if data := data[: -len(_LINE_BREAK)]:
            yield data
    if held and held != _LINE_BREAK:
        yield held


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read on for a while and throw it away: a client that is cut off while sending never reads why (§4.1)."""
    read = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for piece in pieces:
                read += len(piece)
                if read > _DRAIN_BYTES:
                    return
    except TimeoutError:
        return
