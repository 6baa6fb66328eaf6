"""The ledger: what the simulator did and saw, one fsynced JSON line each, written before and after every request.

`sim check` judges a run from these lines and the sinks' files alone; the hub is not asked.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; `kind` names its class."""

    run: str
    at: float
    """Seconds since the epoch, the simulator's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began(Line):
    """A run began."""

    seed: int
    documents: int
    alert_expected: bool
    """The run waits long enough for alerts about silent recipients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending(Line):
    """A package is about to be sent."""

    document: int
    attempt: int
    sender: str
    document_id: str
    digest: str
    recipients: tuple[str, ...]
    silent: tuple[str, ...]
    special: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Line):
    """The hub answered, or the connection broke (status 0)."""

    document: int
    attempt: int
    status: int
    hub_id: str
    code: str
    seconds: float

    @property
    def refused(self) -> bool:
        """True when the hub said no, rather than: not now."""
        return 400 <= self.status < 500 and self.status != 429  # noqa: PLR2004 - RFC 9110 §15.5, RFC 6585 §4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Line):
    """An inbox showed an item; `digest` is of the bytes downloaded, empty when it was only listed."""

    inbox: str
    recipient: str
    item: str
    item_kind: str
    hub_id: str
    document_id: str
    sender: str
    status: str
    listed_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting(Line):
    """A status message is about to be sent."""

    reporter: str
    document_id: str
    status: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Line):
    """The hub answered a status message."""

    digest: str
    http: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Line):
    """The run ended; `drained` when everything expected had arrived."""

    drained: bool


_KINDS: dict[str, type[Line]] = {
    kind.__name__: kind for kind in (Began, Sending, Answered, Seen, Reporting, Reported, Ended)
}


class Ledger:
    """Appends lines; `write` returns when the line is on disk. Lines that wait together share one fsync."""

    _FLAGS: ClassVar[int] = os.O_APPEND | os.O_CREAT | os.O_WRONLY

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._out = os.open(file, self._FLAGS, 0o644)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, line: Line) -> None:
        """Append a line and wait until it is durable."""
        entry = json.dumps({"kind": type(line).__name__, **asdict(line)}, ensure_ascii=False).encode() + b"\n"
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, durable))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await durable

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._store, b"".join(entry for entry, _ in batch))
            for _, durable in batch:
                if not durable.done():
                    durable.set_result(None)

    def _store(self, data: bytes) -> None:
        os.write(self._out, data)
        os.fdatasync(self._out)

    def close(self) -> None:
        """Close the file."""
        os.close(self._out)


def read(file: Path) -> Iterator[Line]:
    """Lines of a ledger; a torn last line (the simulator was killed) is left out."""
    with file.open(encoding="utf-8") as lines:
        for text in lines:
            if not text.endswith("\n"):
                return
            entry = json.loads(text)
            kind = _KINDS[entry.pop("kind")]
            for field in fields(kind):
                if isinstance(entry[field.name], list):
                    entry[field.name] = tuple(entry[field.name])
            yield kind(**entry)
