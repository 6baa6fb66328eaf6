"""Batches of `hubctl verify`: one answer a line, whatever stands there and whatever an item does to its worker."""

import io
import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hubctl.verify_batch import Batch, Setting, Tally
from hubctl.verify_lines import LONGEST_LINE, line_of, lines
from hubctl.verify_show import summary
from services.signature.worker_verify_process import VerifyLimits, VerifyWorker

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
LIMITS = VerifyLimits(seconds=1.0, wall_factor=1.0)
ROGUE = (sys.executable, "-m", "tests.unit.signature.rogue_verifier")


def rogue(limits: VerifyLimits) -> VerifyWorker:
    return VerifyWorker(limits, ROGUE)


def run(folder: Path, written: bytes, workers: int = 2) -> tuple[list[dict[str, Any]], Tally]:
    out = io.BytesIO()
    setting = Setting(now=NOW, folder=folder, limits=LIMITS, starter=rogue, workers=workers)
    tally = Batch(setting, lines(io.BytesIO(written)), out, lambda _: None).run()
    return [json.loads(line) for line in out.getvalue().splitlines()], tally


def asked(name: str, path: str) -> bytes:
    return json.dumps({"id": name, "kind": "chain", "path": path}).encode() + b"\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for deed in ("fine", "dies", "hangs", "spins", "floods", "lies"):
        (tmp_path / deed).write_text(deed, encoding="utf-8")
    return tmp_path


def test_a_poisonous_item_harms_no_other(folder: Path) -> None:
    deeds = ["dies", "hangs", "fine", "spins", "floods", "fine", "lies", *(["fine"] * 10)]
    answers, tally = run(folder, b"".join(asked(f"{number}", deed) for number, deed in enumerate(deeds)))
    told = {int(answer["id"]): answer["reason"] for answer in answers}
    expected = {"fine": "OK", "hangs": "TIMEOUT", "spins": "TIMEOUT"}
    assert told == {number: expected.get(deed, "VERIFIER_CRASHED") for number, deed in enumerate(deeds)}
    assert tally.verdicts == Counter(
        {("VALID", "OK"): 12, ("INDETERMINATE", "TIMEOUT"): 2, ("INVALID", "VERIFIER_CRASHED"): 3}
    )
    assert summary(tally, 2.0) == [
        "17 answers in 2.0 s (8 a second)",
        "INDETERMINATE 2: TIMEOUT 2",
        "INVALID 3: VERIFIER_CRASHED 3",
        "VALID 12: OK 12",
        "time-outs 2, crashes 3",
    ]


@pytest.mark.parametrize(
    ("written", "given"),
    [
        (b"not JSON", None), (b"", None), (b"[]", None), (b"7", None), (b"{", None), (b"\xff\xfe", None),
        (b"[" * 200_000, None), (b"{}", None), (b'{"kind": "chain"}', None), (b'{"id": null}', None),
        (b'{"id": true}', True), (b'{"id": "a"}', "a"), (b'{"id": 7}', 7), (b'{"id": "\\ud800"}', "\ud800"),
        (b'{"id": "a", "id": "b"}', None), (b'{"id": "a", "kind": "pdf", "kind": "chain"}', "a"),
        (b'{"id": "a", "keys": {"x": "1", "x": "2"}}', "a"), (b'{"id": "a", "max_path": NaN}', "a"),
        (b'{"id": NaN}', None), (b'{"id": "a", "max_path": -Infinity}', "a"),
        (b'{"id": "a", "kind": "chain", "path": "missing"}', "a"), (b'{"id": "a", "kind": "x", "path": "fine"}', "a"),
        (b'{"id": "a", "kind": "chain", "path": "."}', "a"),
        (b'{"id": "a", "kind": "chain", "path": "/dev/zero"}', "a"),
        (b'{"id": "a", "kind": "chain", "path": "pipe"}', "a"),
        (b'{"id": "a", "kind": "chain", "path": "\\u0000"}', "a"),
        (b'{"id": "a", "kind": "chain", "path": "fine", "surprise": 1}', "a"),
        (b'{"id": "a", "x": "' + b"x" * LONGEST_LINE + b'"}', None),
        (b'{"id": "a", "max_path": ' + b"9" * 5000 + b"}", None),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_every_line_has_its_answer(folder: Path, written: bytes, given: Any) -> None:
    os.mkfifo(folder / "pipe")
    answers, _ = run(folder, asked("before", "fine") + written + b"\n" + asked("after", "fine"), workers=1)
    before, answer, after = answers
    assert (before["id"], after["id"], after["reason"]) == ("before", "after", "OK")
    assert (answer["id"], answer["verdict"], answer["reason"]) == (given, "INVALID", "BAD_REQUEST")
    assert answer["detail"]
    assert set(answer) == {
        "id", "verdict", "reason", "ms", "detail", "covered", "signer", "signing_time", "timestamp", "signatures",
    }  # fmt: skip


def test_the_last_line_needs_no_end_and_a_file_may_begin_with_a_mark(folder: Path) -> None:
    answers, _ = run(folder, b"\xef\xbb\xbf" + asked("a", "fine") + asked("b", "fine").rstrip())
    assert {answer["id"]: answer["reason"] for answer in answers} == {"a": "OK", "b": "OK"}
    assert run(folder, b"")[0] == []


def test_paths_are_of_this_folder_first(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "fine").write_text("dies", encoding="utf-8")
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    line = line_of(asked("a", "fine"))
    assert line.fields == {"id": "a", "kind": "chain", "path": "fine"}
    from hubctl.verify_item import _read  # noqa: PLC0415 - after the folder has changed

    assert _read("fine", folder, 10) == b"dies"
    assert _read("spins", folder, 10) == b"spins"


def test_a_disk_that_is_full_ends_the_batch(folder: Path) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    setting = Setting(now=NOW, folder=folder, limits=LIMITS, starter=rogue, workers=2)
    written = io.BytesIO(asked("a", "fine") * 5)
    with pytest.raises(OSError, match="No space"):
        Batch(setting, lines(written), Full(), lambda _: None).run()


def test_files_that_no_worker_can_hold_are_beyond_the_limits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubctl.verify_item.LARGEST", 3)
    answers, _ = run(folder, asked("a", "fine"))
    assert (answers[0]["verdict"], answers[0]["reason"]) == ("INDETERMINATE", "LIMITS")
