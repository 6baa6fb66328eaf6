"""kill -9 of each service right after each of the four steps, under load: nothing lost, nothing doubled.

The supervisor restarts what dies; each restart dies at the plan's next point. Afterwards the ledger must be clean and
every collection must equal what the log says.
"""

import json
from pathlib import Path

import pytest

from sim.check import judge
from sim.ledger import read
from sim.place import Place
from sim.plan import Mix, Special
from sim.rehearsal import Script, play, prepare
from tests.conftest import FOLDER, ROOT, hubctl

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

STEPS = ("decide", "append", "project", "acknowledge")
KILLS = [{"step": step, "nth": nth} for nth in (1, 3) for step in STEPS]
MIX = Mix(annex_share=0.1, sizes=(1, 0, 0), characters=(8, 0, 2))
SPECIALS = (Special.TAMPERED, Special.SENT_TWICE, Special.UNKNOWN_RECIPIENT)
DOCUMENTS = 30


def arm(service: str) -> Path:
    """Give the service its plan, and restart it under it."""
    plan = FOLDER / f"crash-{service}.json"
    plan.write_text(json.dumps(KILLS), encoding="utf-8")
    plan.with_suffix(".done").unlink(missing_ok=True)
    site = ROOT / "tests" / "e2e" / "crash_site"
    hubctl("local", "stop", service)
    hubctl("local", "up", "--set", f"{service}.PYTHONPATH={site}", "--set", f"{service}.CRASH_PLAN={plan}")
    return plan


@pytest.mark.parametrize("service", ["ingest", "signature", "router", "status", "notifier"])
def test_kills_after_every_step_lose_and_double_nothing(stack: Place, service: str) -> None:
    plan = arm(service)
    script = Script(
        seed=100 + len(service), documents=DOCUMENTS, specials=SPECIALS, mix=MIX, at_once=4, drain_seconds=240.0
    )
    rehearsed = prepare(stack, script, lambda *_: None)
    result = play(rehearsed, lambda *_: None)
    verdict = judge(read(stack.ledger), stack.alerts(), run=rehearsed.run)
    assert result.drained
    assert verdict.clean, verdict
    died = plan.with_suffix(".done").read_text(encoding="utf-8").count("\n")
    assert died == len(KILLS), f"only {died} of {len(KILLS)} kills happened"
    assert json.loads(plan.read_text(encoding="utf-8")) == []
    fsck = hubctl("fsck", check=False)
    assert fsck.returncode == 0, fsck.stdout
