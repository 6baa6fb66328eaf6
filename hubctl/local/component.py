"""What the supervisor knows of one component: how it starts, when it is ready, what it needs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hubctl.local.ports import Port
from hubctl.local.state import Stack


class NotReadyError(Exception):
    """A component does not work yet, or no longer; the text says what is missing."""


Probe = Callable[[], Awaitable[None]]
"""Returns when the component does its work; NotReadyError otherwise. Called again and again."""


class Kind(StrEnum):
    """How a component behaves when all is well."""

    DAEMON = "daemon"
    """Runs until it is stopped."""
    STEP = "step"
    """Runs once and exits 0: a migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One start of a component, everything rendered."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    probe: Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One line of the table in `components.py`."""

    name: str
    prepare: Callable[[Stack], Launch]
    """Writes configuration files and says how to start. Runs before every start, may block for seconds."""
    needs: tuple[str, ...] = ()
    """Components that must be ready before the first start, and are stopped later than this one."""
    stops_before: tuple[str, ...] = ()
    """Components that are stopped later than this one, though it can start without them."""
    ports: tuple[Port, ...] = ()
    kind: Kind = Kind.DAEMON
    ready_within: float = 30.0
    """Seconds from start to ready, after which a person should look."""
    stop_within: float = 10.0
    """Seconds from SIGTERM to SIGKILL."""
