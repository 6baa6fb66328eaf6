"""The real local stack for tests that need it: started once a session, on ports and in a folder of its own."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sim.place import Place

ROOT = Path(__file__).resolve().parent.parent
RUNNING = os.environ.get("HUB_TEST_STACK", "")
"""Folder of a stack that runs already and is to be used as it is; empty: the tests bring up their own."""

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Each worker of pytest-xdist has a stack of its own, and whole files of tests (`--dist loadfile`)."""

FOLDER = Path(RUNNING) if RUNNING else ROOT / ".local" / f"test-{WORKER}"
PORT_BASE = 23000 + 100 * WORKER
UP_SECONDS = 420


def hubctl(*arguments: str, seconds: int = UP_SECONDS, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the operator's command line against the test stack."""
    return subprocess.run(
        [sys.executable, "-m", "hubctl", *arguments],
        capture_output=True, text=True, timeout=seconds, check=check, cwd=ROOT,
        env={**os.environ, "HUBCTL_DIR": str(FOLDER)},
    )  # fmt: skip


@contextmanager
def only_run() -> Iterator[None]:
    """Two runs at once would meet on one stack: the second is told."""
    FOLDER.parent.mkdir(exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit(f"another run of the tests uses {FOLDER}: wait for its end", returncode=2)
        yield


@pytest.fixture(scope="session")
def stack() -> Iterator[Place]:
    """A whole stack with fresh state; HUB_TEST_KEEP=1 leaves it running after the tests for a look."""
    if RUNNING:
        yield Place.at(FOLDER)
        return
    with only_run():
        yield from own_stack()


def own_stack() -> Iterator[Place]:
    """Up before the tests, down after them."""
    hubctl("local", "down", check=False)
    hubctl("local", "reset", "--yes", check=False)
    started = hubctl(
        "local", "up", "--port-base", str(PORT_BASE), "--set", "notifier.HUB_NOT_FETCHED_SECONDS=6", check=False
    )
    if started.returncode:
        pytest.fail(f"the stack does not start:\n{started.stdout[-2000:]}\n{started.stderr[-2000:]}")
    yield Place.at(FOLDER)
    if not os.environ.get("HUB_TEST_KEEP"):
        hubctl("local", "down", check=False)


@pytest.fixture(scope="session")
def environment(stack: Place) -> dict[str, dict[str, str]]:
    """Environment of each service of the test stack."""
    assert stack
    services = ("ingest", "signature", "router", "status", "notifier")
    return {name: json.loads(hubctl("local", "env", name, "--json").stdout) for name in services}
