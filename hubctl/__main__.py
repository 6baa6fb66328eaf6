"""Entry of the command line; the commands are in files of their own."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hubctl import connection, directory, rebuild, schemas, topics
from hubctl.errors import CommandError
from hubctl.local import commands as local
from hubctl.local.operator import assume_local_stack

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operate the document exchange hub: local stack, topics, directory, connections, tokens, replay, fsck.",
)
app.add_typer(local.app, name="local")
app.add_typer(topics.app, name="topics")
app.add_typer(schemas.app, name="schemas")
app.add_typer(directory.app, name="directory")
app.add_typer(connection.app, name="connection")
app.command("token")(connection.token)
app.command("replay")(rebuild.replay)
app.command("fsck")(rebuild.fsck)


@app.callback()
def surroundings(
    stack: Annotated[
        Path, typer.Option("--dir", envvar="HUBCTL_DIR", help="Local stack to work on.", show_default=".local")
    ] = local.DEFAULT_DIR,
) -> None:
    """Settings come from HUB_* variables; what they do not say is taken from the local stack."""
    os.environ["HUBCTL_DIR"] = str(stack)
    assume_local_stack(stack)


def main() -> None:
    """Run; an error of the operator's is one line and exit code 1."""
    try:
        app()
    except CommandError as error:
        print(f"hubctl: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
