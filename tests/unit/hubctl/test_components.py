from collections import Counter

import pytest

from hubctl.errors import CommandError
from hubctl.local.components import COMPONENTS, named, stopped_first, with_needs
from hubctl.local.ports import Port


def test_every_port_has_one_owner() -> None:
    owned = Counter(port for component in COMPONENTS.values() for port in component.ports)
    assert owned == Counter(Port)


def test_needs_come_earlier_in_the_table() -> None:
    seen: set[str] = set()
    for component in COMPONENTS.values():
        assert set(component.needs) <= seen, component.name
        seen.add(component.name)


def test_one_component_brings_all_that_it_needs() -> None:
    assert with_needs(["router"]) == ("kafka", "mongod", "registry", "topics", "router")
    assert with_needs(["edge"]) == ("edge",)
    assert with_needs(COMPONENTS) == tuple(COMPONENTS)


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"no component kafak: there are kafka, mongod"):
        named("kafak")


def test_what_needs_a_component_stops_before_it() -> None:
    assert set(stopped_first("mongod")) == {"ingest", "signature", "router", "status", "notifier"}
    assert "topics" in stopped_first("kafka")
    assert stopped_first("ingest") == ("edge",)
    assert stopped_first("edge") == ()


def test_stopping_ends() -> None:
    stopped: set[str] = set()
    while len(stopped) < len(COMPONENTS):
        free = {name for name in COMPONENTS if set(stopped_first(name)) <= stopped} - stopped
        assert free, "components wait for each other to stop"
        stopped |= free
