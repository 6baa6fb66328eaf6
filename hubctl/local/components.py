"""The table of what runs, and the order that follows from who needs whom."""

from collections.abc import Iterable

from hubctl.errors import CommandError
from hubctl.local.component import Component
from hubctl.local.edge import EDGE
from hubctl.local.kafka import KAFKA
from hubctl.local.mongod import MONGOD
from hubctl.local.registry import REGISTRY
from hubctl.local.services import INGEST, NOTIFIER, ROUTER, SIGNATURE, STATUS, TOPICS
from hubctl.local.sinks import SMS_SINK, SMTP_SINK

COMPONENTS: dict[str, Component] = {
    component.name: component
    for component in (
        KAFKA,
        MONGOD,
        REGISTRY,
        TOPICS,
        EDGE,
        SMTP_SINK,
        SMS_SINK,
        INGEST,
        SIGNATURE,
        ROUTER,
        STATUS,
        NOTIFIER,
    )
}
"""Every component, in the order in which people read them."""


def named(name: str) -> Component:
    """One component; CommandError when there is none of this name."""
    try:
        return COMPONENTS[name]
    except KeyError:
        raise CommandError(f"no component {name}: there are {', '.join(COMPONENTS)}") from None


def with_needs(names: Iterable[str]) -> tuple[str, ...]:
    """These components and all that they need, in table order."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        component = named(pending.pop())
        if component.name not in found:
            found.add(component.name)
            pending.extend(component.needs)
    return tuple(name for name in COMPONENTS if name in found)


def stopped_first(name: str) -> tuple[str, ...]:
    """Components that must have stopped before this one is."""
    own = set(named(name).needs)
    return tuple(
        other.name
        for other in COMPONENTS.values()
        if name in other.needs or (name in other.stops_before and other.name not in own)
    )
