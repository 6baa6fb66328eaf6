"""`hubctl verify --batch`: a thread and a worker for each core; each takes the next line when it has answered one.

An item for which the machine had no time is put aside and tried once more alone, when all others are done.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from hubctl.verify_item import Asked, answered, complete
from hubctl.verify_lines import Line
from services.signature.reasons import Reason
from services.signature.worker_verify_process import NoTime, NoWorker, VerifyLimits, VerifyWorker
from services.signature.worker_verify_seat import Seat, Starter, said, timeout

_USUAL = VerifyLimits()

Report = Callable[["Tally"], None]


@dataclass(slots=True)
class Tally:
    """What has been answered so far."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(verdict, reason) -> how often."""
    broken: bool = False
    """There were times when no worker could be started."""
    weakness: str = ""
    """Why the kernel does not confine the workers, or empty."""

    @property
    def answers(self) -> int:
        """All of them."""
        return self.verdicts.total()

    def of(self, reason: Reason) -> int:
        """How often this reason."""
        return sum(count for (_, name), count in self.verdicts.items() if name == reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """By what a batch is judged."""

    now: datetime
    folder: Path
    limits: VerifyLimits = _USUAL
    starter: Starter = VerifyWorker
    workers: int = 0
    """0: one for each core this process may use."""


class Batch:
    """One run over the lines of a file."""

    def __init__(self, setting: Setting, lines: Iterator[Line], out: BinaryIO, report: Report) -> None:
        self._setting = setting
        self._lines = lines
        self._out = out
        self._report = report
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._put_aside: list[Asked] = []
        self._failure: BaseException | None = None
        self.tally = Tally()

    def run(self) -> Tally:
        """Answer every line. Raises OSError when the answers cannot be written."""
        count = self._setting.workers or len(os.sched_getaffinity(0))
        threads = [threading.Thread(target=self._work, name=f"verify-{number}", daemon=True) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failure is None and self._put_aside:
            self._alone()
        if self._failure is not None:
            raise self._failure
        return self.tally

    def _work(self) -> None:
        seat = Seat(self._setting.limits, self._setting.starter)
        try:
            while (line := self._next()) is not None:
                self._answer(line, seat)
        except BaseException as error:  # noqa: BLE001 - a full disk: said by the main thread, once all have stopped
            self._failure = error
        finally:
            seat.close()

    def _next(self) -> Line | None:
        with self._reading:
            return None if self._failure is not None else next(self._lines, None)

    def _answer(self, line: Line, seat: Seat) -> None:
        if line.fields is None:
            self._write(complete(line.id, said(Reason.BAD_REQUEST, line.fault), 0.0))
            return
        asked = Asked(id=line.id, fields=line.fields, now=self._setting.now, folder=self._setting.folder)
        try:
            self._write(answered(asked, seat))
        except NoTime:
            self._put_aside.append(asked)
        except NoWorker as error:  # the next item may have more luck
            self.tally.broken = True
            self._write(complete(line.id, said(Reason.VERIFIER_CRASHED, str(error)), 0.0))
        self.tally.weakness = self.tally.weakness or seat.weakness

    def _alone(self) -> None:
        seat, limits = Seat(self._setting.limits, self._setting.starter), self._setting.limits
        for asked in self._put_aside:
            start = monotonic()
            try:
                self._write(answered(asked, seat))
            except (NoTime, NoWorker):
                self._write(complete(asked.id, timeout(limits), monotonic() - start))
        seat.close()

    def _write(self, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode() + b"\n"
        with self._writing:
            self._out.write(content)
            self._out.flush()
            self.tally.verdicts[answer["verdict"], answer["reason"]] += 1
            self._report(self.tally)
