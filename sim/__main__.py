"""`sim`: the simulator's command line. Each sub-command has its file, and one line here."""

import typer

from sim import authority_command, bench, demo, make_command, run_commands

app = typer.Typer(
    name="sim",
    help="Giả lập 95 cơ quan gửi, nhận văn bản điện tử có ký số / simulator of the 95 agencies.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("authority")(authority_command.authority)
app.command("make")(make_command.make)
app.command("demo")(demo.demo)
app.command("run")(run_commands.run)
app.command("check")(run_commands.check)
app.command("bench")(bench.bench)


def main() -> None:
    """Entry point of the console script `sim`."""
    app()


if __name__ == "__main__":
    main()
