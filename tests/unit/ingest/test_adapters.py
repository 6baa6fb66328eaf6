"""Claims in MongoDB when the database answers only by half."""

from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from hub.model.errors import Transient
from services.ingest.adapters import MongoClaims
from tests.fakes.events import NOW
from tests.unit.ingest.behaviour import FIRST, ONE, SECOND


class Answering:
    """A collection whose bulk write ends with an error, and in which another package holds every slot."""

    def __init__(self, **details: Any) -> None:
        self._details = details

    async def bulk_write(self, *_: Any, **__: Any) -> None:
        raise BulkWriteError(self._details)

    async def find_one(self, _wanted: Any) -> dict[str, Any]:
        return {"_id": ONE, "hub_id": SECOND, "claimed_at": NOW}


async def test_a_majority_that_does_not_answer_is_waited_for() -> None:
    late = [{"code": 64, "errmsg": "waiting for replication timed out"}]
    empty: list[dict[str, Any]] = [{"writeErrors": []}, {}]
    for errors in empty:
        database: Any = {"claims": Answering(**errors, writeConcernErrors=late)}
        with pytest.raises(Transient):
            await MongoClaims(database).take([ONE], FIRST, NOW)


async def test_a_slot_that_is_taken_has_its_holder() -> None:
    database: Any = {"claims": Answering(writeErrors=[{"index": 0, "code": 11000}])}
    held = await MongoClaims(database).take([ONE], FIRST, NOW)
    assert held is not None
    assert held.hub_id == SECOND
