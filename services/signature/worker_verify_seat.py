"""A seat for one worker after another: judges item by item, whatever becomes of the worker in it."""

from collections.abc import Callable
from time import sleep

from services.signature.reasons import Reason
from services.signature.verification import plain, refusal
from services.signature.worker_verify_frames import Item, Judged
from services.signature.worker_verify_process import Died, NoTime, NoWorker, OutOfTime, VerifyLimits, VerifyWorker

_TRIES = 2
_PAUSES = (0.0, 0.2, 1.0)
"""Seconds between the tries to start a worker."""

Starter = Callable[[VerifyLimits], VerifyWorker]


class Seat:
    """Not for several threads: a worker lives no longer than the thread that started it."""

    def __init__(self, limits: VerifyLimits, starter: Starter = VerifyWorker) -> None:
        self._limits = limits
        self._starter = starter
        self._worker: VerifyWorker | None = None
        self.weakness = ""

    def judge(self, item: Item) -> Judged:
        """The answer, also TIMEOUT and VERIFIER_CRASHED. Raises NoWorker, NoTime: it may need a machine of its own."""
        for _ in range(_TRIES):
            worker = self.seated()
            fresh = worker.judged == 0
            try:
                judged = worker.ask(item)
            except OutOfTime:
                self._worker = None
                return said(Reason.TIMEOUT, f"took more than {self._limits.seconds:g} s of processor time")
            except NoTime:
                self._worker = None
                raise
            except Died:
                self._worker = None  # somebody else may have killed it: the second try has a fresh one
                continue
            if worker.worn:
                self.close()
            if judged.worn and judged.answer["reason"] == Reason.LIMITS and not fresh:
                continue  # an earlier item may hold the memory
            return judged
        return said(Reason.VERIFIER_CRASHED, "the file ended the verifier")

    def close(self) -> None:
        """Let the worker go."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def seated(self) -> VerifyWorker:
        """The worker in it, a fresh one if need be. Raises NoWorker."""
        for pause in _PAUSES:
            if self._worker is not None:
                return self._worker
            try:
                self._worker = self._starter(self._limits)
                self.weakness = self._worker.ready.weakness
            except Died:
                sleep(pause)
        if self._worker is None:
            raise NoWorker("no verification worker can be started")
        return self._worker


def said(reason: Reason, detail: str) -> Judged:
    """An answer that no worker gave."""
    return Judged(answer=plain(refusal(reason, detail)), worn=False)


def timeout(limits: VerifyLimits) -> Judged:
    """For an item that got nowhere with a machine of its own."""
    return said(Reason.TIMEOUT, f"no answer in {limits.seconds * limits.wall_factor:g} s, twice")
