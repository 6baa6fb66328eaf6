"""Is it ready? One question per kind of component, asked the way its clients would.

Clients are imported by the probe that needs them: `hubctl local status` runs none, and should answer at once.
"""
# ruff: noqa: PLC0415

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from hubctl.local.component import NotReadyError, Probe

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_PATIENCE = 3.0
_HTTP_ERRORS = 400
_NOT_YET_INITIATED = 94


def exited_well() -> Probe:
    """For steps, which are ready by exiting 0: never ready while running."""

    async def probe() -> None:
        await asyncio.sleep(_PATIENCE)
        raise NotReadyError("still running")

    return probe


def http_ok(address: str, path: str) -> Probe:
    """GET of `path` at `host:port` answers below 400."""
    request = f"GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode()

    async def probe() -> None:
        async with _connected(address) as (reader, writer):
            writer.write(request)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        status = head.split(maxsplit=2)[1:2]
        if not status or not status[0].isdigit():
            raise NotReadyError("no HTTP answer")
        if int(status[0]) >= _HTTP_ERRORS:
            raise NotReadyError(_away(body) or f"answers {status[0].decode()} {body[:200].decode(errors='replace')}")

    return probe


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                yield reader, writer
            finally:
                writer.close()
    except TimeoutError as error:
        raise NotReadyError("no answer") from error
    except OSError as error:
        raise NotReadyError(f"no connection ({error.strerror})") from error


def kafka_accepts(bootstrap: str) -> Probe:
    """The broker answers metadata requests and has a controller."""
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    async def probe() -> None:
        async with _connected(bootstrap):
            pass  # cheaper than a client, and most often the answer while it starts
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(_PATIENCE * 1000))
        try:
            async with asyncio.timeout(2 * _PATIENCE):
                await admin.start()
                cluster = await admin.describe_cluster()
        except (KafkaError, OSError, TimeoutError) as error:
            raise NotReadyError(f"{bootstrap}: {error}") from error
        finally:
            await admin.close()
        if not cluster["brokers"] or cluster["controller_id"] < 0:
            raise NotReadyError(f"{bootstrap}: no controller yet")

    return probe


def mongod_writable(address: str, replica_set: str) -> Probe:
    """The node is a writable primary. A new node is initiated, one that moved to another port is reconfigured."""
    from pymongo import AsyncMongoClient
    from pymongo.errors import PyMongoError

    async def probe() -> None:
        async with _connected(address):
            pass
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
            f"mongodb://{address}/?directConnection=true", serverSelectionTimeoutMS=int(_PATIENCE * 1000)
        )
        try:
            hello = await client.admin.command("hello")
            if not hello.get("isWritablePrimary") or hello.get("me") != address:
                await _agree_on_members(client, address, replica_set)
                raise NotReadyError(f"{address}: not a writable primary yet")
        except PyMongoError as error:
            raise NotReadyError(f"{address}: {error}") from error
        finally:
            await client.close()

    return probe


async def _agree_on_members(client: "AsyncMongoClient[dict[str, object]]", address: str, replica_set: str) -> None:
    from pymongo.errors import OperationFailure

    members = [{"_id": 0, "host": address}]
    try:
        current = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIATED:
            raise
        await client.admin.command("replSetInitiate", {"_id": replica_set, "members": members})
        return
    if current["members"][0]["host"] != address:
        moved = {**current, "members": members, "version": current["version"] + 1}
        await client.admin.command("replSetReconfig", moved, force=True)


def _away(body: bytes) -> str:
    """What a service's /health/ready says is missing, on one line."""
    try:
        away = json.loads(body)["away"]
        return "; ".join(f"{part}: {why}" for part, why in away.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def describe(reason: str) -> str:
    """A probe's reason on one line."""
    return " ".join(reason.split())[:300]
