"""One question instead of many: what is asked while an answer is awaited is asked together, in the next turn.

A request that comes alone is served at once, no timer makes it wait; a hundred at the same time share one round trip.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Gathering(Generic[Q, A]):
    """Calls `ask` with everything that waits; each caller gets the whole answer, or the error that befell it.

    A caller that gives up changes nothing for the others: `ask` must be harmless to finish.
    """

    def __init__(self, ask: Callable[[Sequence[Q]], Awaitable[A]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[Sequence[Q], asyncio.Future[A]]] = []
        self._turns: asyncio.Task[None] | None = None

    async def __call__(self, wanted: Iterable[Q]) -> A:
        """The answer to a question that holds at least what is wanted."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((list(wanted), answer))
        if self._turns is None:
            self._turns = asyncio.create_task(self._take_turns())
        return await answer

    async def _take_turns(self) -> None:
        try:
            while self._waiting:
                turn, self._waiting = self._waiting, []
                await self._turn(turn)
        finally:
            self._turns = None
            for _, answer in self._waiting:
                answer.cancel()

    async def _turn(self, turn: Sequence[tuple[Sequence[Q], "asyncio.Future[A]"]]) -> None:
        waiting = [answer for _, answer in turn]
        try:
            found = await self._ask([each for wanted, _ in turn for each in wanted])
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            for answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for answer in waiting:
                if not answer.done():
                    answer.set_result(found)
        finally:
            for answer in waiting:
                answer.cancel()  # only where the loop itself is ending: nobody is left waiting
