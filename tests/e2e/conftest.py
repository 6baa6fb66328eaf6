"""What end-to-end tests share: the registered agencies, and clients that speak for them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio

from sim.agencies import Agency, AgencyCode
from sim.factory import Parcel
from sim.hub_client import HubClient
from sim.place import Place
from sim.plan import Mix
from sim.rehearsal import Rehearsed, Script, prepare

SMALL = Mix(annex_share=0.0, sizes=(1, 0, 0), characters=(1, 0, 0), fan_out_max=3)


def quiet(_step: str, _done: int, _total: int) -> None:
    """Tests show no progress."""


@pytest.fixture(scope="session")
def rehearsed(stack: Place) -> Rehearsed:
    """All agencies registered, and forty signed packages nobody has sent yet."""
    return prepare(stack, Script(seed=2887, documents=40, mix=SMALL), quiet)


@pytest.fixture(scope="session")
def unsent(rehearsed: Rehearsed) -> list[Parcel]:
    """Take a package with `unsent.pop()`: nobody else sends it."""
    return list(rehearsed.parcels)


@dataclass(frozen=True, slots=True)
class Systems:
    """Clients by agency."""

    clients: dict[AgencyCode, HubClient]
    agencies: tuple[Agency, ...]
    session: aiohttp.ClientSession

    def __getitem__(self, code: str) -> HubClient:
        return self.clients[AgencyCode(code)]


@pytest_asyncio.fixture
async def systems(stack: Place, rehearsed: Rehearsed) -> AsyncIterator[Systems]:
    """A client for each agency."""
    async with aiohttp.ClientSession() as session:
        secrets = rehearsed.stage.secrets
        clients = {code: HubClient(session, stack.edge, code, secret) for code, secret in secrets.items()}
        yield Systems(clients=clients, agencies=rehearsed.agencies, session=session)


async def item_of(client: HubClient, hub_id: str, seconds: float = 30.0) -> str:
    """Id of the inbox item of a document, once it is there."""
    async with asyncio.timeout(seconds):
        while True:
            found = [item.id for item in await client.inbox(5.0) if item.hub_id == hub_id and item.kind == "document"]
            if found:
                return found[0]
            await asyncio.sleep(0.05)
