"""`hubctl local …`: the whole hub on this machine."""

import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from hubctl.errors import CommandError
from hubctl.local import control, operations
from hubctl.local.components import COMPONENTS, named
from hubctl.local.control import Verb
from hubctl.local.keeper import State
from hubctl.local.operator import operator_environment
from hubctl.local.ports import check_base
from hubctl.local.screen import Screen
from hubctl.local.state import DEFAULT_DIR, Stack

app = typer.Typer(
    no_args_is_help=True,
    help="The whole hub on this machine, no containers: Kafka, mongod, registry, edge, sinks and the five services.",
)

Dir = Annotated[
    Path, typer.Option("--dir", envvar="HUBCTL_DIR", help="Folder of the stack's state.", show_default=".local")
]
PortBase = Annotated[
    int | None, typer.Option("--port-base", help="First port; remembered. [default: 21000, or what was remembered]")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def open_stack(directory: Path, port_base: int | None) -> Stack:
    """The stack in this folder, with another port base when one is given."""
    stack = Stack.at(directory)
    if port_base is None or port_base == stack.settings.port_base:
        return stack
    if control.is_running(stack.state.run):
        raise CommandError(f"the stack runs on {stack.settings.port_base}: `hubctl local down` before you move it")
    return replace(stack, settings=replace(stack.settings, port_base=check_base(port_base)))


@app.command()
def up(
    directory: Dir = DEFAULT_DIR,
    port_base: PortBase = None,
    only: Annotated[
        str, typer.Option(help="Components to start, separated by commas, with all they need. [default: all]")
    ] = "",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="SERVICE.NAME=VALUE: an environment variable; remembered.")
    ] = None,
) -> None:
    """Start the stack, and fetch what is missing the first time."""
    stack = open_stack(directory, port_base)
    settings = stack.settings.override(setting or (), COMPONENTS)
    changed = {name for name in COMPONENTS if settings.overrides.get(name) != stack.settings.overrides.get(name)}
    stack = replace(stack, settings=settings)
    names = tuple(name.strip() for name in only.split(",") if name.strip()) or tuple(COMPONENTS)
    if control.is_running(stack.state.run) and changed:
        settings.save(stack.state.settings_file)
        control.ask(stack.state.run, Verb.STOP, sorted(changed))
    operations.bring_up(stack, names, Screen())


@app.command()
def down(directory: Dir = DEFAULT_DIR, port_base: PortBase = None) -> None:
    """Stop the stack in reverse order. Its data stays."""
    operations.take_down(open_stack(directory, port_base), Screen())


@app.command()
def status(directory: Dir = DEFAULT_DIR, port_base: PortBase = None, as_json: AsJson = False) -> None:
    """Show every component; exit code 0 only when all are ready."""
    reports = control.ask(open_stack(directory, port_base).state.run, Verb.STATUS)
    if as_json:
        print(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        Screen().table(reports)
    if not reports or any(report.state is not State.READY for report in reports):
        raise typer.Exit(1)


@app.command()
def logs(
    component: Annotated[str, typer.Argument(help="One component; all of them when left out.")] = "",
    directory: Dir = DEFAULT_DIR,
    port_base: PortBase = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 50,
) -> None:
    """Show the logs."""
    folder = open_stack(directory, port_base).state.logs
    names = [named(component).name] if component else ["supervisor", *COMPONENTS]
    files = [str(folder / f"{name}.log") for name in names if (folder / f"{name}.log").exists()]
    if not files:
        raise CommandError(f"no logs in {folder} yet")
    try:
        subprocess.run(("tail", "-n", str(lines), *(["-F"] if follow else []), *files), check=False)
    except KeyboardInterrupt:
        return


@app.command()
def stop(service: str, directory: Dir = DEFAULT_DIR, port_base: PortBase = None) -> None:
    """Stop one component; the others run on."""
    control.ask(open_stack(directory, port_base).state.run, Verb.STOP, (named(service).name,))


@app.command()
def start(service: str, directory: Dir = DEFAULT_DIR, port_base: PortBase = None) -> None:
    """Start one component again, and wait until it is ready."""
    stack = open_stack(directory, port_base)
    control.ask(stack.state.run, Verb.START, (named(service).name,))
    operations.wait_ready(stack, (service,), Screen())


@app.command()
def env(
    service: Annotated[str, typer.Argument(help="One component; what hubctl itself uses when left out.")] = "",
    directory: Dir = DEFAULT_DIR,
    port_base: PortBase = None,
    as_json: AsJson = False,
) -> None:
    """Print the environment of one component as KEY=VALUE lines, to run it by hand or under a debugger."""
    stack = open_stack(directory, port_base)
    stack.state.create()
    environment = dict(named(service).prepare(stack).environment) if service else operator_environment(stack)
    if as_json:
        print(json.dumps(environment, indent=2))
        return
    for name, value in environment.items():
        print(f"{name}={value}")


@app.command()
def reset(
    directory: Dir = DEFAULT_DIR,
    port_base: PortBase = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the state of a stopped stack: log, databases, packages, secrets. Downloads stay."""
    stack = open_stack(directory, port_base)
    if not yes:
        typer.confirm(f"Delete everything the stack in {stack.state.root} holds?", abort=True)
    operations.delete_state(stack)
