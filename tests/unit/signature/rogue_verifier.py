"""Speaks the language of `hubctl verify`'s workers and misbehaves as the content of the file asks."""

import os
import signal
import sys
import time

from services.signature.reasons import Reason
from services.signature.verification import plain, refusal
from services.signature.worker_verify_frames import LENGTH_BYTES, Judged, Ready, framed, head_of, said

LOAD = bytearray()


def say(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def answer(reason: Reason, *, worn: bool = False) -> bytes:
    return said(Judged(answer=plain(refusal(reason, str(os.getpid()))), worn=worn))


def behave(deed: bytes) -> None:
    match deed:
        case b"dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"hangs":
            time.sleep(600)
        case b"spins":
            os.kill(os.getpid(), signal.SIGPROF)
        case b"floods":
            say(b"\xff" * 64)
        case b"garbles":
            say(framed(b'{"answer": [], "worn": 1}'))
        case b"lies":
            say(answer(Reason.REVOKED).replace(b'"INVALID"', b'"VALID"  '))
        case b"fills":
            LOAD.extend(b"x")
            say(answer(Reason.OK))
        case b"is large":
            say(answer(Reason.LIMITS if LOAD else Reason.OK, worn=bool(LOAD)))
        case b"wears":
            say(answer(Reason.OK, worn=True))
        case _:
            say(answer(Reason.OK))


say(said(Ready(weakness="", kinds=())))
while length := sys.stdin.buffer.read(LENGTH_BYTES):
    head = head_of(sys.stdin.buffer.read(int.from_bytes(length, "big")))
    contents = [sys.stdin.buffer.read(size) for _, size in head.files]
    behave(contents[0])
