"""What the commands do: bring a stack up, take it down, look at it. Talks through a `Screen`."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local import control, fetch, leftovers
from hubctl.local.components import COMPONENTS, named, with_needs
from hubctl.local.control import Verb
from hubctl.local.keeper import Report, State
from hubctl.local.ports import require_free
from hubctl.local.screen import Screen
from hubctl.local.state import Stack

_POLL = 0.15
_TAIL = 12
_HOPELESS_RESTARTS = 5
_DOWN_PATIENCE = 60.0


def bring_up(stack: Stack, names: Iterable[str], screen: Screen) -> None:
    """Fetch what is missing, start these components and all they need, return when all are ready."""
    selected = with_needs(names)
    stack.state.create()
    running = control.is_running(stack.state.run)
    if running:
        active = {report.name for report in control.ask(stack.state.run, Verb.WATCH) if report.state in _ACTIVE}
        selected = tuple(name for name in selected if name not in active)
        if not selected:
            screen.say("the local stack is already running; see `hubctl local status`")
            return
    elif _lock_is_free(stack.state.run):
        leftovers.end(stack.state.run)
    fetch.require_disk(stack.state.root)
    _fetch(frozenset(selected), screen)
    _require_free_ports(stack, selected)
    stack.settings.save(stack.state.settings_file)  # remembered only when the stack can have its ports
    if running:
        control.ask(stack.state.run, Verb.START, selected)
    else:
        _start_supervisor(stack, selected)
    wait_ready(stack, selected, screen)


_ACTIVE = frozenset({State.WAITING, State.STARTING, State.READY, State.UNREADY, State.BACK_OFF})


def _fetch(selected: frozenset[str], screen: Screen) -> None:
    if not fetch.missing(selected):
        return
    with fetch.alone():
        for step in fetch.missing(selected):
            with screen.step(f"get {step.name}") as say:
                step.get(say)


def _require_free_ports(stack: Stack, selected: Sequence[str]) -> None:
    wanted = [(name, port) for name in selected for port in COMPONENTS[name].ports]
    require_free(stack.settings.port_base, wanted)


def _start_supervisor(stack: Stack, selected: Sequence[str]) -> None:
    log = stack.state.logs / "supervisor.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            (sys.executable, "-m", "hubctl.local.supervisor", str(stack.state.root), *selected),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    while not control.is_running(stack.state.run):
        if process.poll() is not None:
            raise CommandError(f"the supervisor ended at once: see {log}")
        time.sleep(_POLL / 3)


def wait_ready(stack: Stack, names: Sequence[str], screen: Screen) -> None:
    """Return when all of `names` are ready; CommandError with the log's end for one that does not get there."""
    with screen.components(names) as show:
        while True:
            reports = control.ask(stack.state.run, Verb.WATCH, names)
            show(reports)
            if all(report.state is State.READY for report in reports):
                return
            for report in reports:
                _give_up_if_hopeless(stack, report)
            time.sleep(_POLL)


def _give_up_if_hopeless(stack: Stack, report: Report) -> None:
    too_long = report.unready_s is not None and report.unready_s > named(report.name).ready_within
    if report.state is State.FAILED or too_long or report.restarts >= _HOPELESS_RESTARTS:
        raise NotUpError(report, stack.state.logs / f"{report.name}.log")


class NotUpError(CommandError):
    """A component did not become ready; carries the end of its log."""

    def __init__(self, report: Report, log: Path) -> None:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:] if log.exists() else []
        super().__init__(
            f"{report.name} did not become ready ({report.state}: {report.reason}); the end of {log}:\n"
            + "\n".join(f"    {line[:300]}" for line in lines)
        )


def take_down(stack: Stack, screen: Screen) -> None:
    """Stop everything in reverse order; data stays."""
    if not control.is_running(stack.state.run):
        screen.say("the local stack is not running")
        return
    names = tuple(report.name for report in control.ask(stack.state.run, Verb.WATCH))
    control.ask(stack.state.run, Verb.SHUTDOWN)
    deadline = time.monotonic() + _DOWN_PATIENCE
    with screen.components(names, goal=State.STOPPED) as show:
        while not _lock_is_free(stack.state.run) and time.monotonic() < deadline:
            try:
                show(control.ask(stack.state.run, Verb.WATCH, names))
            except CommandError:
                continue  # it has just ended
            finally:
                time.sleep(_POLL)
    if not _lock_is_free(stack.state.run):
        raise CommandError(f"the stack does not stop: see {stack.state.logs / 'supervisor.log'}")


def _lock_is_free(run: Path) -> bool:
    lock = os.open(run / "supervisor.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def delete_state(stack: Stack) -> None:
    """Forget everything but the downloads. The stack must be down."""
    if control.is_running(stack.state.run):
        raise CommandError("the local stack is running: `hubctl local down` first")
    for folder in stack.state.folders:
        shutil.rmtree(folder, ignore_errors=True)
    stack.state.settings_file.unlink(missing_ok=True)
