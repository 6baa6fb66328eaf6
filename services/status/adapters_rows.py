"""A life as a row of `timelines`, and back. Members beside the facts are there for indexes and reports only."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hub.model.ids import HubId
from hub.model.values import DocumentHeader
from hub.wire.avro import from_plain, to_plain
from services.status import search
from services.status.life import Checked, Life, Line, Received, Turned
from services.status.reports import COUNTED
from services.status.timeline import began

Row = dict[str, Any]

_ESCAPES = str.maketrans({"%": "%25", ".": "%2E", "$": "%24"})


def row_of(life: Life, version: int) -> Row:
    """The whole row of a life of this version: the same for the same facts, in whatever order they came."""
    moments = [*_received(life), *(at for line in life.lines.values() for at in _moments(line))]
    return {
        "_id": life.hub_id,
        **_head(life),
        "version": version,
        "stage": life.stage.value,
        "lines": {_key(code): _line(line) for code, line in sorted(life.lines.items())},
        **({"first_at": min(moments), "last_at": max(moments)} if moments else {}),  # never null: null is a minimum
    }


def update_of(before: Life, after: Life, version: int) -> Row:
    """The update that makes the row of one life that of the other, which is of this version; only what changed."""
    changed = {code: line for code, line in after.lines.items() if before.lines.get(code) is not line}
    moments = [*_received(after), *(at for line in changed.values() for at in _moments(line))]
    extremes = {"$min": {"first_at": min(moments)}, "$max": {"last_at": max(moments)}} if moments else {}
    return {
        "$set": {
            **({} if _same_head(before, after) else _head(after)),
            "version": version,
            "stage": after.stage.value,
            **{f"lines.{_key(code)}": _line(line) for code, line in changed.items()},
        },
        **extremes,
    }


def _same_head(before: Life, after: Life) -> bool:
    return (
        before.header is after.header
        and before.received is after.received
        and before.checked is after.checked
        and before.turned is after.turned
    )


def _head(life: Life) -> Row:
    header, refused = life.header, life.refused
    return {
        "header": to_plain(header),
        "received": to_plain(life.received),
        "checked": to_plain(life.checked),
        "turned": to_plain(life.turned),
        "at": began(life),
        "words": search.words_of(life),
        "parties": sorted({header.sender, *header.recipients}) if header else [],
        "sender": header.sender if header else None,
        "document_id": header.document_id if header else None,
        "refused_to": refused.system_id if refused and not header else None,
        "sent_at": life.received.mark.at if life.received and not refused else None,
    }


def _line(line: Line) -> Row:
    counted = {code.value: report.mark.at for code in COUNTED if (report := line.first(code))}
    return {**to_plain(line), "counted": counted}


def _received(life: Life) -> Iterable[datetime]:
    return (life.received.mark.at,) if life.received else ()


def _moments(line: Line) -> Iterable[datetime]:
    """Moments that a report may count."""
    if line.planned:
        yield line.planned.mark.at
    yield from (report.mark.at for report in line.reports)


def _key(code: str) -> str:
    """A code as the name of a member: dots would make a path of it."""
    return code.translate(_ESCAPES)


def life_of(row: Mapping[str, Any]) -> Life:
    """The life a row keeps."""
    lines = [from_plain(Line, line) for line in row["lines"].values()]
    return Life(
        hub_id=HubId(row["_id"]),
        header=from_plain(DocumentHeader, row["header"]) if row["header"] else None,
        received=from_plain(Received, row["received"]) if row["received"] else None,
        checked=from_plain(Checked, row["checked"]) if row["checked"] else None,
        turned=tuple(from_plain(Turned, turned) for turned in row["turned"]),
        lines={line.recipient: line for line in lines},
    )
