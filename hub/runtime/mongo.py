"""MongoDB: connection, errors, marks. With the services' `adapters*.py` the only place that knows motor."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import UpdateOne, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from hub.model.errors import Broken, HubError, Invalid, Transient
from hub.runtime.marks import Place
from hub.runtime.settings import HubSettings, secret

_SELECTION_MS = 2500
_SOCKET_MS = 4000

DUPLICATE_KEY = 11000
_TOO_LARGE = {10334, 17419, 17420}  # a document, what an update, what an upsert would make of it: over 16 MB
_PASSING = {
    6, 7, 89, 9001,  # between the servers: unreachable, not found, timed out, cut
    91, 94, 189, 10107, 11600, 11602, 13435, 13436,  # no primary: starting, stepping down, stopping
    64, 79, 100, 133, 134,  # no majority now
    43, 112, 117, 175, 202, 237, 246, 251, 262, 276, 365, 11601, 12586, 12587,  # lost against other work, or killed
    14031,  # no space left: an operator makes some
}  # fmt: skip
_PASSING_LABELS = ("RetryableWriteError", "RetryableError", "TransientTransactionError", "SystemOverloadedError")
_INDEX_IN_THE_MAKING = "hint provided does not correspond to an existing index"

Database = AsyncIOMotorDatabase
"""A service's own database."""


def connect(settings: HubSettings, service: str) -> "AsyncIOMotorDatabase[Any]":
    """The service's database; writes are acknowledged by the majority, from the journal."""
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(
        settings.mongo_url,
        serverSelectionTimeoutMS=_SELECTION_MS,
        connectTimeoutMS=_SELECTION_MS,
        socketTimeoutMS=_SOCKET_MS,
        retryWrites=True,
        retryReads=True,
        tz_aware=True,
        appname=f"hub-{service}",
        **password(settings),
    )
    return client.get_database(
        settings.mongo_database or f"hub_{service}", write_concern=WriteConcern(w="majority", j=True)
    )


def password(settings: HubSettings) -> dict[str, Any]:
    """Client option for a URL that names a user: a URL shows up in `docker inspect`, so its password is in a file."""
    return {"password": secret(settings.mongo_password_file)} if settings.mongo_password_file else {}


class TookTooLong(Transient):
    """The question costs more than it may. A loop tries again; a person should ask for less."""


@asynccontextmanager
async def guarded() -> AsyncIterator[None]:
    """Turn the driver's errors into ours, by what the loop must do.

    Transient: the database is away, or busy with something else; the same again may pass. TookTooLong: a Transient of
    the question's own making. Invalid: one document is larger than a row may be; the others of its batch are written.
    Broken: any other refusal. Query, index, rights or password are wrong, and to repeat that for ever would look like a
    database that is away; a process that ends is seen, and its next start may know better.

    DuplicateKeyError passes through: for its caller it is an answer, not a fault.
    """
    try:
        yield
    except DuplicateKeyError:
        raise
    except BulkWriteError as error:
        codes = _codes(error)
        if codes == {DUPLICATE_KEY}:
            return  # unordered upserts that met themselves: the row is there, first one wins
        raise _verdict(codes - {DUPLICATE_KEY}, f"bulk write failed: {sorted(map(str, codes))}") from error
    except (PyMongoError, DocumentTooLarge) as error:
        raise _ours(error) from error


def _ours(error: Exception) -> HubError:
    match error:
        case ConnectionFailure() | WriteConcernError():
            return Transient("mongo", type(error).__name__)
        case ExecutionTimeout():
            return TookTooLong("mongo", type(error).__name__)
        case DocumentTooLarge():
            return _verdict(_TOO_LARGE, type(error).__name__)
        case OperationFailure() if _may_pass(error):
            return Transient("mongo", f"{type(error).__name__} {error.code}")
        case OperationFailure():
            return _verdict({error.code}, f"{type(error).__name__} {error.code}")
        case _:
            return Broken(f"mongo: {type(error).__name__}")


def _may_pass(error: OperationFailure) -> bool:
    """True when the server itself says so, or when an index is being made at this moment."""
    return any(map(error.has_error_label, _PASSING_LABELS)) or _INDEX_IN_THE_MAKING in str(error)


def _verdict(codes: Collection[int | None], detail: str) -> HubError:
    """What the server's codes mean. Of several the worst counts, but what is too large waits for what may pass."""
    if not codes or any(code not in _PASSING | _TOO_LARGE for code in codes):
        return Broken(f"mongo: {detail}")
    if any(code in _PASSING for code in codes):
        return Transient("mongo", detail)
    return Invalid("DOCUMENT_TOO_LARGE", detail)


def _codes(error: BulkWriteError) -> set[int | None]:
    faults = (*error.details.get("writeErrors", ()), *error.details.get("writeConcernErrors", ()))
    return {fault.get("code") for fault in faults}


async def bulk(database: "AsyncIOMotorDatabase[Any]", collection: str, operations: Sequence[Any]) -> None:
    """One unordered bulk write; empty lists are fine. Operations must be idempotent and independent.

    Upserts that met themselves are made once more: the other may have inserted what these would have replaced. What
    meets itself again has nothing to replace.
    """
    for _ in range(2 if operations else 0):
        async with guarded():
            await database[collection].bulk_write(list(operations), ordered=False)
            return


async def ping(database: "AsyncIOMotorDatabase[Any]") -> None:
    """Transient when the database does not answer."""
    async with guarded():
        answer = await database.command("ping")
    if not answer.get("ok"):
        raise Broken("mongo answers a ping without ok")


class MongoMarks:
    """Marks in the collection `marks`: {_id: "topic/partition", offset}."""

    def __init__(self, database: "AsyncIOMotorDatabase[Any]") -> None:
        self._rows = database["marks"]

    async def load(self, places: Iterable[Place]) -> dict[Place, int]:
        """First offset not yet projected; 0 for places never marked."""
        wanted = {f"{topic}/{partition}": (topic, partition) for topic, partition in places}
        marks = dict.fromkeys(wanted.values(), 0)
        async with guarded():
            async for row in self._rows.find({"_id": {"$in": list(wanted)}}):
                marks[wanted[row["_id"]]] = int(row["offset"])
        return marks

    async def save(self, marks: dict[Place, int]) -> None:
        """Keep marks; they only grow."""
        async with guarded():
            await self._rows.bulk_write(
                [
                    UpdateOne({"_id": f"{topic}/{partition}"}, {"$max": {"offset": offset}}, upsert=True)
                    for (topic, partition), offset in marks.items()
                ],
                ordered=False,
            )
