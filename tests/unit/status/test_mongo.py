"""The driver's errors, by what the loop must do: wait, ask for less, leave one document aside, or stop."""

from typing import Any

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    CursorNotFound,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from hub.model.errors import Broken, Invalid, Transient
from hub.runtime.mongo import TookTooLong, guarded


async def meet(error: Exception) -> None:
    async with guarded():
        raise error


def refused(code: int | None, text: str = "refused", *labels: str) -> OperationFailure:
    return OperationFailure(text, code, {"errorLabels": list(labels)})


def bulk(*codes: int, concern: int | None = None) -> BulkWriteError:
    details: dict[str, Any] = {
        "writeErrors": [{"index": index, "code": code, "errmsg": "x"} for index, code in enumerate(codes)],
        "writeConcernErrors": [{"code": concern, "errmsg": "x"}] if concern else [],
    }
    return BulkWriteError(details)


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("cut"),
        NetworkTimeout("no answer"),
        NotPrimaryError("stepped down", {}),
        ServerSelectionTimeoutError("nobody there"),
        WaitQueueTimeoutError("no connection free"),
        WriteConcernError("no majority", 64),
        WTimeoutError("no majority in time", 64),
        CursorNotFound("restarted meanwhile", 43),
        refused(94, "no replset config has been received"),
        refused(112, "WriteConflict"),
        refused(14031, "OutOfDiskSpace"),
        refused(8000, "anything", "RetryableWriteError"),
        refused(2, "hint provided does not correspond to an existing index"),
        bulk(112),
        bulk(11000, 112),
        bulk(10334, 112),
        bulk(concern=64),
        bulk(11000, concern=64),
    ],
)
async def test_what_may_pass_is_waited_for(error: Exception) -> None:
    with pytest.raises(Transient) as met:
        await meet(error)
    assert not isinstance(met.value, TookTooLong)
    assert met.value.part == "mongo"


@pytest.mark.parametrize(
    "error",
    [
        refused(2, "bad value"),
        refused(9, "FailedToParse"),
        refused(13, "Unauthorized"),
        refused(18, "AuthenticationFailed"),
        refused(51091, "Regular expression cannot contain an embedded null byte"),
        refused(None, "no code at all"),
        ConfigurationError("not a replica set"),
        bulk(),
        bulk(28),
        bulk(10334, 28),
    ],
)
async def test_what_we_do_wrong_ourselves_stops_us_instead_of_looking_like_a_database_that_is_away(
    error: Exception,
) -> None:
    with pytest.raises(Broken):
        await meet(error)


@pytest.mark.parametrize(
    "error",
    [DocumentTooLarge("over 16 MB"), refused(10334), refused(17419), bulk(17419), bulk(17420, 11000)],
)
async def test_a_document_that_outgrew_its_row_is_its_own_fault_alone(error: Exception) -> None:
    with pytest.raises(Invalid) as met:
        await meet(error)
    assert met.value.reason == "DOCUMENT_TOO_LARGE"


async def test_a_question_that_costs_too_much_is_told_apart_from_a_database_that_is_away() -> None:
    with pytest.raises(TookTooLong):
        await meet(ExecutionTimeout("operation exceeded time limit", 50))


async def test_upserts_that_met_themselves_are_no_fault_and_a_duplicate_key_is_an_answer() -> None:
    await meet(bulk(11000, 11000))
    with pytest.raises(DuplicateKeyError):
        await meet(DuplicateKeyError("claimed", 11000))
