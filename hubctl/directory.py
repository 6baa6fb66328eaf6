"""`hubctl directory import|list`: agencies from a CSV file into the hub's directory."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hubctl.admin import Entry, open_door
from hubctl.errors import CommandError

app = typer.Typer(no_args_is_help=True, help="Agencies in the hub's directory.")

LEGACY_UNTIL = "2019-03-01T00:00:00+07:00"
"""Codes of before QCVN 102:2016 were replaced on 1 March 2019. They route for ever, but are shown no more."""

_REQUIRED = ("code", "name", "kind")
_OPTIONAL = ("parent", "state", "signature_policy")
_CONTACT = ("name", "position", "unit", "mobile", "email")
_KEPT = ("parent", "state", "signature_policy", "contacts", "identifiers")


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns code, name, kind, and if wanted legacy_code, parent, state, signature_policy, "
            "contact_name, contact_position, contact_unit, contact_mobile, contact_email. Others are not read."
        ),
    ],
) -> None:
    """Write every agency of FILE into the directory, all or none. What FILE has no column for stays as it is."""
    rows = read_rows(file)
    door = open_door()
    present = door.agencies()
    changed = door.put_agencies([entry(row, present.get(row["code"], {})) for row in rows])
    print(f"directory: {len(rows)} agencies read, {len(changed)} changed")


@app.command("list")
def show() -> None:
    """Print the directory."""
    table = Table(box=None, pad_edge=False)
    for column in ("code", "name", "kind", "state", "signatures", "connected"):
        table.add_column(column, no_wrap=column == "code")
    for code, agency in sorted(open_door().agencies().items()):
        connected = "yes" if agency.get("connected") else "no"
        cells = (str(agency[name]) for name in ("name", "kind", "state", "signature_policy"))
        table.add_row(code, *cells, connected)
    Console(highlight=False).print(table)


def read_rows(file: Path) -> list[Mapping[str, str]]:
    """Rows of the CSV file, trimmed; CommandError when the file is not of this form."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            lacking = [name for name in _REQUIRED if name not in (reader.fieldnames or ())]
            if lacking:
                raise CommandError(f"{file} has no column {', '.join(lacking)}")
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
    _require_values(file, rows)
    return list(rows)


def _require_values(file: Path, rows: list[dict[str, str]]) -> None:
    for number, row in enumerate(rows, start=2):
        empty = [name for name in _REQUIRED if not row[name]]
        if empty:
            raise CommandError(f"{file}, line {number}: {', '.join(empty)} is empty")
    if not rows:
        raise CommandError(f"{file} holds no agencies")


def entry(row: Mapping[str, str], present: Entry) -> Entry:
    """What the directory door is told of one agency: the row, and from `present` what the row says nothing about."""
    kept = {name: present[name] for name in _KEPT if name in present}
    given: dict[str, object] = {name: row[name] for name in (*_REQUIRED, *(n for n in _OPTIONAL if row.get(n)))}
    identifiers = list(_identifiers(row))
    contacts = list(_contacts(row))
    if identifiers:
        given["identifiers"] = identifiers
    if contacts:
        given["contacts"] = contacts
    return kept | given


def _identifiers(row: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    legacy = row.get("legacy_code", "")
    if legacy and legacy != row["code"]:
        yield {"code": row["code"], "valid_from": LEGACY_UNTIL, "valid_to": ""}
        yield {"code": legacy, "scheme": "legacy", "valid_from": "", "valid_to": LEGACY_UNTIL}


def _contacts(row: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    contact = {name: row.get(f"contact_{name}", "") for name in _CONTACT}
    if any(contact.values()):
        yield contact
