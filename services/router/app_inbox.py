"""Inbox doors: list, look at, download, acknowledge. Another agency's item answers like one that does not exist."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from weakref import WeakValueDictionary

from fastapi import APIRouter, Body, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from hub.model.ids import AgencyCode, DeliveryId, SystemId
from hub.model.reasons import Code
from hub.model.statuses import InboxState
from hub.runtime.callers import Caller, Callers
from hub.runtime.four_steps import Done, FourSteps
from hub.runtime.http import refused
from hub.runtime.logs import logger
from services.router.delivery import KINDS, LONGEST_REMARK, Item, Settle, Take
from services.router.handlers import Arrivals, Inbox, Known, Packages

LONGEST_WAIT = 30.0
MOST_ITEMS = 1000
_LOOK_AGAIN_SECONDS = 3.0
"""How long an item projected by another process may go unnoticed; one projected here rings at once."""


class VerdictView(BaseModel):
    """Judgement on a document's signatures."""

    outcome: str
    reason: str


class ItemView(BaseModel):
    """One inbox item."""

    id: str
    kind: Annotated[str, Field(description="document or status")]
    hub_id: str
    document_id: str
    code: str
    subject: str
    business_type: int
    priority: int
    sender: Annotated[str, Field(serialization_alias="from")]
    recipient: Annotated[str, Field(serialization_alias="to")]
    digest: str
    size: int
    verdict: VerdictView | None
    status_code: str | None
    state: InboxState
    planned_at: str
    taken_at: str | None


class PageView(BaseModel):
    """Items on offer, urgent first, then oldest; `next` is given as `after` to go on."""

    items: list[ItemView]
    next: str | None


class Remark(BaseModel):
    """What a system says beside an acknowledgement."""

    description: Annotated[str, Field(max_length=LONGEST_REMARK)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How long a caller holds the line, and the tag of the page that it knows; without one: of an empty page."""

    seconds: float
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDoors:
    """What the inbox doors stand on."""

    known: Known
    inbox: Inbox
    packages: Packages
    arrivals: Arrivals
    take: FourSteps[Take, Any]
    settle: FourSteps[Settle, Any]
    clock: Callable[[], datetime]
    _turns: "WeakValueDictionary[str, asyncio.Lock]" = field(default_factory=WeakValueDictionary)

    async def own(self, wanted: str, caller: Caller) -> Item:
        """The caller's item; NOT_FOUND otherwise, and a line in the log when somebody tries another's."""
        item = (await self.inbox.items([DeliveryId(wanted)])).get(DeliveryId(wanted))
        if item is None:
            raise refused(Code.NOT_FOUND)
        if not self.known.directory.may_act_for(caller.system_id, item.agency):
            logger().warning("another agency's item asked for", delivery_id=item.id, system_id=caller.system_id)
            raise refused(Code.NOT_FOUND)
        return item

    async def page(self, caller: Caller, kinds: Sequence[str], after: Item | None, limit: int) -> Sequence[Item]:
        """Up to `limit` items on offer to the caller, and one more to tell whether there are more."""
        return await self.inbox.page(self.codes(caller.system_id), kinds, after, limit + 1)

    async def awaited(
        self, caller: Caller, kinds: Sequence[str], after: Item | None, limit: int, hold: "Hold"
    ) -> Sequence[Item]:
        """The page, once it is another than the caller knows; as it is when that takes too long."""
        end = asyncio.get_running_loop().time() + hold.seconds
        with self.arrivals.listening(self.codes(caller.system_id)) as ring:
            while True:
                ring.clear()
                items = await self.page(caller, kinds, after, limit)
                left = end - asyncio.get_running_loop().time()
                if page_tag(items) != hold.known or left <= 0 or self.arrivals.closed:
                    return items
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ring.wait(), min(left, _LOOK_AGAIN_SECONDS))

    def codes(self, system_id: SystemId) -> Sequence[AgencyCode]:
        """Codes, former ones too, of the agencies that a connection serves now."""
        directory = self.known.directory
        return directory.all_codes(directory.served_by(system_id))

    async def taken(self, item: Item, caller: Caller) -> None:
        """From here on the recipient has had it, whatever becomes of the download."""
        if item.taken_at is None:
            command = Take(delivery_id=item.id, by=caller.system_id, at=self.clock())
            async with self._turn(item):
                answer(await self.take.run([command]))

    async def settled(self, item: Item, caller: Caller, state: InboxState, remark: str) -> Item:
        """The item after an acknowledgement."""
        command = Settle(delivery_id=item.id, state=state, description=remark, by=caller.system_id, at=self.clock())
        async with self._turn(item):
            done = await self.settle.run([command])
        answer(done)
        return replace(item, state=state) if done.records else await self.own(item.id, caller)

    def _turn(self, item: Item) -> asyncio.Lock:
        """One command at a time on one item: a repeat at the same moment finds what the first decided."""
        return self._turns.setdefault(item.id, asyncio.Lock())


def page_tag(items: Sequence[Item]) -> str:
    """Entity tag of a page (RFC 9110 §8.8.3): another one as soon as an item comes, goes or changes its state."""
    lines = "".join(f"{item.id} {item.state} {item.taken_at is None}\n" for item in items)
    return f'"{hashlib.sha256(lines.encode()).hexdigest()[:32]}"'


def answer(done: Done[Any]) -> None:
    """Refuse the request when its command was."""
    for _, error in done.parked:
        raise refused(Code(error.reason), detail=error.detail)


_EMPTY_PAGE = page_tag(())


def inbox_routes(doors: InboxDoors, callers: Callers) -> APIRouter:
    """GET /inbox, /inbox/{id}, /inbox/{id}/package; POST /inbox/{id}/processing, done, fail."""
    routes = APIRouter(tags=["inbox"])
    identified = Depends(callers)

    @routes.get(
        "/inbox",
        response_model=PageView,
        responses={304: {"description": "The page is still the one of If-None-Match"}},
    )
    async def listing(
        *,
        response: Response,
        caller: Caller = identified,
        kind: Literal["document", "status"] | None = None,
        after: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = 100,
        wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
        if_none_match: Annotated[str | None, Header(max_length=64)] = None,
    ) -> Any:
        """Items not yet reported done or fail. With `wait` the answer comes as soon as there is one.

        Whoever leaves items lying sends the ETag of the page it has as If-None-Match: then the answer comes as soon
        as the page is another, or 304 when it stayed the same.
        """
        kinds = (kind,) if kind else KINDS
        behind = await doors.own(after, caller) if after else None
        hold = Hold(seconds=wait, known=if_none_match or _EMPTY_PAGE)
        items = await doors.awaited(caller, kinds, behind, limit, hold)
        tag = page_tag(items)
        if tag == if_none_match:
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        more = len(items) > limit
        return PageView(items=[_view(item) for item in items[:limit]], next=items[limit - 1].id if more else None)

    @routes.get("/inbox/{item_id}")
    async def item(item_id: str, caller: Caller = identified) -> ItemView:
        """One item, whatever its state."""
        return _view(await doors.own(item_id, caller))

    @routes.get("/inbox/{item_id}/package", response_class=StreamingResponse)
    async def package(item_id: str, caller: Caller = identified) -> StreamingResponse:
        """The package, byte for byte as its sender sent it."""
        wanted = await doors.own(item_id, caller)
        chunks = doors.packages.read(wanted.package)
        try:
            first = await anext(chunks)  # before anything is told: a blob that is away was not had
            await doors.taken(wanted, caller)
        except BaseException:
            await chunks.aclose()
            raise
        return StreamingResponse(_whole(first, chunks), media_type="application/xml", headers=_headers(wanted))

    for state in (InboxState.PROCESSING, InboxState.DONE, InboxState.FAIL):
        _settling(routes, doors, state, callers)
    return routes


def _settling(routes: APIRouter, doors: InboxDoors, state: InboxState, callers: Callers) -> None:
    identified = Depends(callers)

    @routes.post(f"/inbox/{{item_id}}/{state}", name=state)
    async def settle(
        item_id: str, caller: Caller = identified, remark: Annotated[Remark | None, Body()] = None
    ) -> ItemView:
        """Report the item's transport state; reporting it again changes nothing."""
        own = await doors.own(item_id, caller)
        return _view(await doors.settled(own, caller, state, remark.description if remark else ""))


async def _whole(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk


def _headers(item: Item) -> dict[str, str]:
    return {
        "Content-Length": str(item.package.size),
        "Content-Disposition": f'attachment; filename="{item.id}.edxml"',
        "ETag": f'"{item.package.digest}"',
        "X-Content-Type-Options": "nosniff",
    }


def _view(item: Item) -> ItemView:
    verdict = item.verdict
    return ItemView.model_construct(
        id=item.id,
        kind=item.kind,
        hub_id=item.hub_id,
        document_id=item.document_id,
        code=item.code,
        subject=item.subject,
        business_type=int(item.business_type),
        priority=item.priority,
        sender=item.sender,
        recipient=item.recipient,
        digest=item.package.digest,
        size=item.package.size,
        verdict=None if verdict is None else VerdictView(outcome=verdict.outcome, reason=verdict.reason),
        status_code=None if item.status is None else item.status.value,
        state=item.state,
        planned_at=_moment(item.planned_at),
        taken_at=None if item.taken_at is None else _moment(item.taken_at),
    )


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
