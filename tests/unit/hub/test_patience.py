"""Trying again while a part is away."""

import pytest
from aiokafka.errors import KafkaConnectionError

from hub.model.errors import Broken, Transient
from hub.runtime import patience
from hub.runtime.patience import patiently


@pytest.mark.parametrize("away", [Transient("mongo", "away"), KafkaConnectionError()])
async def test_it_tries_until_the_part_is_there(away: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.001)
    tries = 0

    async def deed() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise away
        return "done"

    assert await patiently(deed) == "done"
    assert tries == 3


async def test_it_does_not_try_again_what_is_broken() -> None:
    async def deed() -> None:
        raise Broken("a fault of ours")

    with pytest.raises(Broken):
        await patiently(deed)
