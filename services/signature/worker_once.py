"""One package through a worker of the service, without an event loop and its sockets: to judge again from evidence."""

import subprocess

from pydantic import TypeAdapter, ValidationError

from services.signature.facts import DocumentFacts
from services.signature.frames import (
    LENGTH_BYTES,
    Answer,
    Failure,
    Loaded,
    Task,
    Trust,
    framed,
    task_request,
    trust_request,
)
from services.signature.reasons import Reason
from services.signature.worker_process import COMMAND, ENVIRONMENT, OUT_OF_TIME, WorkerLimits

_PATIENCE = 3.0
_START_SECONDS = 60.0
_LOADED = TypeAdapter(Loaded)
_ANSWER = TypeAdapter(Answer)


class CannotJudge(Exception):  # noqa: N818 - says what befell it
    """The evidence is not whole, or no worker can use it."""


def examined(task: Task, trust: Trust, limits: WorkerLimits) -> DocumentFacts | Reason:
    """Facts about a package, or the reason why there are none. Raises CannotJudge."""
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*COMMAND, str(limits.memory_bytes), str(limits.seconds)],
            input=framed(trust_request(trust)) + framed(task_request(task)),
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=_START_SECONDS + _PATIENCE * limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Reason.TIMEOUT
    if done.returncode in OUT_OF_TIME:
        return Reason.TIMEOUT
    try:
        _, loaded, answer, *_ = _frames(done.stdout)
        refusal = _LOADED.validate_json(loaded).refusal
        if refusal:
            raise CannotJudge(refusal)
        return _result(_ANSWER.validate_json(answer))
    except (ValidationError, ValueError):
        return Reason.VERIFIER_CRASHED


def _frames(said: bytes) -> list[bytes]:
    frames = []
    while said:
        length = int.from_bytes(said[:LENGTH_BYTES], "big")
        frames.append(said[LENGTH_BYTES : LENGTH_BYTES + length])
        said = said[LENGTH_BYTES + length :]
    return frames


def _result(answer: Answer) -> DocumentFacts | Reason:
    match answer.failure:
        case Failure.MISSING | Failure.DAMAGED:
            raise CannotJudge(f"the package is {answer.failure}")
        case Failure.NO_ANCHORS:
            raise CannotJudge("there was no anchor to judge by")
        case Failure.LIMITS:
            return Reason.LIMITS
        case Failure.CRASHED:
            return Reason.VERIFIER_CRASHED
    return answer.facts if answer.facts is not None else Reason.VERIFIER_CRASHED
