"""kill -9 of each service right after each of the four steps, under load: nothing lost, nothing doubled.

The supervisor restarts what dies; each restart dies at the plan's next point. Documents keep coming until every point
was reached. Afterwards the ledger must be clean and every collection must equal what the log says.
"""

import json
import time
from pathlib import Path

import pytest

from sim.check import judge
from sim.ledger import read
from sim.place import Place
from sim.plan import Mix, Special
from sim.rehearsal import Rehearsed, Script, assemble, play, rehearse
from tests.conftest import FOLDER, ROOT, hubctl
from tests.e2e.conftest import quiet

pytestmark = [pytest.mark.stack, pytest.mark.timeout(700)]

STEPS = ("decide", "append", "project", "acknowledge")
KILLS = [{"step": step, "nth": nth} for nth in (1, 3) for step in STEPS]
MIX = Mix(annex_share=0.1, sizes=(1, 0, 0), characters=(8, 0, 2))
SPECIALS = (Special.TAMPERED, Special.SENT_TWICE, Special.UNKNOWN_RECIPIENT)
DOCUMENTS = 8
MOST_SECONDS = 400.0


def arm(service: str) -> Path:
    """Give the service its plan, and restart it under it; returns the file that names each kill."""
    plan = FOLDER / f"crash-{service}.json"
    plan.write_text(json.dumps(KILLS), encoding="utf-8")
    killed = plan.with_suffix(".killed")
    killed.unlink(missing_ok=True)
    site = ROOT / "tests" / "e2e" / "crash_site"
    hubctl("local", "stop", service)
    # it may die before it is ready
    hubctl("local", "up", "--set", f"{service}.PYTHONPATH={site}", "--set", f"{service}.CRASH_PLAN={plan}", check=False)
    return killed


def kills(killed: Path) -> list[str]:
    return killed.read_text(encoding="utf-8").splitlines() if killed.is_file() else []


def send(stack: Place, rehearsed: Rehearsed) -> None:
    result = play(rehearsed, quiet)
    verdict = judge(read(stack.ledger), stack.alerts(), run=rehearsed.run)
    assert verdict.clean, verdict
    assert result.drained


SERVICES = ("ingest", "signature", "router", "status", "notifier")


@pytest.mark.parametrize(
    "services",
    [
        pytest.param(SERVICES, id="all"),
        *(pytest.param((service,), id=service, marks=pytest.mark.long) for service in SERVICES),
    ],
)
def test_kills_after_every_step_lose_and_double_nothing(stack: Place, services: tuple[str, ...]) -> None:
    script = Script(
        seed=100 + len(services[0]), documents=DOCUMENTS, specials=SPECIALS, mix=MIX, at_once=2, drain_seconds=120.0
    )
    company = assemble(stack, quiet)
    killed = [arm(service) for service in services]
    runs: list[str] = []
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline and any(len(kills(each)) < len(KILLS) for each in killed):
        rehearsed = rehearse(stack, company, script, quiet)
        runs.append(rehearsed.run)
        send(stack, rehearsed)
    for each in killed:
        assert [json.loads(line)["step"] for line in kills(each)] == [kill["step"] for kill in KILLS], each.name
    for run in runs:  # what came late counts too
        assert judge(read(stack.ledger), stack.alerts(), run=run).clean
    fsck = hubctl("fsck", check=False)
    assert fsck.returncode == 0, fsck.stdout
