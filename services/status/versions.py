"""A life's version: a number by which any two lives of one document are told apart, whatever facts they differ in.

A count of facts would not do: the earlier of two facts takes the later one's place, and of many reports of one code
only the earliest are kept. The version of a sum of parts is the sum of their versions, so a life that grew by one line
of a thousand is not counted anew.
"""

from collections.abc import Iterable
from hashlib import blake2b

from services.status.life import Life, Line, Mark

_MODULUS = 2**63  # what a signed number of 64 bits holds


def version_of(life: Life) -> int:
    """The version; 0 of a life of which nothing is known."""
    return (_of_head(life) + sum(map(_of_line, life.lines.values()))) % _MODULUS


def version_after(version: int, before: Life, after: Life) -> int:
    """The version of a life that grew out of one of this version: the same as `version_of`, for less work."""
    lines = [(before.lines.get(code), line) for code, line in after.lines.items() if before.lines.get(code) is not line]
    grown = sum(_of_line(line) - (_of_line(old) if old else 0) for old, line in lines)
    return (version + _of_head(after) - _of_head(before) + grown) % _MODULUS


def _of_head(life: Life) -> int:
    marks = [turned.mark for turned in life.turned]
    parts = [
        _told(life.received.mark) if life.received else "",
        _told(life.checked.mark) if life.checked else "",
        *map(_told, marks),
    ]
    return _number(["header", *parts]) if life.header or any(parts) else 0


def _of_line(line: Line) -> int:
    marks = [settled.mark for settled in line.settled] + [report.mark for report in line.reports]
    return _number(
        [
            line.recipient,
            _told(line.planned.mark) if line.planned else "",
            _told(line.taken) if line.taken else "",
            *map(_told, marks),
            line.announced or "",
            line.announced_recall,
        ]
    )


def _told(mark: Mark) -> str:
    return f"{mark.event_id}@{mark.at.timestamp()}"


def _number(parts: Iterable[str]) -> int:
    return int.from_bytes(blake2b("|".join(parts).encode(), digest_size=8).digest(), "big") % _MODULUS
