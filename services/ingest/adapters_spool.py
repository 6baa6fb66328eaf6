"""The spool: where a package waits while it comes in. Small ones in memory, the others in a file; gone afterwards."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.model.errors import Transient

_WRITE_BYTES = 1 << 20


class Spooled:
    """One package coming in. `content` is complete after `finish`."""

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder = folder
        self._memory = memory
        self._waiting = bytearray()
        self._file: Path | None = None
        self._handle = -1

    async def write(self, data: bytes) -> None:
        """Keep the next bytes. Transient when the disk does not take them."""
        self._waiting += data
        limit = self._memory if self._file is None else _WRITE_BYTES
        if len(self._waiting) > limit:
            await self._spill()

    async def finish(self) -> bytes | Path:
        """All bytes are written; gives them, or the file they are in."""
        if self._file is None:
            return bytes(self._waiting)
        await self._spill()
        return self._file

    async def discard(self) -> None:
        """Nothing is kept."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                await asyncio.to_thread(file.unlink, missing_ok=True)

    async def _spill(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        try:
            if self._file is None:
                self._handle, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".package", dir=self._folder)
                self._file = Path(name)
            await asyncio.to_thread(_write_all, self._handle, data)
        except OSError as error:
            raise Transient("spool", type(error).__name__) from error


class FolderSpool:
    """Spools in one folder of this machine."""

    def __init__(self, folder: Path, memory_bytes: int) -> None:
        self._folder = folder
        self._memory = memory_bytes

    def clean(self) -> int:
        """Make the folder and remove what processes that are no more left in it; gives the number of files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        orphans = [file for file in self._folder.glob("*.package") if not _alive(file.name.partition("-")[0])]
        for file in orphans:
            file.unlink(missing_ok=True)
        return len(orphans)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Spooled]:
        """Room for one package, given back in every case."""
        spooled = Spooled(self._folder, self._memory)
        try:
            yield spooled
        finally:
            await spooled.discard()


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _alive(pid: str) -> bool:
    """True when another running process made the file. Our own number on a file means: of an earlier life."""
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    return Path(f"/proc/{pid}").exists()
