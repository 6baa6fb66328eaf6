"""What `hubctl verify` and its workers say to each other: a frame of JSON, and after a request the files it names.

The worker opens nothing: whoever asks sends the content of every file along. Used by both sides, light to import.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.signature.reasons import Reason, verdict_for

LENGTH_BYTES = 4
MOST_BYTES = 8 * 1024 * 1024
"""Of one frame: a longer answer is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A request as it was written, the moment that `now` stands for, and the contents of the files it names."""

    line: Mapping[str, Any]
    now: datetime
    contents: Mapping[str, bytes]

    def head(self) -> bytes:
        """The frame; the contents follow it in their order."""
        sizes = [[path, len(content)] for path, content in self.contents.items()]
        return framed(json.dumps({"line": self.line, "now": self.now.isoformat(), "files": sizes}).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """An item before its files have been read."""

    line: Mapping[str, Any]
    now: datetime
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What a worker says first. `weakness`: why the kernel does not confine it, or empty."""

    weakness: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The fields of an answer but `id` and `ms`. `worn`: this worker has grown and should be replaced."""

    answer: dict[str, Any]
    worn: bool


def framed(content: bytes) -> bytes:
    """The content with its length before it."""
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def head_of(content: bytes) -> Head:
    """What a worker is asked."""
    said = json.loads(content)
    files = tuple((str(path), int(size)) for path, size in said["files"])
    return Head(line=said["line"], now=datetime.fromisoformat(said["now"]), files=files)


def said(value: Ready | Judged) -> bytes:
    """What a worker says, as a frame."""
    return framed(json.dumps(asdict(value)).encode())


def ready_of(content: bytes) -> Ready:
    """Raises ValueError."""
    value = _object(content, {"weakness", "kinds"})
    return Ready(weakness=str(value["weakness"]), kinds=tuple(str(kind) for kind in value["kinds"]))


def judged_of(content: bytes) -> Judged:
    """Raises ValueError for what no judge says: a worker reads hostile files."""
    value = _object(content, {"answer", "worn"})
    answer = value["answer"]
    if not isinstance(answer, dict) or not isinstance(answer.get("signatures"), list):
        raise ValueError("not an answer")  # noqa: TRY004 - one error for whatever is wrong
    for each in (answer, *answer["signatures"]):
        if verdict_for(Reason(each["reason"])).outcome.value != each["verdict"]:
            raise ValueError("a verdict that is not its reason's")
    return Judged(answer=answer, worn=value["worn"] is True)


def _object(content: bytes, fields: set[str]) -> dict[str, Any]:
    value = json.loads(content)
    if not isinstance(value, dict) or value.keys() != fields:
        raise ValueError("not what a worker says")
    return value
