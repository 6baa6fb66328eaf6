"""Directory doors: agencies look agencies up; operators put agencies and connections, on the internal port only."""

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import Field

from hub.model.events import AgencyChanged, ConnectionChanged
from hub.model.ids import AgencyCode, SystemId
from hub.model.reasons import Code
from hub.runtime.callers import Callers
from hub.runtime.four_steps import Done, FourSteps
from hub.runtime.http import Refused, refused
from services.router.app_directory_bodies import (
    AgencyBody,
    AgencyDetails,
    AgencyDetailsList,
    AgencyList,
    AgencyView,
    Changed,
    ConnectionBody,
    ConnectionList,
    ConnectionView,
    ContactBody,
    IdentifierBody,
    Position,
)
from services.router.directory_rules import AgencyEntry, ChangeAgencies, ChangeConnection, NotInOrder
from services.router.handlers import Known
from services.router.handlers_directory import Change, DirectoryList

MOST_ENTRIES = 5_000
_LONGEST_QUESTION = 200
_MOST_FOUND = 500


class AdminGuard:
    """Lets in who bears the operators' token; compared in constant time."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def __call__(self, request: Request) -> None:
        """A FastAPI dependency."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token):
            raise refused(Code.NOT_AUTHENTICATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryDoors:
    """What the directory doors stand on."""

    known: Known
    entries: DirectoryList
    change: FourSteps[Change, Any]
    clock: Callable[[], datetime]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def changed(self, command: Change) -> Changed:
        """Take one change through the four steps; one at a time, because each is judged by what stands."""
        async with self._turn:
            done: Done[Change] = await self.change.run([command])
        for _, error in done.parked:
            raise Refused(error.refusals) if isinstance(error, NotInOrder) else refused(Code(error.reason))
        records = done.records
        return Changed(
            changed=[_key(record.event) for record in records],
            positions=[Position(topic=each.topic, partition=each.partition, offset=each.offset) for each in records],
        )

    def is_connected(self, entry: AgencyEntry) -> bool:
        """True when some connection serves the agency now."""
        agency = self.known.directory.resolve(entry.code)
        return agency is not None and self.known.directory.server_of(agency) is not None


def agency_routes(doors: DirectoryDoors, callers: Callers) -> APIRouter:
    """GET /agencies."""
    routes = APIRouter(tags=["agencies"], dependencies=[Depends(callers)])

    @routes.get("/agencies")
    async def agencies(
        q: Annotated[str, Query(max_length=_LONGEST_QUESTION)] = "",
        limit: Annotated[int, Query(ge=1, le=_MOST_FOUND)] = 100,
    ) -> AgencyList:
        """Agencies whose name or codes hold every word of `q`; capitals and diacritics do not matter."""
        return AgencyList(
            agencies=[AgencyView(**_shown(doors, entry)) for entry in await doors.entries.search(q, limit)]
        )

    return routes


def admin_routes(doors: DirectoryDoors) -> APIRouter:
    """PUT and GET of agencies and connections."""
    routes = APIRouter(tags=["directory"])

    @routes.put("/agencies")
    async def put_agencies(entries: Annotated[list[AgencyBody], Field(max_length=MOST_ENTRIES)]) -> Changed:
        """These agencies stand so from now on: all of them, or none when one may not."""
        command = ChangeAgencies(entries=tuple(entry.entry() for entry in entries), at=doors.clock())
        return await doors.changed(command)

    @routes.put("/agencies/{code}")
    async def put_agency(code: str, entry: AgencyBody) -> Changed:
        """This agency stands so from now on."""
        if code != entry.code:
            raise refused(Code.BAD_FIELD, "code", f"{entry.code} ≠ {code[:100]}")
        return await doors.changed(ChangeAgencies(entries=(entry.entry(),), at=doors.clock()))

    @routes.get("/agencies")
    async def find_agencies(
        q: Annotated[str, Query(max_length=_LONGEST_QUESTION)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = MOST_ENTRIES,
    ) -> AgencyDetailsList:
        """Agencies with policy and contacts."""
        return AgencyDetailsList(agencies=[_details(doors, entry) for entry in await doors.entries.search(q, limit)])

    @routes.get("/agencies/{code}")
    async def get_agency(code: str) -> AgencyDetails:
        """One agency, by any code it has or had."""
        agency = doors.known.directory.resolve(AgencyCode(code))
        entry = await doors.entries.agency(agency.code) if agency else None
        if entry is None:
            raise refused(Code.NOT_FOUND)
        return _details(doors, entry)

    _connection_routes(routes, doors)
    return routes


def _connection_routes(routes: APIRouter, doors: DirectoryDoors) -> None:
    @routes.put("/connections/{system_id}")
    async def put_connection(system_id: str, body: Annotated[ConnectionBody, Body()]) -> Changed:
        """This connection stands so from now on."""
        command = ChangeConnection(
            system_id=SystemId(system_id),
            agencies=tuple(AgencyCode(code) for code in body.agencies),
            active=body.active,
            secret=body.secret,
            moved_from=tuple(SystemId(other) for other in body.moved_from),
            at=doors.clock(),
        )
        return await doors.changed(command)

    @routes.get("/connections")
    async def get_connections() -> ConnectionList:
        """All connections, without their secrets."""
        entries = await doors.entries.connections()
        return ConnectionList(connections=[ConnectionView(**asdict(entry)) for entry in entries])

    @routes.get("/connections/{system_id}")
    async def get_connection(system_id: str) -> ConnectionView:
        """One connection, without its secret."""
        found = (entry for entry in await doors.entries.connections() if entry.system_id == system_id)
        entry = next(found, None)
        if entry is None:
            raise refused(Code.NOT_FOUND)
        return ConnectionView(**asdict(entry))


def _key(event: object) -> str:
    match event:
        case AgencyChanged():
            return event.code
        case ConnectionChanged():
            return event.system_id
        case _:
            return ""


def _shown(doors: DirectoryDoors, entry: AgencyEntry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "name": entry.name,
        "kind": entry.kind,
        "parent": entry.parent,
        "state": entry.state,
        "connected": doors.is_connected(entry),
        "identifiers": [IdentifierBody(**asdict(identifier)) for identifier in entry.identifiers],
    }


def _details(doors: DirectoryDoors, entry: AgencyEntry) -> AgencyDetails:
    return AgencyDetails(
        **_shown(doors, entry),
        signature_policy=entry.signature_policy,
        contacts=[ContactBody(**asdict(contact)) for contact in entry.contacts],
    )
