"""MongoDB: connection, errors, marks. With the services' `adapters*.py` the only place that knows motor."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import UpdateOne, WriteConcern
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, PyMongoError

from hub.model.errors import Broken, Transient
from hub.runtime.marks import Place
from hub.runtime.settings import HubSettings, secret

_SELECTION_MS = 2500
_SOCKET_MS = 4000
_DUPLICATE_KEY = 11000

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


@asynccontextmanager
async def guarded() -> AsyncIterator[None]:
    """Turn the driver's errors into ours: what may pass becomes Transient, what cannot becomes Broken.

    DuplicateKeyError passes through: for its caller it is an answer, not a fault.
    """
    try:
        yield
    except DuplicateKeyError:
        raise
    except BulkWriteError as error:
        codes = {fault.get("code") for fault in error.details.get("writeErrors", ())}
        if codes and codes <= {_DUPLICATE_KEY}:
            return  # unordered upserts that met themselves: the row is there, first one wins
        raise Transient("mongo", f"bulk write failed: {sorted(map(str, codes))}") from error
    except AutoReconnect as error:
        raise Transient("mongo", type(error).__name__) from error
    except PyMongoError as error:
        raise Transient("mongo", type(error).__name__) from error


async def bulk(database: "AsyncIOMotorDatabase[Any]", collection: str, operations: Sequence[Any]) -> None:
    """One unordered bulk write; empty lists are fine. Operations must be idempotent and independent."""
    if operations:
        async with guarded():
            await database[collection].bulk_write(list(operations), ordered=False)


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
