"""A worker of `hubctl verify` as its caller sees it: a process behind two pipes, without an event loop and its sockets.

What an item may take, and who says so:
* Processor time (10 s) is counted by the kernel and decides: the same file gets the same answer on a busy machine and
  on an idle one. A worker that used it up is dead, its item is TIMEOUT, and trying again would say the same.
* The wall clock is the backstop, three times as long: it ends what waits instead of working, and what the machine had
  no time for. These two cannot be told apart, so such an item is tried once more when nothing else runs.
* Memory (512 MB of address space) is the worker's; an item that runs out of it, or kills its worker, is tried once more
  with a fresh one, because an earlier item may be to blame.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from services.signature.worker_verify_frames import (
    LENGTH_BYTES,
    MOST_BYTES,
    Item,
    Judged,
    Ready,
    judged_of,
    ready_of,
)

COMMAND = (sys.executable, "-I", "-B", "-m", "services.signature.worker_verify")
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "HOME": "/",  # or else Python asks the name service, over a socket
    "XML_CATALOG_FILES": "",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}
_OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGXCPU)
_START_SECONDS = 60.0
_CLOSE_SECONDS = 2.0
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyLimits:
    """What an item may take, and after how many items a worker is replaced."""

    memory_bytes: int = 512 * 1024 * 1024
    seconds: float = 10.0
    wall_factor: float = 3.0
    items: int = 500


class OutOfTime(Exception):  # noqa: N818 - says what happened
    """The item used up its processor time."""


class NoTime(Exception):  # noqa: N818 - the same
    """The wall clock ran out: the item waits for something, or the machine is busy."""


class Died(Exception):  # noqa: N818 - the same
    """The worker is gone, or says what no worker says."""


class NoWorker(Exception):  # noqa: N818 - the same
    """None can be started: this says nothing about any file."""


class VerifyWorker:
    """One process, one item at a time; after an exception it is gone."""

    def __init__(self, limits: VerifyLimits, command: Sequence[str] = COMMAND) -> None:
        """Start it. Raises Died."""
        self._limits = limits
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, str(limits.memory_bytes), str(limits.seconds)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT, bufsize=0,
            )  # fmt: skip
        except OSError as error:
            raise Died from error
        if self._process.stdin is None or self._process.stdout is None:
            raise Died
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self.judged = 0
        self._worn = False
        self.ready: Ready
        try:
            self.ready = ready_of(self._exchange([], monotonic() + _START_SECONDS))
        except (NoTime, OutOfTime, ValueError, KeyError, TypeError) as error:
            self.kill()
            raise Died from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def worn(self) -> bool:
        """It has judged enough items, or has grown."""
        return self._worn or self.judged >= self._limits.items

    def ask(self, item: Item) -> Judged:
        """The answer. Raises OutOfTime, NoTime, Died."""
        self.judged += 1
        deadline = monotonic() + self._limits.seconds * self._limits.wall_factor
        try:
            reply = self._exchange([item.head(), *item.contents.values()], deadline)
            judged = judged_of(reply)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self.kill()
            raise Died from error
        self._worn = judged.worn
        return judged

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        """Let it end by itself, for a moment."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _exchange(self, parts: list[bytes], deadline: float) -> bytes:
        """Send what must be sent while reading what is said, until a frame is whole."""
        waiting = [memoryview(part) for part in parts if part]
        heard = bytearray()
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        if waiting:
            poll.register(self._in, select.POLLOUT)
        while True:
            left = deadline - monotonic()
            if left <= 0:
                self.kill()
                raise NoTime
            for descriptor, _ in poll.poll(left * 1000):
                if descriptor == self._in:
                    self._send(waiting)
                    if not waiting:
                        poll.unregister(self._in)
                else:
                    frame = self._hear(heard)
                    if frame is not None:
                        return frame

    def _send(self, waiting: list[memoryview]) -> None:
        try:
            sent = os.write(self._in, waiting[0][:_CHUNK])
        except BlockingIOError:
            return
        except OSError as error:
            raise self._end() from error
        waiting[0] = waiting[0][sent:]
        if not waiting[0]:
            waiting.pop(0)

    def _hear(self, heard: bytearray) -> bytes | None:
        more = os.read(self._out, _CHUNK)
        if not more:
            raise self._end()
        heard += more
        if len(heard) < LENGTH_BYTES:
            return None
        length = int.from_bytes(heard[:LENGTH_BYTES], "big")
        if length > MOST_BYTES or len(heard) > LENGTH_BYTES + length:
            self.kill()
            raise Died
        return bytes(heard[LENGTH_BYTES:]) if len(heard) == LENGTH_BYTES + length else None

    def _end(self) -> Exception:
        """Why it is gone; it closed its pipe, so it will be soon."""
        self.close()
        return OutOfTime() if self._process.returncode in _OUT_OF_TIME else Died()
