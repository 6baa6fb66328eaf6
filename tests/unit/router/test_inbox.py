"""The inbox in memory, which other unit tests stand on, behaves like the one in MongoDB."""

import pytest

from tests.fakes.inbox_suite import InboxSuite
from tests.fakes.router import FakeInbox


class TestFakeInbox(InboxSuite):
    @pytest.fixture
    def inbox(self) -> FakeInbox:
        return FakeInbox()
