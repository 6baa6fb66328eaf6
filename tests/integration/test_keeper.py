"""The supervisor's keeper over real processes: restarts, back-off, readiness, stopping, no orphans."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hubctl.local.component import Component, Kind, Launch, NotReadyError
from hubctl.local.keeper import Keeper, State
from hubctl.local.state import Settings, Stack, StateDir


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    made = Stack(StateDir(tmp_path), Settings())
    made.state.create()
    return made


def keeper(
    stack: Stack, script: str, *, marker: str = "", kind: Kind = Kind.DAEMON, stop_within: float = 2.0
) -> Keeper:
    """Keeps a shell script; ready when the file `marker` exists in the stack's folder, at once when there is none."""

    async def probe() -> None:
        if kind is Kind.STEP or (marker and not (stack.state.root / marker).exists()):
            raise NotReadyError(f"no {marker}")

    def prepare(_stack: Stack) -> Launch:
        return Launch(command=("sh", "-c", script), environment={"FOLDER": str(stack.state.root)}, probe=probe)

    component = Component(name="thing", prepare=prepare, kind=kind, stop_within=stop_within)
    return Keeper(component, lambda: stack, lambda _name, _pid: None)


def is_gone(pid: int) -> bool:
    """True when there is no such process, or only its exit code waits to be fetched."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return True


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - the world outside has no event to wait for
            await asyncio.sleep(0.02)


async def test_one_that_is_killed_comes_back_as_another_process(stack: Stack) -> None:
    kept = keeper(stack, "exec sleep 100")
    kept.start(())
    await kept.ready.wait()
    first = (kept.report({})).pid
    assert first
    os.kill(first, signal.SIGKILL)

    async def came_back() -> bool:
        report = kept.report({})
        return report.state is State.READY and report.pid != first

    await until(came_back)
    assert (kept.report({})).restarts == 1
    await kept.stop()


async def test_one_that_keeps_dying_is_left_alone_longer_and_longer(stack: Stack) -> None:
    kept = keeper(stack, 'date +%s%N >> "$FOLDER/starts"; exit 1', marker="never")
    kept.start(())

    async def died_thrice() -> bool:
        return (kept.report({})).restarts >= 3

    await until(died_thrice)
    starts = [int(line) / 1e9 for line in (stack.state.root / "starts").read_text().splitlines()]
    pauses = [after - before for before, after in itertools.pairwise(starts)]
    assert pauses[0] >= 0.2
    assert pauses[1] >= 0.4
    assert (kept.report({})).state in (State.BACK_OFF, State.STARTING)
    await kept.stop()


async def test_one_that_says_it_is_misconfigured_is_not_tried_again(stack: Stack) -> None:
    kept = keeper(stack, "exit 78", marker="never")
    kept.start(())

    async def failed() -> bool:
        return (kept.report({})).state is State.FAILED

    await until(failed)
    assert (kept.report({})).restarts == 0


async def test_one_that_cannot_be_prepared_fails_with_the_reason(stack: Stack) -> None:
    def prepare(_stack: Stack) -> Launch:
        raise ValueError("no such template")

    kept = Keeper(Component(name="thing", prepare=prepare), lambda: stack, lambda _name, _pid: None)
    kept.start(())

    async def failed() -> bool:
        return (kept.report({})).state is State.FAILED

    await until(failed)
    assert (kept.report({})).reason == "ValueError: no such template"


async def test_it_is_ready_when_its_probe_says_so_and_unready_when_it_no_longer_does(stack: Stack) -> None:
    kept = keeper(stack, "exec sleep 100", marker="works")
    kept.start(())
    await asyncio.sleep(0.3)
    assert (kept.report({})).state is State.STARTING
    (stack.state.root / "works").touch()
    await asyncio.wait_for(kept.ready.wait(), 2)
    assert (kept.report({})).state is State.READY
    (stack.state.root / "works").unlink()
    await kept.look_again()
    report = kept.report({})
    assert (report.state, report.reason) == (State.UNREADY, "no works")
    await kept.stop()


async def test_a_step_is_ready_when_it_has_ended_well(stack: Stack) -> None:
    kept = keeper(stack, "exit 0", kind=Kind.STEP)
    kept.start(())
    await asyncio.wait_for(kept.ready.wait(), 5)
    assert (kept.report({})).state is State.READY


async def test_it_waits_for_what_it_needs(stack: Stack) -> None:
    needed, needing = keeper(stack, "exec sleep 100", marker="works"), keeper(stack, "exec sleep 100")
    needed.start(())
    needing.start((needed,))
    await asyncio.sleep(0.3)
    assert (needing.report({})).state is State.WAITING
    (stack.state.root / "works").touch()
    await asyncio.wait_for(needing.ready.wait(), 5)
    await asyncio.gather(needing.stop(), needed.stop())


async def test_stopping_is_clean_and_final(stack: Stack) -> None:
    kept = keeper(stack, "trap 'touch \"$FOLDER/clean\"; exit 0' TERM; while :; do sleep 0.05; done")
    kept.start(())
    await kept.ready.wait()
    await asyncio.sleep(0.2)
    await kept.stop()
    assert (stack.state.root / "clean").exists()
    assert (kept.report({})).state is State.STOPPED


@pytest.mark.parametrize("stubborn", ["ignores", "stands still"])
async def test_one_that_does_not_stop_is_killed_after_its_grace(stack: Stack, stubborn: str) -> None:
    kept = keeper(stack, "trap '' TERM; while :; do sleep 0.05; done", stop_within=0.5)
    kept.start(())
    await kept.ready.wait()
    await asyncio.sleep(0.2)
    pid = (kept.report({})).pid
    assert pid
    if stubborn == "stands still":
        os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    await kept.stop()
    assert 0.4 < time.monotonic() - begun < 5
    assert is_gone(pid)


async def test_workers_of_a_killed_process_do_not_live_on(stack: Stack) -> None:
    kept = keeper(stack, 'sleep 1000 & echo $! > "$FOLDER/worker"; wait')
    kept.start(())
    worker_file = stack.state.root / "worker"

    async def has_worker() -> bool:
        return worker_file.exists() and worker_file.read_text().strip().isdigit()

    await until(has_worker)
    worker, pid = int(worker_file.read_text()), (kept.report({})).pid
    assert pid
    os.kill(pid, signal.SIGKILL)

    async def worker_is_gone() -> bool:
        return is_gone(worker)

    await until(worker_is_gone)
    await kept.stop()


async def test_a_child_does_not_outlive_its_supervisor(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from hubctl.local.child import spawn\n"
        "async def main():\n"
        "    process = await spawn(('sleep', '1000'), {}, Path(sys.argv[1]))\n"
        "    print(process.pid, flush=True)\n"
        "    await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout
    child = int(await supervisor.stdout.readline())
    supervisor.kill()
    await supervisor.wait()

    async def child_is_gone() -> bool:
        return is_gone(child)

    await until(child_is_gone)
