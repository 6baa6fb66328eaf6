"""What the operator sees: progress bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hubctl.local.keeper import Report, State

_COLOUR = {
    State.READY: "green",
    State.STARTING: "yellow",
    State.WAITING: "yellow",
    State.STOPPING: "yellow",
    State.UNREADY: "red",
    State.BACK_OFF: "red",
    State.FAILED: "red",
    State.STOPPED: "dim",
    State.OFF: "dim",
}

_BAR = 18
_BESIDE_NOTE = 60
"""Columns of a line of progress before its note."""

Show = Callable[[Sequence[Report]], None]


class Screen:
    """Standard output of one command."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, line: str) -> None:
        """One plain line."""
        self._console.print(line, soft_wrap=True, markup=False)

    def _progress(self) -> Progress:
        return Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=_BAR),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}", markup=True),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """A bar for one step of unknown length; the yielded function takes lines on how it goes."""
        begun = time.monotonic()
        with self._progress() as progress:
            task = progress.add_task(name, total=None, note="")
            yield lambda line: progress.update(task, note=self._fitting(line))
            progress.update(task, total=1, completed=1, note="")
        if not self._console.is_terminal:
            self.say(f"{name}: {time.monotonic() - begun:.1f} s")

    @contextmanager
    def components(self, names: Sequence[str], goal: State = State.READY) -> Iterator[Show]:
        """A bar for each component, full when it has reached `goal`."""
        begun = time.monotonic()
        reached: set[str] = set()
        with self._progress() as progress:
            tasks = {name: progress.add_task(name, total=None, note="") for name in names}

            def show(reports: Sequence[Report]) -> None:
                for report in reports:
                    if report.state is goal and report.name not in reached:
                        reached.add(report.name)
                        self._finish(progress, tasks[report.name], report.name, time.monotonic() - begun)
                    elif report.name not in reached:
                        progress.update(tasks[report.name], note=self._fitting(f"{report.state} {report.reason}"))

            yield show
            for name in names:
                if goal is State.STOPPED and name not in reached:
                    self._finish(progress, tasks[name], name, time.monotonic() - begun)

    def _fitting(self, note: str) -> str:
        return escape(note[: max(8, self._console.width - _BESIDE_NOTE)])

    def _finish(self, progress: Progress, task: TaskID, name: str, after: float) -> None:
        progress.update(task, total=1, completed=1, note="")
        progress.stop_task(task)
        if not self._console.is_terminal:
            self.say(f"{name}: {after:.1f} s")

    def table(self, reports: Sequence[Report]) -> None:
        """The stack at a glance."""
        table = Table(box=None, pad_edge=False)
        for column in ("component", "state", "pid", "port", "uptime", "restarts", "memory"):
            table.add_column(column, no_wrap=True)
        for report in reports:
            table.add_row(
                report.name,
                f"[{_COLOUR[report.state]}]{report.state}",
                str(report.pid or ""),
                " ".join(str(port) for port in report.ports),
                _duration(report.up_s),
                str(report.restarts),
                f"{report.memory_mb:.0f} MB" if report.memory_mb is not None else "",
            )
        self._console.print(table)
        for report in reports:
            if report.reason:
                self.say(f"{report.name} is {report.state}: {report.reason}")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
