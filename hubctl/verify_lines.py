"""Lines of a batch: one JSON object each. Whatever else stands there becomes a line at fault, never an error."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A request as written; `fault` says why it is none."""

    id: Any = None
    """As given; null when it cannot be told."""
    fields: dict[str, Any] | None = None
    fault: str = ""


class _Object(dict[str, Any]):
    """A JSON object that remembers which names stood there twice."""

    twice: frozenset[str] = frozenset()


def lines(stream: BinaryIO) -> Iterator[Line]:
    """Each line in turn; no more than one is held."""
    while raw := stream.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            _skip_rest(stream)
            yield Line(fault=f"line longer than {LONGEST_LINE} bytes")
        else:
            yield line_of(raw)


def line_of(raw: bytes) -> Line:
    """One line read strictly: no name twice, no NaN, UTF-8."""
    repeated: set[str] = set()
    constants: set[str] = set()

    def paired(pairs: list[tuple[str, Any]]) -> _Object:
        found = _Object(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            found.twice = frozenset(name for name in found if names.count(name) > 1)
            repeated.update(found.twice)
        return found

    try:
        said = json.loads(
            raw.removeprefix(codecs.BOM_UTF8).decode(), object_pairs_hook=paired, parse_constant=constants.add
        )
    except (ValueError, RecursionError) as error:
        return Line(fault=f"not JSON: {type(error).__name__}")
    if not isinstance(said, _Object):
        return Line(fault="not a JSON object")
    given = None if "id" in said.twice else said.get("id")
    if repeated:
        return Line(id=given, fault=f"name twice: {', '.join(sorted(repeated))[:200]}")
    if constants:
        return Line(id=given, fault=f"{', '.join(sorted(constants))} is not JSON")
    if not isinstance(given, str | int) or isinstance(given, bool):
        return Line(id=given, fault="id: text or whole number required")
    return Line(id=given, fields=dict(said))


def _skip_rest(stream: BinaryIO) -> None:
    while (more := stream.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        pass
