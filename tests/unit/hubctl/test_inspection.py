import asyncio
import json
from pathlib import Path

from hubctl.local.inspection import Fault, FaultKind, Journal


def test_messages_come_back_in_the_order_they_came(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sinks" / "sms.jsonl")
    assert journal.all() == []
    for number in range(3):
        journal.add({"id": str(number), "text": "Văn bản\nđến"})
    assert [message["id"] for message in journal.all()] == ["0", "1", "2"]
    lines = (tmp_path / "sinks" / "sms.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["at"].endswith("Z")


def test_greylisting_takes_the_second_attempt_of_each() -> None:
    fault = Fault()
    fault.set(FaultKind.GREYLIST)
    assert [fault.first_attempt(key) for key in ("a", "a", "b", "a")] == [True, False, True, False]
    fault.set(FaultKind.GREYLIST)
    assert fault.first_attempt("a")


async def test_a_hanging_sink_goes_on_when_the_fault_ends() -> None:
    fault = Fault()
    fault.set(FaultKind.HANG)
    waiting = asyncio.create_task(fault.hang())
    await asyncio.sleep(0)
    assert not waiting.done()
    fault.set(FaultKind.NONE)
    await asyncio.wait_for(waiting, 1)
