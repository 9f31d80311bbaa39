"""Deliveries on disk before they are acknowledged: one thread writes, many share a commit."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from typing import Protocol, Self

from bot.log import logger
from bot.store.journal.arrivals import Arrival, Settlement, Waiting
from bot.store.journal.sqlite import NotWritten, Outcome, SqliteWriter, Writer
from bot.store.sqlite import SqliteFile

_log = logger(__name__)

_LARGEST_BATCH = 64

_MOST_FRESH, _FRESH_BYTES = 32, 64 * 1024
"""So many deliveries, and none larger, are handed on in memory; others are read from disk."""

_Item = tuple[Arrival | Settlement, asyncio.Future[int]]


class Listener(Protocol):
    """Whoever acts on deliveries."""

    def arriving(self, arrival: Arrival) -> None:
        """Hear of one that is being written down."""

    def arrived(self, arrival: Arrival, waiting: Waiting) -> None:
        """Hear that it is on disk."""

    def gone(self, arrival: Arrival) -> None:
        """Hear that it was seen before, or could not be written."""


class Journal:
    """The deliveries of one database; belongs to the event loop that opened it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._listener: Listener | None = None
        self._closed = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._fresh: dict[int, Arrival] = {}
        self.arriving = 0
        """Deliveries that wait for their commit now."""
        self.entered = self.seen = self.refused = 0
        """Deliveries since the start: written down, seen before, not written."""
        threading.Thread(target=self._run, name="journal", daemon=True).start()

    @classmethod
    async def open(cls, where: SqliteFile | str) -> Self:
        """Open the journal of an SQLite file, or of the PostgreSQL database of a URL."""
        if isinstance(where, SqliteFile):
            return cls(await asyncio.to_thread(SqliteWriter, where))
        from bot.store.journal.postgres import PostgresWriter  # late: on SQLite nobody needs it

        return cls(PostgresWriter(where))

    def listen(self, listener: Listener | None) -> None:
        """Tell `listener`, in the event loop, of each delivery from now on; None: nobody."""
        self._listener = listener

    def enter(self, arrival: Arrival) -> asyncio.Future[int]:
        """Write a delivery down; 0: it was seen before. The future raises NotWritten."""
        written = self._enqueue(arrival)
        if self._listener and not written.done():
            self._listener.arriving(arrival)
        return written

    def take_fresh(self, seqs: Sequence[int]) -> list[Arrival] | None:
        """Give out deliveries that came in just now, once; None: not all are in memory."""
        found = [self._fresh.pop(seq, None) for seq in seqs]
        fresh = [arrival for arrival in found if arrival is not None]
        return fresh if len(fresh) == len(found) else None

    def settle(self, settlement: Settlement) -> asyncio.Future[int]:
        """Write down what became of a delivery; the future raises NotWritten."""
        return self._enqueue(settlement)

    async def close(self) -> None:
        """Write what is waiting, then close."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.shield(self._ended)

    def _enqueue(self, item: Arrival | Settlement) -> asyncio.Future[int]:
        future: asyncio.Future[int] = self._loop.create_future()
        if self._closed:
            future.set_exception(NotWritten("the journal is closed"))
        else:
            self.arriving += isinstance(item, Arrival)
            self._queue.put((item, future))
        return future

    def _run(self) -> None:
        """The writer thread: commit whatever has gathered while the last commit ran."""
        item = self._next()
        while item is not None:
            batch = [item]
            while len(batch) < _LARGEST_BATCH and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    break
                batch.append(item)
            self._commit(batch)
            item = item and self._next()
        self._writer.close()
        self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _next(self) -> _Item | None:
        while True:
            try:
                return self._queue.get(timeout=self._writer.owing)
            except queue.Empty:
                self._writer.tell()

    def _commit(self, batch: list[_Item]) -> None:
        arrivals = [(item, future) for item, future in batch if isinstance(item, Arrival)]
        settlements = [(item, future) for item, future in batch if isinstance(item, Settlement)]
        outcomes = self._write([a for a, _ in arrivals], [s for s, _ in settlements])
        ordered: list[_Item] = [*arrivals, *settlements]
        self._loop.call_soon_threadsafe(self._answer, ordered, outcomes)

    def _write(self, arrivals: list[Arrival], settlements: list[Settlement]) -> list[Outcome]:
        try:
            return self._writer.write(arrivals, settlements)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, senders must hear that nothing was kept, and the next ones be served.
            _log.exception("journal")
            return [NotWritten(repr(error))] * (len(arrivals) + len(settlements))

    def _answer(self, batch: list[_Item], outcomes: list[Outcome]) -> None:
        self.arriving -= sum(isinstance(item, Arrival) for item, _ in batch)
        for (item, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(item, Arrival):
                self._count(outcome)
                if self._listener:
                    self._tell(self._listener, item, outcome)
            if future.done():  # the sender hung up
                continue
            if isinstance(outcome, int):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)

    def _count(self, outcome: Outcome) -> None:
        if outcome == 0:
            self.seen += 1
        elif isinstance(outcome, int):
            self.entered += 1
        else:
            self.refused += 1

    def _tell(self, listener: Listener, arrival: Arrival, outcome: Outcome) -> None:
        if isinstance(outcome, NotWritten) or outcome == 0:
            listener.gone(arrival)
            return
        self._keep(outcome, arrival)
        listener.arrived(
            arrival, Waiting(outcome, arrival.repository_id, arrival.installation_id, due_at=None)
        )

    def _keep(self, seq: int, arrival: Arrival) -> None:
        if len(arrival.payload) <= _FRESH_BYTES:
            self._fresh[seq] = arrival
            if len(self._fresh) > _MOST_FRESH:
                del self._fresh[next(iter(self._fresh))]
