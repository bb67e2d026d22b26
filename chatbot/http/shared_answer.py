"""Sharing the answer of a costly question among all who ask it at about the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

AnswerT = TypeVar("AnswerT")


class SharedAnswer(Generic[AnswerT]):
    """Asks at most once in `seconds`; in between everybody gets the answer from then, its exception included."""

    def __init__(
        self, ask: Callable[[], Awaitable[AnswerT]], seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._clock = clock
        self._answer: asyncio.Task[AnswerT] | None = None
        self._fresh_until = 0.0

    async def get(self) -> AnswerT:
        """Return an answer that is younger than `seconds`; waits for one that is on its way."""
        if self._answer is None or (self._answer.done() and self._clock() >= self._fresh_until):
            self._answer = asyncio.create_task(self._asked())
        return await asyncio.shield(self._answer)

    async def _asked(self) -> AnswerT:
        try:
            return await self._ask()
        finally:
            self._fresh_until = self._clock() + self._seconds
