"""The directory in MongoDB, the sealing of secrets, and the bell that wakes those who wait for their inbox."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import UpdateOne

from hub.model.errors import Broken
from hub.model.events import AgencyChanged, ConnectionChanged, Event
from hub.model.ids import AgencyCode, SystemId
from hub.model.record import Recorded
from hub.model.statuses import AgencyState, SignaturePolicy
from hub.model.values import Contact, Identifier
from hub.runtime.mongo import Database, bulk, guarded
from hub.runtime.seal import Seal
from services.router.directory_forms import folded
from services.router.directory_rules import AgencyEntry
from services.router.handlers_directory import ConnectionEntry

AGENCIES, CONNECTIONS = "agencies", "connections"

_IN_FORCE = {"$expr": {"$gt": ["$entry.offset", {"$ifNull": ["$succeeded.offset", -1]}]}}
"""Entries that no agency with another code in force has taken over since."""


class MongoDirectory:
    """`handlers.DirectoryRows` and `handlers_directory.DirectoryList`; the newest event of a key wins (`$max`)."""

    def __init__(self, database: "Database[Any]") -> None:
        self._database = database
        self._agencies = database[AGENCIES]
        self._connections = database[CONNECTIONS]

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """Bring the entries up to these events, in any order, any number of times."""
        await bulk(self._database, AGENCIES, [update for record in records for update in _agency_updates(record)])
        await bulk(
            self._database, CONNECTIONS, [update for record in records for update in _connection_updates(record)]
        )

    async def search(self, words: str, limit: int) -> Sequence[AgencyEntry]:
        """Agencies whose name or codes hold every word, capitals and diacritics aside; by code."""
        asked = "".join(letter for letter in words if letter.isprintable())  # a regular expression may hold no NUL
        patterns = [{"entry.search": {"$regex": re.escape(word)}} for word in folded(asked).split()]
        wanted = {"$and": [_IN_FORCE, {"entry": {"$exists": True}}, *patterns]}
        async with guarded():
            return [_agency(row) async for row in self._agencies.find(wanted).sort("_id").limit(limit)]

    async def agency(self, code: AgencyCode) -> AgencyEntry | None:
        """The entry whose code in force this is."""
        async with guarded():
            row = await self._agencies.find_one({"_id": code, "entry": {"$exists": True}, **_IN_FORCE})
        return _agency(row) if row else None

    async def connections(self) -> Sequence[ConnectionEntry]:
        """All connections, by system id."""
        async with guarded():
            return [_connection(row) async for row in self._connections.find().sort("_id")]


class SealedSecrets:
    """`handlers_directory.Secrets` under the hub's seal key."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def seal(self, system_id: SystemId, text: str) -> str:
        """The secret, sealed anew."""
        return self._seal.close(system_id, text)

    def is_same(self, system_id: SystemId, sealed: str, text: str) -> bool:
        """True when `sealed` holds this very secret; one sealed under another key holds none that counts."""
        try:
            return self._seal.open(system_id, sealed) == text
        except Broken:
            return False


class Bell:
    """`handlers.Arrivals` within one process: rings for those who listen for an agency."""

    def __init__(self) -> None:
        self._listeners: dict[AgencyCode, set[asyncio.Event]] = {}
        self._closed = False

    def announce(self, agencies: Iterable[AgencyCode]) -> None:
        """Wake who listens for one of these."""
        for agency in agencies:
            for listener in self._listeners.get(agency, ()):
                listener.set()

    @contextmanager
    def listening(self, agencies: Iterable[AgencyCode]) -> Iterator[asyncio.Event]:
        """An event that is set whenever something arrives for these, and for good when the process is to stop."""
        codes, ring = tuple(agencies), asyncio.Event()
        if self._closed:
            ring.set()
        for code in codes:
            self._listeners.setdefault(code, set()).add(ring)
        try:
            yield ring
        finally:
            for code in codes:
                self._listeners[code].discard(ring)
                if not self._listeners[code]:
                    del self._listeners[code]

    async def run(self, stop: asyncio.Event) -> None:
        """Send everybody home when the process is to stop."""
        await stop.wait()
        self._closed = True
        self.announce(tuple(self._listeners))

    @property
    def closed(self) -> bool:
        """True when nobody is to wait any longer."""
        return self._closed


def _agency_updates(record: Recorded[Event]) -> Iterator[UpdateOne]:
    event = record.event
    if not isinstance(event, AgencyChanged):
        return
    part = {
        "offset": record.offset,
        "name": event.name,
        "kind": event.kind,
        "parent": event.parent,
        "state": event.state.value,
        "signature_policy": event.signature_policy.value,
        "identifiers": [
            {"code": each.code, "scheme": each.scheme, "valid_from": each.valid_from, "valid_to": each.valid_to}
            for each in event.identifiers
        ],
        "contacts": [
            {
                "name": each.name,
                "position": each.position,
                "unit": each.unit,
                "mobile": each.mobile,
                "email": each.email,
            }
            for each in event.contacts
        ],
        "search": folded(" ".join((event.name, event.code, *(each.code for each in event.identifiers)))),
        "at": event.occurred_at,
    }
    yield UpdateOne({"_id": event.code}, {"$max": {"entry": part}}, upsert=True)
    for code in {each.code for each in event.identifiers} - {event.code}:
        succeeded = {"offset": record.offset, "by": event.code}
        yield UpdateOne({"_id": code}, {"$max": {"succeeded": succeeded}}, upsert=True)


def _connection_updates(record: Recorded[Event]) -> Iterator[UpdateOne]:
    event = record.event
    if isinstance(event, ConnectionChanged):  # without the secret, sealed as it is: nobody reads it here
        part = {
            "offset": record.offset, "agencies": list(event.agencies), "active": event.active, "at": event.occurred_at
        }  # fmt: skip
        yield UpdateOne({"_id": event.system_id}, {"$max": {"entry": part}}, upsert=True)


def _agency(row: Mapping[str, Any]) -> AgencyEntry:
    entry = row["entry"]
    return AgencyEntry(
        code=row["_id"],
        name=entry["name"],
        kind=entry["kind"],
        parent=entry["parent"],
        state=AgencyState(entry["state"]),
        signature_policy=SignaturePolicy(entry["signature_policy"]),
        identifiers=tuple(Identifier(**each) for each in entry["identifiers"]),
        contacts=tuple(Contact(**each) for each in entry["contacts"]),
    )


def _connection(row: Mapping[str, Any]) -> ConnectionEntry:
    return ConnectionEntry(
        system_id=row["_id"], agencies=tuple(row["entry"]["agencies"]), active=row["entry"]["active"]
    )
