"""Deliveries on disk before they are acknowledged: many share a commit."""

import asyncio
from collections.abc import Sequence
from typing import Protocol, Self

from bot.intake.commits import Commits, InLoop, InThread, Item
from bot.store.journal.arrivals import Arrival, Settlement, Waiting
from bot.store.journal.sqlite import NotWritten, Outcome, SqliteWriter
from bot.store.sqlite import SqliteFile

_MOST_FRESH, _FRESH_BYTES = 32, 64 * 1024
"""So many deliveries, and none larger, are handed on in memory; others are read from disk."""


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

    def __init__(self, commits: Commits) -> None:
        self._commits = commits
        self._loop = asyncio.get_running_loop()
        self._listener: Listener | None = None
        self._closed = False
        self._fresh: dict[int, Arrival] = {}
        self.arriving = 0
        """Deliveries that wait for their commit now."""
        self.entered = self.seen = self.refused = 0
        """Deliveries since the start: written down, seen before, not written."""
        commits.start(self._answer)

    @classmethod
    async def open(cls, where: SqliteFile | str) -> Self:
        """Open the journal of an SQLite file, or of the PostgreSQL database of a URL."""
        if isinstance(where, SqliteFile):
            return cls(InThread(await asyncio.to_thread(SqliteWriter, where)))
        from bot.store.journal.postgres import PostgresWriter  # late: on SQLite nobody needs it

        return cls(InLoop(PostgresWriter(where)))

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
        self._closed = True
        await self._commits.close()

    def _enqueue(self, item: Arrival | Settlement) -> asyncio.Future[int]:
        future: asyncio.Future[int] = self._loop.create_future()
        if self._closed:
            future.set_exception(NotWritten("the journal is closed"))
        else:
            self.arriving += isinstance(item, Arrival)
            self._commits.put((item, future))
        return future

    def _answer(self, batch: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
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
