"""Workers of `hubctl verify`: a seat answers whatever becomes of the worker in it."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from services.signature.reason_texts import REASON_TEXTS
from services.signature.reasons import Reason
from services.signature.worker_verify_frames import Item
from services.signature.worker_verify_process import Died, NoTime, NoWorker, VerifyLimits, VerifyWorker
from services.signature.worker_verify_seat import Seat
from tests.unit.signature import authority

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
LIMITS = VerifyLimits(seconds=2.0, wall_factor=2.0)
ROGUE = (sys.executable, "-m", "tests.unit.signature.rogue_verifier")


def rogue(limits: VerifyLimits) -> VerifyWorker:
    return VerifyWorker(limits, ROGUE)


def item(content: bytes, **fields: Any) -> Item:
    return Item(line={"id": "1", "kind": "chain", "path": "x"} | fields, now=NOW, contents={"x": content})


@pytest.fixture
def seat() -> Iterator[Seat]:
    seat = Seat(LIMITS, rogue)
    yield seat
    seat.close()


def reason(seat: Seat, content: bytes) -> str:
    return str(seat.judge(item(content)).answer["reason"])


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        (b"dies", Reason.VERIFIER_CRASHED),
        (b"floods", Reason.VERIFIER_CRASHED),
        (b"garbles", Reason.VERIFIER_CRASHED),
        (b"lies", Reason.VERIFIER_CRASHED),
        (b"spins", Reason.TIMEOUT),
    ],
)
def test_what_an_item_does_to_its_worker_becomes_its_reason(seat: Seat, deed: bytes, expected: Reason) -> None:
    assert reason(seat, b"fine") == "OK"
    assert reason(seat, deed) == expected
    assert reason(seat, b"fine") == "OK"


def test_the_wall_clock_gives_no_verdict_yet(seat: Seat) -> None:
    with pytest.raises(NoTime):
        seat.judge(item(b"hangs"))
    assert reason(seat, b"fine") == "OK"


def test_what_an_earlier_item_left_behind_harms_nobody(seat: Seat) -> None:
    assert reason(seat, b"fills") == "OK"
    assert reason(seat, b"is large") == "OK"


def test_a_worn_worker_is_replaced(seat: Seat) -> None:
    first = seat.judge(item(b"wears")).answer["detail"]
    second = seat.judge(item(b"fine")).answer["detail"]
    assert first != second
    assert seat.judge(item(b"fine")).answer["detail"] == second


def test_a_worker_is_replaced_after_so_many_items() -> None:
    seat = Seat(VerifyLimits(items=2), rogue)
    pids = [seat.judge(item(b"fine")).answer["detail"] for _ in range(4)]
    seat.close()
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_no_worker_at_all_is_nobodys_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.signature.worker_verify_seat._PAUSES", (0.0, 0.0))

    def broken(limits: VerifyLimits) -> VerifyWorker:
        return VerifyWorker(limits, (sys.executable, "-c", ""))

    with pytest.raises(NoWorker):
        Seat(LIMITS, broken).judge(item(b"fine"))
    with pytest.raises(Died):
        VerifyWorker(LIMITS, ("/nonexistent",))


def test_a_large_file_goes_through_the_pipe(seat: Seat) -> None:
    assert reason(seat, bytes(5_000_000)) == "OK"


@pytest.fixture(scope="module")
def real() -> Iterator[Seat]:
    seat = Seat(VerifyLimits())
    yield seat
    seat.close()


def test_a_real_worker_judges_and_is_confined_by_the_kernel(real: Seat) -> None:
    sender = authority.sender()
    content = sender.certificate.public_bytes(Encoding.DER)
    judged = real.judge(item(content, trust="x"))
    assert judged.answer["reason"] in set(Reason) - {Reason.VERIFIER_CRASHED}
    assert real.weakness == ""


def test_a_real_worker_says_what_is_wrong_with_a_request(real: Seat) -> None:
    for fields in ({"at": "yesterday"}, {"trust": ["another"]}, {"surprise": 1}):
        assert real.judge(item(b"", **fields)).answer["reason"] == "BAD_REQUEST"


LOADED = """
import json, sys
from services.signature import worker_judges, worker_verify
worker_judges.load()
worker_verify._warm_up()
print(json.dumps({name: getattr(module, "__file__", None) for name, module in sys.modules.items()}))
"""
JUDGING = ("services", "pyhanko", "pyhanko_certvalidator", "asn1crypto", "cryptography", "lxml", "signxml")
NEVER_REACHED = ("fetchers", "lxml.html", "signxml", "pyhanko.pdf_utils.text", "pyhanko.stamp")
"""Parts of libraries that fetch, draw or read HTML."""


def late_imports(source: str, package: str) -> Iterator[str]:
    """Modules that functions import when they are called."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                yield ".".join([*parts, *([node.module] if node.module else [])])


def test_nothing_is_loaded_once_a_worker_is_confined() -> None:
    """Whatever a function of the libraries would import when it is called, is there before the first document."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, timeout=100, check=True)
    loaded = json.loads(done.stdout)
    missing = set()
    for name, file in loaded.items():
        if not file or not file.endswith(".py") or name.split(".")[0] not in JUDGING or name.startswith(NEVER_REACHED):
            continue
        package = name if Path(file).name == "__init__.py" else name.rpartition(".")[0]
        missing |= {f"{name} -> {late}" for late in late_imports(Path(file).read_text(encoding="utf-8"), package)
                    if late not in loaded}  # fmt: skip
    missing.discard("pyhanko_certvalidator.registry -> oscrypto")  # the system's anchors, which nobody asks for
    assert {each for each in missing if find_spec(each.split(" -> ")[1].split(".")[0]) is not None} == set()


def test_each_reason_has_its_texts() -> None:
    assert set(REASON_TEXTS) == set(Reason)
    for text in REASON_TEXTS.values():
        assert text.vi.endswith(".")
        assert text.en.endswith(".")
        assert text.vi != text.en
