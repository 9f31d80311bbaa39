"""Work that goes on after the call that began it was answered."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class Background:
    """Keeps tasks until they end; what fails in one is kept in ``failures``."""

    def __init__(self, failures: list[str]) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failures = failures

    def start(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failures.append(f"background: {error!r}")
            log.error("work in the background failed", exc_info=error)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
