"""`sim run` and `sim check`: a run of any size, and its judgement."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sim.check import Judgement, judge
from sim.ledger import read
from sim.place import Place
from sim.plan import DEMO_SPECIALS
from sim.rehearsal import Script, play, prepare, progress_bars

Dir = Annotated[Path, typer.Option("--dir", help="Folder of the local stack.")]


def run(
    state: Dir = Path(".local"),
    documents: Annotated[int, typer.Option(help="How many documents to send.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same documents.")] = 1,
    at_once: Annotated[int, typer.Option(help="Packages on their way to the hub at the same time.")] = 8,
    drain: Annotated[float, typer.Option(help="Seconds to wait for the last delivery.")] = 120.0,
) -> None:
    """Send documents through the running stack and judge the run. Exit 0 only if nothing was lost or doubled."""
    place = Place.at(state)
    script = Script(seed=seed, documents=documents, specials=DEMO_SPECIALS, at_once=at_once, drain_seconds=drain)
    with progress_bars(Console(stderr=True)) as tell:
        rehearsed = prepare(place, script, tell)
        result = play(rehearsed, tell)
    _conclude(judge(read(place.ledger), place.alerts(), run=rehearsed.run), drained=result.drained)


def check(
    state: Dir = Path(".local"),
    which: Annotated[str, typer.Option("--run", help="Name of the run. [default: the last]")] = "",
) -> None:
    """Judge a run by its ledger and the sinks' files; the hub is not asked."""
    place = Place.at(state)
    if not place.ledger.is_file():
        raise typer.BadParameter(f"no ledger at {place.ledger}: run `sim demo` or `sim run` first")
    _conclude(judge(read(place.ledger), place.alerts(), run=which or None), drained=True)


def _conclude(verdict: Judgement, *, drained: bool) -> None:
    for name in ("lost", "doubled", "ghosts", "corrupt", "receipts", "silent", "unacknowledged"):
        for fault in getattr(verdict, name):
            print(f"{name}: {fault}")
    print(verdict.line())
    raise typer.Exit(0 if verdict.clean and drained else 1)
