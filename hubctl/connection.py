"""`hubctl connection …` and `hubctl token`: which system may act for which agencies, and how it proves who it is."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import jwt
import typer
from rich.console import Console
from rich.table import Table

from hubctl.admin import AdminDoor, open_door
from hubctl.errors import CommandError

app = typer.Typer(no_args_is_help=True, help="Connected systems: which agencies each may act for.")

_SECRET_BYTES = 32
_LONGEST_MINUTES = 24 * 60
_SHORTEST_SECRET = 16

SecretFile = Annotated[Path | None, typer.Option("--secret-file", help="File of the shared secret.")]
Agencies = Annotated[list[str], typer.Option("--agency", help="Code of an agency it acts for; may be given again.")]


@app.command()
def add(
    system_id: Annotated[str, typer.Argument(help="The system's id, as it will name itself.")],
    agency: Agencies,
    secret_file: SecretFile = None,
) -> None:
    """Register a system, or give it other agencies.

    The secret is printed this once. With --secret-file it is taken from that file, or written there (mode 0600) when
    the file does not exist yet, and not printed.
    """
    secret = _secret(secret_file)
    open_door().put_connection(system_id, {"agencies": agency, "secret": secret, "active": True})
    if secret_file is None:
        print(secret)
    else:
        print(f"{system_id} acts for {', '.join(agency)}; its secret is in {secret_file}")


@app.command()
def block(system_id: str) -> None:
    """Refuse a system at every door from now on; its secret and agencies are kept."""
    _switch(open_door(), system_id, active=False)


@app.command()
def unblock(system_id: str) -> None:
    """Let a blocked system in again."""
    _switch(open_door(), system_id, active=True)


@app.command("list")
def show() -> None:
    """Print all connections."""
    table = Table(box=None, pad_edge=False)
    for column in ("system", "state", "agencies"):
        table.add_column(column, no_wrap=column == "system")
    for system_id, connection in sorted(open_door().connections().items()):
        state = "active" if connection["active"] else "blocked"
        table.add_row(system_id, state, " ".join(_agencies(connection["agencies"])))
    Console(highlight=False).print(table)


def token(
    system_id: Annotated[str, typer.Argument(help="The system's id.")],
    secret_file: Annotated[Path, typer.Option("--secret-file", help="File of the shared secret.")],
    minutes: Annotated[int, typer.Option(min=1, max=_LONGEST_MINUTES, help="How long it holds.")] = 15,
) -> None:
    """Mint a bearer token: a JWT, HS256 under the system's secret. Any JWT library can do the same."""
    print(mint(system_id, _read(secret_file), datetime.now(UTC), timedelta(minutes=minutes)))


def mint(system_id: str, secret: str, now: datetime, lasts: timedelta) -> str:
    """The token of a system."""
    claims = {"sub": system_id, "iat": now, "exp": now + lasts}
    return jwt.encode(claims, secret, algorithm="HS256")


def _switch(door: AdminDoor, system_id: str, *, active: bool) -> None:
    present = door.connections().get(system_id)
    if present is None:
        raise CommandError(f"there is no connection {system_id}")
    door.put_connection(system_id, {"agencies": present["agencies"], "active": active})


def _secret(file: Path | None) -> str:
    if file is not None and file.exists():
        return _read(file)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    if file is not None:
        file.touch(mode=0o600)
        file.write_text(secret + "\n", encoding="utf-8")
    return secret


def _read(file: Path) -> str:
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"the secret cannot be read: {error}") from error
    if len(secret) < _SHORTEST_SECRET:
        raise CommandError(f"{file} must hold a secret of at least {_SHORTEST_SECRET} characters")
    return secret


def _agencies(value: object) -> Sequence[str]:
    return [str(code) for code in value] if isinstance(value, list) else []
