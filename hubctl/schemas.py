"""`hubctl schemas write`: the schema files, from the event classes."""

import json
from pathlib import Path

import typer

from hub.wire.avro import schema_of
from hub.wire.topics import TOPICS

app = typer.Typer(no_args_is_help=True, help="Avro schemas, from the classes in hub/model/events.py.")

_FOLDER = Path(__file__).resolve().parent.parent / "schemas" / "avro"


@app.callback()
def _group() -> None: ...


@app.command()
def write() -> None:
    """Write schemas/avro/*.avsc; a contract test holds them equal to the classes."""
    for topic in TOPICS:
        text = json.dumps(schema_of(topic.event), ensure_ascii=False, indent=2)
        (_FOLDER / topic.schema_file).write_text(f"{text}\n", encoding="utf-8")
    print(f"{len(TOPICS)} schemas written to {_FOLDER}")
