"""Entry of the command line. Each command is loaded when it is called: looking at the stack needs no Kafka client."""

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hubctl.errors import CommandError
from hubctl.local.operator import assume_local_stack
from hubctl.local.state import DEFAULT_DIR

COMMANDS = {
    "local": "hubctl.local.commands:app",
    "topics": "hubctl.topics:app",
    "schemas": "hubctl.schemas:app",
    "directory": "hubctl.directory:app",
    "connection": "hubctl.connection:app",
    "token": "hubctl.connection:token",
    "replay": "hubctl.rebuild:replay",
    "fsck": "hubctl.rebuild:fsck",
    "verify": "hubctl.verify:app",
}
"""Name -> where its typer app, or its one function, is."""

_EX_SOFTWARE = 70
_NO_STACK = {"verify"}
"""Commands that read no file but those that they are given."""


class _LoadedWhenCalled(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            found = alone
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_LoadedWhenCalled,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Operate the document exchange hub: local stack, topics, directory, connections, tokens, replay, fsck;"
    " and verify signatures.",
)


@app.callback()
def surroundings(
    context: typer.Context,
    stack: Annotated[
        Path, typer.Option("--dir", envvar="HUBCTL_DIR", help="Local stack to work on.", show_default=".local")
    ] = DEFAULT_DIR,
) -> None:
    """Settings come from HUB_* variables; what they do not say is taken from the local stack."""
    os.environ["HUBCTL_DIR"] = str(stack)
    if context.invoked_subcommand in _NO_STACK:
        return
    assume_local_stack(stack)


def main() -> None:
    """Run; an error of the operator's is one line and exit code 1, an installation that is not whole is 70."""
    try:
        app()
    except ImportError as error:  # not 1: `hubctl verify` says INVALID by that
        traceback.print_exception(error)
        sys.exit(_EX_SOFTWARE)
    except CommandError as error:
        sys.exit(f"hubctl: {error}")
    except OSError as error:  # a folder that may not be written, a full disk
        sys.exit(f"hubctl: {error.filename or 'this machine'}: {error.strerror or error}")


if __name__ == "__main__":
    main()
