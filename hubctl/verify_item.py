"""One request of `hubctl verify` on its way to a worker: the files it names are opened here, and nothing else is."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from services.signature.reasons import Reason
from services.signature.verification import BadRequest
from services.signature.verification_request import request_of
from services.signature.worker_verify_frames import Item, Judged
from services.signature.worker_verify_process import NoTime, VerifyLimits
from services.signature.worker_verify_seat import Seat, said, timeout

LARGEST = 200 * 1024 * 1024
"""Bytes of all files of a request: more does not fit beside the libraries into a worker's memory."""
_CHUNK = 1024 * 1024


class _TooLarge(Exception):  # noqa: N818 - says what they are
    """The files are more than a worker can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, the moment it is asked, and the folder where its relative paths are looked for in second place."""

    id: Any
    fields: Mapping[str, Any]
    now: datetime
    folder: Path | None = None


def answered(asked: Asked, seat: Seat) -> dict[str, Any]:
    """The answer as the contract writes it. Raises NoTime, NoWorker."""
    seat.seated()
    start = monotonic()
    return complete(asked.id, _judged(asked, seat), monotonic() - start)


def answered_alone(asked: Asked, seat: Seat, limits: VerifyLimits) -> dict[str, Any]:
    """The same with nothing beside it; twice without an answer is TIMEOUT."""
    start = monotonic()
    for _ in range(2):
        try:
            return answered(asked, seat)
        except NoTime:
            continue
    return complete(asked.id, timeout(limits), monotonic() - start)


def complete(given_id: Any, judged: Judged, seconds: float) -> dict[str, Any]:
    """The answer's fields in their order."""
    told = judged.answer
    head = {"id": given_id, "verdict": told["verdict"], "reason": told["reason"], "ms": round(seconds * 1000, 1)}
    return head | told


def _judged(asked: Asked, seat: Seat) -> Judged:
    contents: dict[str, bytes] = {}

    def opened(path: str) -> bytes:
        if path not in contents:
            contents[path] = _read(path, asked.folder, LARGEST - sum(map(len, contents.values())))
        return contents[path]

    try:
        request_of(asked.fields, opened, asked.now)
        return seat.judge(Item(line=asked.fields, now=asked.now, contents=contents))
    except BadRequest as error:
        return said(Reason.BAD_REQUEST, str(error))
    except _TooLarge:
        return said(Reason.LIMITS, f"files of more than {LARGEST} bytes")
    except (MemoryError, RecursionError):
        return said(Reason.LIMITS, "more than this machine can hold")


def _read(path: str, folder: Path | None, most: int) -> bytes:
    try:
        return _regular(path, most)
    except (FileNotFoundError, NotADirectoryError):
        if folder is None or Path(path).is_absolute():
            raise
        return _regular(str(folder / path), most)


def _regular(path: str, most: int) -> bytes:
    """A file's bytes. Pipes and devices are refused without waiting for them."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} is not a file")
        if found.st_size > most:
            raise _TooLarge
        parts, length = [], 0
        while part := os.read(descriptor, _CHUNK):
            parts.append(part)
            length += len(part)
            if length > most:  # it grew, or it did not tell its size
                raise _TooLarge
        return b"".join(parts)
    finally:
        os.close(descriptor)
