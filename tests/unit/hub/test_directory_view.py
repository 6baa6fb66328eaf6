"""A process knows its own changes at once, and their echo from the log does not turn it back."""

from typing import Any

import pytest

from hub.model.ids import AgencyCode
from hub.runtime.directory import DirectoryView
from tests.fakes.events import agency, connection
from tests.fakes.router import at


@pytest.fixture
def view() -> DirectoryView:
    log: Any = None  # nothing is read from the log here
    return DirectoryView(log, "127.0.0.1:1")


async def test_an_older_state_of_an_entry_is_dropped(view: DirectoryView) -> None:
    view.learn(at(agency("H53"), 4))
    view.learn(at(agency("H53", "01.53"), 7))
    view.learn(at(agency("H53"), 4))
    view.learn(at(agency("H53", "01.53"), 7))
    assert view.directory.resolve(AgencyCode("01.53")) is not None


async def test_entries_of_one_name_in_different_topics_are_different(view: DirectoryView) -> None:
    view.learn(at(agency("H53"), 9))
    view.learn(at(connection("H53", "H53"), 1))
    found = view.directory.resolve(AgencyCode("H53"))
    assert found is not None
    assert view.directory.server_of(found) == "H53"
