"""Entry of the command line; the commands are in files of their own."""

import sys

import typer

from hubctl import topics
from hubctl.errors import CommandError
from hubctl.local import commands as local

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operate the document exchange hub: local stack, topics, directory, connections, tokens.",
)
app.add_typer(local.app, name="local")
app.add_typer(topics.app, name="topics")


def main() -> None:
    """Run; an error of the operator's is one line and exit code 1."""
    try:
        app()
    except CommandError as error:
        print(f"hubctl: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
