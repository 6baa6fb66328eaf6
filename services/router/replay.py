"""Rebuilding the router's collections from the log alone: what `hubctl replay` and `hubctl fsck` run."""

from typing import Any

from hub.model.events import Event
from hub.runtime.mongo import Database
from hub.runtime.own_events import Projector
from services.router.adapters import INBOX, REFUSALS, MongoInbox
from services.router.adapters_directory import AGENCIES, CONNECTIONS, Bell, MongoDirectory
from services.router.handlers import GIVES, Projection

PROJECTED: tuple[str, ...] = (INBOX, REFUSALS, AGENCIES, CONNECTIONS)
"""Collections that are a function of the log; the others here (`marks`) are not."""


async def projector(database: "Database[Any]") -> tuple[tuple[type[Event], ...], Projector]:
    """The event classes to read, in any order, and what projects them into `database`."""
    inbox = MongoInbox(database)
    await inbox.prepare()
    return GIVES, Projection(inbox, MongoDirectory(database), Bell()).project
