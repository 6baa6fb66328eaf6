"""`sim bench`: a fixed, seeded load through the edge with distinct signed packages; prints one JSON line.

Two parts: documents one after the other on an idle stack (latency), then many at once (throughput). Figures are
orientation, not a test: machines are noisy, compare ratios within one run.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sim.check import judge
from sim.driver import Result
from sim.ledger import read
from sim.metering import Meter, Usage
from sim.place import Place
from sim.plan import Mix
from sim.rehearsal import Rehearsed, Script, play, prepare, progress_bars

_SEED = 1597
_IDLE_DOCUMENTS = 40
_MIX = Mix(annex_share=0.0, sizes=(1, 0, 0), characters=(1, 0, 0))


def bench(
    state: Annotated[Path, typer.Option("--dir", help="Folder of the local stack.")] = Path(".local"),
    documents: Annotated[int, typer.Option(help="Documents of the loaded part.")] = 400,
    at_once: Annotated[int, typer.Option(help="Packages on their way to the hub at the same time.")] = 16,
) -> None:
    """Measure the running stack. The last line is the JSON; before it, where the time goes for each service."""
    console = Console(stderr=True, highlight=False)
    place = Place.at(state)
    with progress_bars(console) as tell:
        idle = prepare(place, Script(seed=_SEED, documents=_IDLE_DOCUMENTS, mix=_MIX, at_once=1, statuses=False), tell)
        quiet = play(_one_by_one(idle), tell)
        script = Script(seed=_SEED + 1, documents=documents, mix=_MIX, at_once=at_once, statuses=False)
        rehearsed = prepare(place, script, tell)
        meter = Meter(place)
        before = meter.read()
        loaded = play(rehearsed, tell)
        after = meter.read()
    _show_where_time_goes(console, before, after, documents)
    print(json.dumps(_figures(place, (idle, quiet), (rehearsed, loaded), after.since(before))))


def _one_by_one(rehearsed: Rehearsed) -> Rehearsed:
    return replace(rehearsed, stage=replace(rehearsed.stage, rest_between=True))


def _figures(
    place: Place, quiet: tuple[Rehearsed, Result], loaded: tuple[Rehearsed, Result], used: Usage
) -> Mapping[str, Any]:
    rehearsed, result = loaded
    verdict = judge(read(place.ledger), [], run=rehearsed.run)
    waits = _waits(result)
    idle = _waits(quiet[1])
    documents = len(rehearsed.parcels)
    return {
        "documents_per_s": round(documents / result.seconds, 1),
        "deliveries_per_s": round(verdict.delivered / result.seconds, 1),
        "post_to_inbox_p50_ms": _percentile(waits, 50),
        "post_to_inbox_p99_ms": _percentile(waits, 99),
        "cpu_s_per_document": round(sum(used.cpu_seconds.values()) / documents, 4),
        "rss_mb": {name: round(value) for name, value in sorted(used.rss_mb.items())},
        "pss_mb": {name: round(value) for name, value in sorted(used.pss_mb.items())},
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "idle_post_to_inbox_p50_ms": _percentile(idle, 50),
        "idle_post_to_inbox_p99_ms": _percentile(idle, 99),
        "documents": documents,
        "drained": result.drained,
    }


def _waits(result: Result) -> Sequence[float]:
    """Milliseconds from the first POST of a document to the first listing in each recipient's inbox."""
    return [
        (moment - result.sent_at[document_id]) * 1000
        for (document_id, _), moment in result.observations.documents.items()
        if document_id in result.sent_at
    ]


def _percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:  # noqa: PLR2004 - quantiles need two
        return 0.0
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 1)


def _show_where_time_goes(console: Console, before: Usage, after: Usage, documents: int) -> None:
    used = after.since(before)
    console.print("CPU, ms a document: " + ", ".join(
        f"{name} {seconds / documents * 1000:.1f}" for name, seconds in sorted(used.cpu_seconds.items())
    ))  # fmt: skip
    console.print("step, ms a batch (batches): " + ", ".join(
        f"{name} {seconds / count * 1000:.1f} ({count:.0f})"
        for name, (seconds, count) in sorted(used.steps.items()) if count
    ))  # fmt: skip
