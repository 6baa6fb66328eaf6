"""What service and worker say to each other: frames of four bytes length and JSON, over the worker's stdin and stdout.

JSON and not pickle: a worker reads hostile files, so the service must not run what comes back. Used by both sides;
nothing in here may be heavy to import.
"""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from services.signature.facts import DocumentFacts

LENGTH_BYTES = 4
MOST_BYTES = 8 * 1024 * 1024


class Failure(StrEnum):
    """Why a worker has no facts."""

    MISSING = "missing"
    """The file is not there."""
    DAMAGED = "damaged"
    """The file is not the package: size or digest differ."""
    NO_ANCHORS = "no_anchors"
    """A certificate must be judged, and there is no anchor to judge it by."""
    LIMITS = "limits"
    """Memory ran out."""
    CRASHED = "crashed"
    """The verifier failed on this file; `detail` says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Anchors and CRLs to judge by. `version` names this very content."""

    version: str
    anchors: bytes
    crls: tuple[bytes, ...]
    revocation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One package to gather facts about: where it lies, what it must be, and the moment to judge certificates at."""

    path: str
    sha256: str
    size: int
    moment: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Answer to Trust, and to nothing at all once after the start. `refusal` is empty when it was taken.

    `weakness`: why the kernel does not confine the worker, or empty.
    """

    anchors: int = 0
    crls: int = 0
    faults: tuple[str, ...] = ()
    refusal: str = ""
    weakness: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer to Task: facts, or why there are none."""

    facts: DocumentFacts | None = None
    failure: Failure | None = None
    detail: str = ""
    seconds: float = 0.0


def framed(content: bytes) -> bytes:
    """The content with its length before it."""
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def trust_request(trust: Trust) -> bytes:
    """Trust as JSON."""
    return json.dumps(
        {
            "trust": {
                "version": trust.version,
                "anchors": base64.b64encode(trust.anchors).decode("ascii"),
                "crls": [base64.b64encode(crl).decode("ascii") for crl in trust.crls],
                "revocation": trust.revocation,
            }
        }
    ).encode()


def task_request(task: Task) -> bytes:
    """A task as JSON."""
    return json.dumps({"task": asdict(task) | {"moment": task.moment.isoformat()}}).encode()


def request(content: bytes) -> Trust | Task:
    """What the service asks for."""
    said = json.loads(content)
    if "trust" in said:
        trust = said["trust"]
        return Trust(
            version=trust["version"],
            anchors=base64.b64decode(trust["anchors"]),
            crls=tuple(base64.b64decode(crl) for crl in trust["crls"]),
            revocation=trust["revocation"],
        )
    task = said["task"]
    return Task(**task | {"moment": datetime.fromisoformat(task["moment"])})


def reply(said: Loaded | Answer) -> bytes:
    """A reply as JSON."""
    return json.dumps(asdict(said)).encode()
