"""One run from nothing to a result: authority, directory, packages, driver. Shared by demo, run and bench."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim.agencies import Agency, AgencyCode, load_agencies
from sim.authority import open_authority
from sim.driver import Driver, Result, Stage
from sim.edxml import VIETNAM
from sim.factory import Order, Parcel, fresh_nonce, produce
from sim.onboarding import kept_secrets, register
from sim.place import Place
from sim.plan import DEFAULT_MIX, Mix, PlannedDocument, Special, plan

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a run plays."""

    seed: int
    documents: int
    specials: Sequence[Special] = ()
    mix: Mix = DEFAULT_MIX
    at_once: int = 8
    drain_seconds: float = 120.0
    alert_expected: bool = False
    statuses: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """Everything prepared: what will be sent, by whom, under which secrets."""

    run: str
    planned: tuple[PlannedDocument, ...]
    parcels: tuple[Parcel, ...]
    agencies: tuple[Agency, ...]
    stage: Stage


@contextmanager
def progress_bars(console: Console) -> Iterator[Tell]:
    """A bar per step, made when the step is first told of."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=False) as bars:
        tasks = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """All agencies, registered with the hub."""

    agencies: tuple[Agency, ...]
    secrets: Mapping[AgencyCode, str]


def assemble(place: Place, tell: Tell) -> Company:
    """Make the authority, register the agencies."""
    agencies = load_agencies()
    tell("chứng thư số · certificates", 0, len(agencies))
    open_authority(place.folder, agencies, datetime.now(UTC))
    tell("chứng thư số · certificates", len(agencies), len(agencies))
    secrets = kept_secrets(place.secrets, agencies)
    tell("danh mục · directory", 0, len(agencies))
    register(place.admin, place.admin_token, agencies, secrets)
    tell("danh mục · directory", len(agencies), len(agencies))
    return Company(agencies=tuple(agencies), secrets=secrets)


def rehearse(place: Place, company: Company, script: Script, tell: Tell) -> Rehearsed:
    """Plan the documents and sign the packages."""
    now, agencies = datetime.now(UTC), company.agencies
    planned = plan(
        seed=script.seed,
        documents=script.documents,
        agencies=agencies,
        promulgated=now.astimezone(VIETNAM).date(),
        specials=script.specials,
        mix=script.mix,
    )
    nonce = fresh_nonce(now)
    order = Order(state=place.folder, agencies=agencies, nonce=nonce, sent_at=now)
    parcels = produce(planned, order, progress=lambda done, total: tell("ký số · sign", done, total))
    stage = Stage(
        base=place.edge, secrets=company.secrets, agencies=agencies, ledger_file=place.ledger,
        run=f"{script.seed}-{nonce:06d}", seed=script.seed, at_once=script.at_once,
        drain_seconds=script.drain_seconds, alert_expected=script.alert_expected, statuses=script.statuses,
    )  # fmt: skip
    in_order = tuple(sorted(parcels, key=lambda parcel: parcel.document.index))
    return Rehearsed(run=stage.run, planned=planned, parcels=in_order, agencies=agencies, stage=stage)


def prepare(place: Place, script: Script, tell: Tell) -> Rehearsed:
    """Everything before the first package is sent."""
    return rehearse(place, assemble(place, tell), script, tell)


def play(rehearsed: Rehearsed, tell: Tell) -> Result:
    """Send and wait."""
    return asyncio.run(Driver(rehearsed.stage, tell).run(rehearsed.planned, rehearsed.parcels))
