"""The keeper of lives in memory keeps the promises of the real one."""

import pytest

from tests.fakes.status import FakeLives
from tests.unit.status.lives_behaviour import Keeper, LivesBehaviour


class TestInMemory(LivesBehaviour):
    @pytest.fixture
    def keeper(self) -> Keeper:
        return FakeLives()
