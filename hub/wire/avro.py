"""Avro schemas derived from event classes, and Confluent framing (magic 0, 4-byte schema id, body).

Enumerations travel as strings: a new member of a closed list must not break readers (FULL_TRANSITIVE).
A field added later needs a default in its class, which becomes the default of the schema.
"""

import io
import struct
import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import fastavro

from hub.model.errors import Invalid
from hub.model.events import Event

Schema = dict[str, Any]

_FRAME = struct.Struct(">bI")
_NAMESPACE = "vn.gov.exchange.hub"
_PRIMITIVES: dict[type, Any] = {
    str: "string",
    int: "long",
    bool: "boolean",
    bytes: "bytes",
    datetime: {"type": "long", "logicalType": "timestamp-millis"},
}
_SMALLEST_FRAME = _FRAME.size


def schema_of(event: type[Event]) -> Schema:
    """The Avro schema of an event class; record names repeat inside one schema by name only."""
    schema: Schema = _record(event, set())
    return schema


def _record(cls: type, seen: set[str]) -> Any:
    if cls.__name__ in seen:
        return f"{_NAMESPACE}.{cls.__name__}"
    seen.add(cls.__name__)
    hints = get_type_hints(cls, include_extras=True)
    return {
        "type": "record",
        "name": cls.__name__,
        "namespace": _NAMESPACE,
        "doc": (cls.__doc__ or "").strip(),
        "fields": [_field(field, hints[field.name], seen) for field in _fields(cls)],
    }


def _field(field: "Field[Any]", hint: Any, seen: set[str]) -> Schema:
    inner, doc = _unwrap(hint)
    entry: Schema = {"name": field.name, "type": _type(inner, seen), "doc": doc}
    if field.default is not MISSING:
        entry["default"] = to_plain(field.default)
    return entry


def _fields(cls: type) -> "tuple[Field[Any], ...]":
    return fields(cls)


def _unwrap(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is Annotated:
        inner, doc = get_args(hint)[:2]
        return inner, str(doc)
    return hint, ""


def _bare(hint: Any) -> Any:
    """A type without its NewType name."""
    return getattr(hint, "__supertype__", hint)


def _optional(hint: Any) -> Any | None:
    """X of `X | None`; None when the hint is not optional."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return inner[0]
    return None


def _type(hint: Any, seen: set[str]) -> Any:
    hint = _bare(hint)
    if (inner := _optional(hint)) is not None:
        return ["null", _type(inner, seen)]
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _type(get_args(hint)[0], seen)}
    if is_dataclass(hint):
        return _record(hint, seen)  # type: ignore[arg-type]  # is_dataclass also takes instances; hints are classes
    if issubclass(hint, Enum):
        return "string"
    return _PRIMITIVES[hint]


Plain = Callable[[Any], Any]
"""Takes a word apart, or puts one together."""


@cache
def _writer(hint: Any) -> Plain | None:
    """Function from a word of this type to its Avro value; None where they are the same."""
    hint = _bare(hint)
    if (inner := _optional(hint)) is not None:
        write = _writer(inner)
        return write and (lambda value: None if value is None else write(value))
    if get_origin(hint) is tuple:
        return _list_of(_writer(get_args(hint)[0]))
    if is_dataclass(hint):
        return _record_writer(hint)  # type: ignore[arg-type]  # hints are classes
    return _enum_value if issubclass(hint, Enum) else None


def _list_of(write: Plain | None) -> Plain:
    return list if write is None else lambda value: [write(item) for item in value]


def _enum_value(value: Enum) -> Any:
    return value.value


def _record_writer(cls: type) -> Plain:
    hints = get_type_hints(cls)
    writers = [(field.name, _writer(hints[field.name])) for field in _fields(cls)]
    return lambda value: {
        name: getattr(value, name) if write is None else write(getattr(value, name)) for name, write in writers
    }


def to_plain(value: Any) -> Any:
    """A frozen value, or a tuple of them, as records, lists and primitives: what Avro and BSON take."""
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    write = _writer(cast("Any", type(value)))
    return value if write is None else write(value)


@cache
def _reader(hint: Any) -> Plain | None:
    """Function from an Avro value back to the word it stands for; None where they are the same."""
    hint = _bare(hint)
    if (inner := _optional(hint)) is not None:
        read = _reader(inner)
        return read and (lambda value: None if value is None else read(value))
    if get_origin(hint) is tuple:
        return _tuple_of(_reader(get_args(hint)[0]))
    if is_dataclass(hint):
        return _record_reader(hint)  # type: ignore[arg-type]  # hints are classes
    return cast("Plain", hint) if issubclass(hint, Enum) else None


def _tuple_of(read: Plain | None) -> Plain:
    return tuple if read is None else lambda value: tuple(read(item) for item in value)


def _record_reader(cls: type) -> Plain:
    hints = get_type_hints(cls)
    readers = [(field.name, _reader(hints[field.name])) for field in _fields(cls)]
    return lambda value: cls(**{name: value[name] if read is None else read(value[name]) for name, read in readers})


W = TypeVar("W")


def from_plain(cls: type[W], value: Any) -> W:
    """The frozen value of this class that `to_plain` took apart; members beyond its own are left aside."""
    read = _reader(cast("Any", cls))
    return cast("W", value if read is None else read(value))


@cache
def _ready(event: Any) -> Any:
    return fastavro.parse_schema(schema_of(event))


def parsed_reader(event: type[Event]) -> Any:
    """The schema of an event class, made ready once for writing and reading."""
    return _ready(cast("Any", event))


def encode(event: Event, schema_id: int) -> bytes:
    """Frame and body of an event under the schema id that the registry gave its class."""
    body = io.BytesIO()
    body.write(_FRAME.pack(0, schema_id))
    fastavro.schemaless_writer(body, parsed_reader(type(event)), to_plain(event))
    return body.getvalue()


def schema_id_of(value: bytes) -> int:
    """Schema id of a framed record; Invalid when the frame is not one."""
    if len(value) < _SMALLEST_FRAME or value[0] != 0:
        raise Invalid("UNDECODABLE", "no Confluent frame")
    return int(_FRAME.unpack_from(value)[1])


def decode(value: bytes, event: type[Event], writer: Any) -> Event:
    """Event of a framed record; `writer` is the parsed schema of its id, from our registry, never from the data."""
    try:
        datum = fastavro.schemaless_reader(io.BytesIO(value[_FRAME.size :]), writer, parsed_reader(event))
        word = from_plain(event, datum)
    except (ValueError, KeyError, EOFError, IndexError, TypeError, OverflowError, UnicodeDecodeError) as error:
        raise Invalid("UNDECODABLE", f"{event.__name__}: {type(error).__name__}") from error
    if not isinstance(word, Event):
        raise Invalid("UNDECODABLE", f"{event.__name__}: not an event")
    return word


def parsed_writer(schema: Schema) -> Any:
    """A writer's schema, made ready once for `decode`."""
    return fastavro.parse_schema(schema)
