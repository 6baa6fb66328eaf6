"""The book in memory behaves like the real one (the same suite runs over MongoDB in tests/integration)."""

import copy

import pytest

from services.notifier.attempts import Holder
from services.notifier.handlers import Attempts
from tests.fakes.notifier import FakeAttempts, FakeBook
from tests.unit.notifier.book_behaviour import BookBehaviour, Rows


class FakeRows(Rows):
    def __init__(self) -> None:
        self.fake = FakeBook()
        self.book = self.fake

    def attempts(self, holder: Holder) -> Attempts:
        return FakeAttempts(self.fake, holder)

    async def keep_custody(self, partition: int, offset: int) -> None:
        self.fake.custody.setdefault(partition, offset)

    async def clear(self) -> None:
        self.fake.clear()

    async def contents(self) -> object:
        return copy.deepcopy(self.fake.rows())


class TestFakeBook(BookBehaviour):
    @pytest.fixture
    def rows(self) -> Rows:
        return FakeRows()
