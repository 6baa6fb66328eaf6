"""The inbox in MongoDB, under the same tests as its double; and what only a database can get wrong."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from motor.motor_asyncio import AsyncIOMotorClient

from services.router.adapters import INBOX, MongoInbox
from services.router.delivery import KINDS
from tests.fakes.inbox_suite import InboxSuite, agency, new
from tests.fakes.router import at, planned

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest_asyncio.fixture
async def database(environment: dict[str, dict[str, str]]) -> AsyncIterator[Any]:
    client: Any = AsyncIOMotorClient(environment["router"]["HUB_MONGO_URL"], tz_aware=True)
    name = f"hub_router_test_{uuid.uuid4().hex[:8]}"
    yield client[name]
    await client.drop_database(name)
    client.close()


@pytest_asyncio.fixture
async def inbox(database: Any) -> MongoInbox:
    opened = MongoInbox(database)
    await opened.prepare()
    return opened


class TestMongoInbox(InboxSuite):
    pass


async def test_a_page_is_merged_from_the_index_never_sorted(inbox: MongoInbox, database: Any) -> None:
    codes = [agency() for _ in range(100)]
    await inbox.project([at(planned(new(), code), offset) for offset, code in enumerate(codes * 3)])
    wanted = {"open": True, "planned.agency": {"$in": codes}, "planned.kind": {"$in": list(KINDS)}}
    plan = await database[INBOX].find(wanted).sort("planned.line", 1).limit(20).hint("on_offer").explain()
    stages = str(plan["queryPlanner"]["winningPlan"])
    assert "SORT_MERGE" in stages
    assert "'SORT'" not in stages
    assert plan["executionStats"]["totalDocsExamined"] <= 20


async def test_figures_count_what_is_on_offer(inbox: MongoInbox) -> None:
    code = agency()
    items = [planned(new(), code) for _ in range(5)]
    await inbox.project([at(item, offset) for offset, item in enumerate(items)])
    figures = await inbox.figures()
    assert (figures.initial, figures.processing, figures.oldest) == (5, 0, items[0].occurred_at)
