"""Speaks a worker's language and misbehaves as the name of the file asks: what a broken library could make of one."""

import os
import signal
import sys
import time
from pathlib import Path

from services.signature.facts import DocumentFacts, EnvelopeFacts
from services.signature.frames import LENGTH_BYTES, Answer, Loaded, Task, framed, reply, request


def say(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def behave(task: Task) -> None:
    match Path(task.path).name:
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs":
            time.sleep(600)
        case "garbles":
            say(framed(b'{"facts": {"envelope": {"reading": "whatever"}}}'))
        case "floods":
            say(b"\xff" * 64)
        case "uses up its time":
            os.kill(os.getpid(), signal.SIGXCPU)
        case _:
            say(framed(reply(Answer(facts=DocumentFacts(envelope=EnvelopeFacts())))))


say(framed(reply(Loaded())))
while length := sys.stdin.buffer.read(LENGTH_BYTES):
    asked = request(sys.stdin.buffer.read(int.from_bytes(length, "big")))
    if isinstance(asked, Task):
        behave(asked)
    else:
        say(framed(reply(Loaded(anchors=1))))
