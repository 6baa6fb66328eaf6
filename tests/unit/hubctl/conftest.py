from pathlib import Path

import pytest

from hubctl.local.state import Settings, Stack, StateDir


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    made = Stack(StateDir(tmp_path / "stack"), Settings(port_base=25000))
    made.state.create()
    return made
