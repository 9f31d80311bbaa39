"""Write to the database for all attempts: what waits at one moment goes into one transaction."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from bot.log import logger
from bot.store.database import Connection, Database
from bot.store.limits import Past

_log = logger(__name__)

LATER_SECONDS = 0.03

T = TypeVar("T")
_Entry = tuple[Callable[[Connection], Any], "asyncio.Future[Any]"]


class Books:
    """A hundred calls at once then cost a few commits, not two hundred."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Entry] = []
        self._later: list[_Entry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self.past = Past()

    def enter(self, query: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Write in the order in which it was asked for; done means that a kill leaves it."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((query, future))
        self._begin()
        return future

    def enter_later(self, query: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Write what nobody waits for: an agent's next call often comes in the same moment."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._later.append((query, future))
        if self._timer is None:
            self._timer = loop.call_later(LATER_SECONDS, self._take_later)
        return future

    async def close(self) -> None:
        """Wait until everything is written."""
        self._take_later()
        while self._writing is not None:
            await asyncio.shield(self._writing)

    def _take_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting += self._later
        self._later = []
        self._begin()

    def _begin(self) -> None:
        if self._waiting and self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                entries, self._waiting = self._waiting, []
                await self._commit(entries)
        finally:
            self._writing = None

    async def _commit(self, entries: list[_Entry]) -> None:
        queries = [query for query, _ in entries]
        try:
            results = await self._database.note(lambda c: [query(c) for query in queries])
        except Exception as error:  # noqa: BLE001 each of those who wait is told
            _log.exception("calls could not be written down")
            for _, future in entries:
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # not everybody waits for it, and the log has it
            return
        for (_, future), result in zip(entries, results, strict=True):
            if not future.done():
                future.set_result(result)
