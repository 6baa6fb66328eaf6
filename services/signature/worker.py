"""A verification worker: `python -m services.signature.worker MEMORY_BYTES SECONDS`, started by `workers.py`.

Reads requests from stdin, writes replies to stdout, ends with its stdin. Libraries are loaded once, before it confines
itself; it reads the one file that each task names and nothing else.
"""

import services.signature.worker_lean  # noqa: F401 - decides how much of pyHanko is loaded below

# isort: split
import gc
import hashlib
import mmap
import sys
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from services.signature import document
from services.signature.chain import Chains, NoAnchors, Revocation, TrustUnreadable
from services.signature.frames import (
    LENGTH_BYTES,
    Answer,
    Failure,
    Loaded,
    Task,
    Trust,
    framed,
    reply,
    request,
)
from services.signature.judges import place_of
from services.signature.worker_confinement import allow_seconds, confine, end_allowance

_WORTH_COLLECTING = 64 * 1024


class _Stop(Exception):  # noqa: N818 - no error
    """The service has closed our stdin."""


def main() -> None:
    """Serve until stdin ends."""
    memory_bytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    gc.collect()
    gc.freeze()  # what is loaded by now stays for good: do not look at it again
    weakness = confine(memory_bytes)
    sys.stdout.buffer.write(framed(reply(Loaded(weakness=weakness))))
    sys.stdout.buffer.flush()
    chains: Chains | None = None
    while True:
        try:
            asked = request(_read(sys.stdin.buffer))
        except _Stop:
            return
        if isinstance(asked, Trust):
            chains, said = _learn(asked, chains)
        else:
            allow_seconds(seconds)
            said = _examine(asked, chains)
            end_allowance()
            if asked.size > _WORTH_COLLECTING:
                gc.collect()  # pyHanko's objects refer to each other in circles, and to the whole file
        sys.stdout.buffer.write(framed(reply(said)))
        sys.stdout.buffer.flush()


def _read(stream: BinaryIO) -> bytes:
    length = stream.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        raise _Stop
    return stream.read(int.from_bytes(length, "big"))


def _learn(trust: Trust, before: Chains | None) -> tuple[Chains | None, Loaded | Answer]:
    try:
        chains = Chains(trust.anchors, trust.crls, Revocation(trust.revocation), before=before)
    except TrustUnreadable as error:
        return before, Loaded(refusal=str(error))
    anchors, crls = chains.size
    return chains, Loaded(anchors=anchors, crls=crls, faults=tuple(chains.faults))


def _examine(task: Task, chains: Chains | None) -> Answer:
    start = monotonic()
    if chains is None:
        return Answer(failure=Failure.CRASHED, detail="asked before the anchors were given")
    try:
        with Path(task.path).open("rb") as file:
            return _facts(file, task, chains, start)
    except FileNotFoundError:
        return Answer(failure=Failure.MISSING)
    except NoAnchors:
        return Answer(failure=Failure.NO_ANCHORS)
    except MemoryError:
        return Answer(failure=Failure.LIMITS, seconds=monotonic() - start)
    except Exception as error:  # noqa: BLE001 - this document fails, the next one need not
        return Answer(failure=Failure.CRASHED, detail=place_of(error), seconds=monotonic() - start)


def _facts(file: BinaryIO, task: Task, chains: Chains, start: float) -> Answer:
    if Path(task.path).stat().st_size != task.size or task.size == 0:
        return Answer(failure=Failure.DAMAGED)
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
        if hashlib.sha256(data).hexdigest() != task.sha256:
            return Answer(failure=Failure.DAMAGED)
        found = document.facts(data, task.sha256, chains, task.moment)
    return Answer(facts=found, seconds=monotonic() - start)


if __name__ == "__main__":
    main()
