"""The time that an attempt may take: waiting for its model's host is none of it."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.agent.runtime import ModelSocket

T = TypeVar("T")


class Clock:
    def __init__(self, seconds: float, model: ModelSocket | None = None) -> None:
        """Begins now."""
        self.seconds = seconds
        self._model = model
        self._ends = time.monotonic() + seconds - self._waited

    @property
    def left(self) -> float:
        """Seconds; while the model's host keeps it waiting they do not get fewer."""
        return max(0.0, self._ends + self._waited - time.monotonic())

    async def bound(self, work: Coroutine[Any, Any, T]) -> T:
        """See work through; raises TimeoutError where the time is over before, and ends it."""
        task = asyncio.create_task(work)
        try:
            await self.wait({task})
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def wait(self, works: "set[asyncio.Task[Any]]") -> None:
        """Wait until the first of them is done, or the time is over."""
        while (left := self.left) > 0:
            done, _ = await asyncio.wait(works, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return

    @property
    def _waited(self) -> float:
        return self._model.waited if self._model is not None else 0.0
