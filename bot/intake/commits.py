"""Write deliveries in the order in which they came in, whatever has gathered in one commit."""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from bot.log import logger
from bot.store.journal.arrivals import Arrival, Settlement
from bot.store.journal.sqlite import NotWritten, Outcome, SqliteWriter

_log = logger(__name__)

_LARGEST_BATCH = 64

Item = tuple[Arrival | Settlement, asyncio.Future[int]]
Answer = Callable[[Sequence[Item], Sequence[Outcome]], None]
"""Hears in the event loop what became of each; all of one commit at once."""


class Commits(Protocol):
    """Belongs to the event loop that made it."""

    def start(self, answer: Answer) -> None: ...

    def put(self, item: Item) -> None:
        """Have one written after all before it."""

    async def close(self) -> None:
        """Write what is waiting, then end; nothing is put in after that."""


class LoopWriter(Protocol):
    """A database that answers on the event loop (bot.store.journal.postgres)."""

    async def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]: ...

    @property
    def owing(self) -> float | None: ...

    async def tell(self) -> None: ...

    async def close(self) -> None: ...


class _Batch:
    """What goes into one commit: deliveries first, then what became of others."""

    def __init__(self, items: Sequence[Item]) -> None:
        entering = [(item, future) for item, future in items if isinstance(item, Arrival)]
        settled = [(item, future) for item, future in items if isinstance(item, Settlement)]
        self.items: list[Item] = [*entering, *settled]
        self.arrivals = [item for item, _ in entering]
        self.settlements = [item for item, _ in settled]

    def failed(self, error: Exception) -> list[Outcome]:
        """Whatever it is, senders must hear that nothing was kept, and the next ones be served."""
        _log.error("journal", exc_info=error)
        return [NotWritten(repr(error))] * len(self.items)


class InThread:
    """For SQLite, whose commits wait for the disk: a thread that goes from one to the next."""

    def __init__(self, writer: SqliteWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._closed = False
        self._ended: asyncio.Future[None] = self._loop.create_future()

    def start(self, answer: Answer) -> None:
        threading.Thread(target=self._run, args=(answer,), name="journal", daemon=True).start()

    def put(self, item: Item) -> None:
        self._queue.put(item)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.shield(self._ended)

    def _run(self, answer: Answer) -> None:
        item = self._queue.get()
        while item is not None:
            gathered = [item]
            while len(gathered) < _LARGEST_BATCH and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    break
                gathered.append(item)
            batch = _Batch(gathered)
            self._loop.call_soon_threadsafe(answer, batch.items, self._write(batch))
            item = item and self._queue.get()
        self._writer.close()
        self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _write(self, batch: _Batch) -> list[Outcome]:
        try:
            return self._writer.write(batch.arrivals, batch.settlements)
        except Exception as error:  # noqa: BLE001
            return batch.failed(error)


class InLoop:
    """For PostgreSQL: a task, as a thread would have to be woken twice for each commit."""

    def __init__(self, writer: LoopWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._items: deque[Item] = deque()
        self._idle: asyncio.Future[None] | None = None
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def start(self, answer: Answer) -> None:
        self._task = asyncio.create_task(self._run(answer), name="journal")

    def put(self, item: Item) -> None:
        self._items.append(item)
        self._wake()

    async def close(self) -> None:
        self._closed = True
        self._wake()
        if self._task:
            await asyncio.shield(self._task)

    async def _run(self, answer: Answer) -> None:
        while await self._gathered():
            most = min(len(self._items), _LARGEST_BATCH)
            batch = _Batch([self._items.popleft() for _ in range(most)])
            outcomes = await self._write(batch)
            try:
                answer(batch.items, outcomes)
            except Exception:  # noqa: BLE001 (those that come after are written nevertheless)
                _log.exception("journal")
            await asyncio.sleep(0)  # whatever the loop has for us already goes along
        await self._writer.close()

    async def _gathered(self) -> bool:
        """Wait for something to write, and tell of it when it is time; False: there is no more."""
        while not (self._items or self._closed):
            owing = self._writer.owing
            if owing == 0:
                await self._writer.tell()
                continue
            self._idle = self._loop.create_future()
            timer = None if owing is None else self._loop.call_later(owing, self._wake)
            await self._idle
            if timer:
                timer.cancel()
        return bool(self._items)

    def _wake(self) -> None:
        if self._idle and not self._idle.done():
            self._idle.set_result(None)

    async def _write(self, batch: _Batch) -> list[Outcome]:
        try:
            return await self._writer.write(batch.arrivals, batch.settlements)
        except Exception as error:  # noqa: BLE001
            return batch.failed(error)
