"""The detached process that keeps one stack running: `python -m hubctl.local.supervisor FOLDER COMPONENT…`.

It starts components as soon as what they need is ready, restarts those that die, answers on a control socket and, on
SIGTERM or `shutdown`, stops everything in reverse order. One supervisor per folder, held by a lock.
"""

import asyncio
import contextlib
import fcntl
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from hubctl.local import child, control, leftovers
from hubctl.local.components import COMPONENTS, named, stopped_first
from hubctl.local.control import Verb
from hubctl.local.keeper import Keeper, Report
from hubctl.local.state import Stack


class Supervisor:
    """All keepers of one stack."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._run = Stack.at(root).state.run
        self._pids: dict[str, tuple[int, int]] = {}
        self._keepers = {name: Keeper(COMPONENTS[name], self._stack, self._remember) for name in COMPONENTS}
        self._selected: set[str] = set()
        self._end = asyncio.Event()

    def _stack(self) -> Stack:
        return Stack.at(self._root)

    async def live(self, names: Sequence[str]) -> None:
        """Start `names` and serve the control socket until told to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end.set)
        server = await control.serve(self._run, self._answer)
        self._start(names)
        await self._end.wait()
        await self._stop_all()
        server.close()
        leftovers.children_file(self._run).unlink(missing_ok=True)

    async def _answer(self, verb: Verb, names: tuple[str, ...]) -> Sequence[Report]:
        match verb:
            case Verb.START:
                self._start(names)
            case Verb.STOP:
                await asyncio.gather(*(self._keepers[named(name).name].stop() for name in names))
            case Verb.SHUTDOWN:
                self._end.set()
                return ()
            case Verb.STATUS | Verb.WATCH:
                pass
        wanted = names or tuple(name for name in COMPONENTS if name in self._selected)
        keepers = [self._keepers[named(name).name] for name in wanted]
        if verb is not Verb.STATUS:
            return [keeper.report({}) for keeper in keepers]
        await asyncio.gather(*(keeper.look_again() for keeper in keepers))
        memory = await asyncio.to_thread(child.memory_by_group)
        return [keeper.report(memory) for keeper in keepers]

    def _start(self, names: Sequence[str]) -> None:
        for name in names:
            component = named(name)
            self._selected.add(name)
            needs = [self._keepers[need] for need in component.needs if self._keepers[need].active]
            self._keepers[name].start(needs)

    async def _stop_all(self) -> None:
        stopping: dict[str, asyncio.Task[None]] = {}

        async def stop(name: str) -> None:
            await asyncio.gather(*(stopping[earlier] for earlier in stopped_first(name)))
            await self._keepers[name].stop()

        for name in COMPONENTS:
            stopping[name] = asyncio.create_task(stop(name))
        await asyncio.gather(*stopping.values())

    def _remember(self, name: str, pid: int) -> None:
        self._pids[name] = (pid, child.started_ticks(pid) or 0)
        leftovers.children_file(self._run).write_text(json.dumps(self._pids), encoding="utf-8")


def main() -> None:
    """Entry of the detached process."""
    root = Path(sys.argv[1])
    with (Stack.at(root).state.run / "supervisor.lock").open("w") as lock, contextlib.suppress(KeyboardInterrupt):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another supervisor holds this folder")
        asyncio.run(Supervisor(root).live(sys.argv[2:]))


if __name__ == "__main__":
    main()
