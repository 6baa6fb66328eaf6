"""Is it ready? One question per kind of component, asked the way its clients would."""

import asyncio
import json
import logging

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from hubctl.local.component import NotReadyError, Probe

_PATIENCE = 2.0
_NOT_YET_INITIATED = 94
_NOT_IN_OWN_CONFIGURATION = 93


def exited_well() -> Probe:
    """For steps, which are ready by exiting 0: never ready while running."""

    async def probe() -> None:
        await asyncio.sleep(_PATIENCE)
        raise NotReadyError("still running")

    return probe


def http_ok(url: str) -> Probe:
    """GET answers below 400."""

    async def probe() -> None:
        try:
            async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            raise NotReadyError(type(error).__name__) from error
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise NotReadyError(f"answers {answer.status_code} {answer.text[:200]}")

    return probe


def tcp_banner(host: str, port: int, banner: bytes) -> Probe:
    """A connection is greeted with a line that starts with `banner`; an empty banner asks for the connection only."""

    async def probe() -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_connection(host, port)
                line = await reader.readline() if banner else b""
                writer.close()
        except (OSError, TimeoutError) as error:
            raise NotReadyError(f"{host}:{port}: {error or 'no answer'}") from error
        if not line.startswith(banner):
            raise NotReadyError(f"{host}:{port} greets with {line!r}")

    return probe


def kafka_accepts(bootstrap: str) -> Probe:
    """The broker answers metadata requests and has a controller."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    async def probe() -> None:
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

    async def probe() -> None:
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


async def _agree_on_members(client: AsyncMongoClient[dict[str, object]], address: str, replica_set: str) -> None:
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


def describe(reason: str) -> str:
    """A probe's reason on one line."""
    try:
        return json.dumps(json.loads(reason), ensure_ascii=False)
    except ValueError:
        return " ".join(reason.split())[:300]
