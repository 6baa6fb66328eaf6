"""What `hubctl verify` tells a person: an answer in two languages, a bar while a batch runs, the counts at its end."""

import sys
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Any

from hubctl.verify_batch import Tally
from services.signature.reason_texts import REASON_TEXTS
from services.signature.reasons import Reason

_WIDTH = 30
_EVERY_SECONDS = 0.2
_CHUNK = 1024 * 1024


def human(answer: dict[str, Any]) -> str:
    """An answer as lines."""
    shown = [*_one(answer, f"{answer['verdict']}  {answer['reason']}")]
    if answer.get("sha256"):
        shown.append(f"  sha256: {answer['sha256']}")
    if len(answer["signatures"]) > 1:
        for number, each in enumerate(answer["signatures"], 1):
            shown += [f"  {line}" for line in _one(each, f"signature {number}: {each['verdict']}  {each['reason']}")]
    return "\n".join(shown)


def warn_of(weakness: str) -> None:
    """Say that the kernel does not help, if so."""
    if weakness:
        print(f"warning: verification workers are not confined by the kernel: {weakness}", file=sys.stderr)


def _one(answer: dict[str, Any], head: str) -> list[str]:
    text = REASON_TEXTS[Reason(answer["reason"])]
    shown = [head, f"  {text.vi}", f"  {text.en}"]
    if answer["detail"]:
        shown.append(f"  detail: {_plain(answer['detail'])}")
    if answer["signer"]:
        signer = answer["signer"]
        shown += [f"  signer: {_plain(signer['subject'])}", f"  issuer: {_plain(signer['issuer'])}"]
        shown.append(f"  serial: {_plain(signer['serial'])}")
    for name in ("signing_time", "timestamp"):
        if answer[name]:
            shown.append(f"  {name}: {_plain(answer[name])}" + (" (claimed)" if name == "signing_time" else ""))
    shown += [
        f"  covers: {' '.join(_plain(value) for value in part.values() if value is not None)}"
        for part in answer["covered"]
    ]
    return shown


def _plain(value: Any) -> str:
    """A text from a hostile file without anything that a terminal would obey."""
    return "".join(character if character.isprintable() else "�" for character in str(value))[:1000]


class Progress:
    """A bar on a terminal's stderr; nothing elsewhere."""

    def __init__(self, source: Path) -> None:
        self._start = monotonic()
        self._shown = 0.0
        self._bar = sys.stderr.isatty()
        self._total = _count(source) if self._bar and source.is_file() else 0

    def show(self, tally: Tally) -> None:
        """Draw it, a few times a second."""
        if not self._bar or monotonic() - self._shown < _EVERY_SECONDS:
            return
        self._shown = monotonic()
        done = min(1.0, tally.answers / self._total) if self._total else 0.0
        bar = "#" * int(done * _WIDTH)
        print(f"\r[{bar:<{_WIDTH}}] {tally.answers}/{self._total or '?'}", end="", file=sys.stderr, flush=True)

    def end(self, tally: Tally) -> None:
        """The counts."""
        if self._bar:
            print("\r\033[K", end="", file=sys.stderr)
        for line in summary(tally, monotonic() - self._start):
            print(line, file=sys.stderr)


def summary(tally: Tally, seconds: float) -> list[str]:
    """How many answers, by verdict and reason, and what did not end well."""
    shown = [f"{tally.answers} answers in {seconds:.1f} s ({tally.answers / max(seconds, 0.001):.0f} a second)"]
    for verdict, group in groupby(sorted(tally.verdicts.items()), key=lambda each: each[0][0]):
        reasons = {reason: count for (_, reason), count in group}
        told = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        shown.append(f"{verdict} {sum(reasons.values())}: {told}")
    shown.append(f"time-outs {tally.of(Reason.TIMEOUT)}, crashes {tally.of(Reason.VERIFIER_CRASHED)}")
    return shown


def _count(source: Path) -> int:
    with source.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))
