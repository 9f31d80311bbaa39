"""Hand each journalled delivery to its handler, carry out the decision, write down what came of it.

At least once, and in order for each repository: the row is written after the acts, so a delivery
that was cut short is handled again, and every act finds by its key what it has done before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.intake.acts import Actor, attempt, objects_only
from bot.intake.ahead import Ahead
from bot.intake.delivery import Delivery
from bot.intake.fenced import Fenced
from bot.intake.inflow import Inflow
from bot.intake.journal import Journal
from bot.intake.lanes import Lane, Lanes
from bot.log import logger
from bot.runs import Decision
from bot.store.cluster.term import Term
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Settlement, Waiting
from bot.store.journal.sqlite import NotWritten

_log = logger(__name__)

BACKOFF = (1.0, 5.0, 30.0, 120.0, 600.0, 600.0, 600.0)
"""Seconds before each further try; after the last one the delivery is dead."""

_SIDE_BY_SIDE = 8
_UNSETTLED = 8  # chunks that are handled and not yet written down as such
_CHUNK = 32  # deliveries of one lane that are read at once, and settled in one commit
_CHUNK_BYTES = 2**20
_POLL_SECONDS = 1.0
_YIELD_SECONDS = 0.005
_LONGEST_YIELD = 20  # times: even under a flood each worker handles ten deliveries a second


class Dispatcher:
    """The one dispatcher of a journal; `run` works until it is cancelled.

    ``term`` where several processes share the database: it is this one's turn as long as it holds.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        *,
        handle: Callable[[Delivery], Awaitable[Decision]],
        act: Actor,
        term: Term | None = None,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        self._database = database
        self._journal = journal
        self._term = term
        act = Fenced(act, term) if term else act
        self._lanes = Lanes()
        self._inflow = Inflow(database, self._lanes, term) if term else None
        take = self._inflow.take if self._inflow else None
        self._ahead = Ahead(self._lanes, objects_only(handle), take)
        self._attempt = partial(attempt, handle=self._ahead.decide, act=act, backoff=backoff)
        self._settling = asyncio.TaskGroup()
        self._unsettled = asyncio.Semaphore(_UNSETTLED)

    async def run(self) -> None:
        """Take up what is open, then whatever comes in."""
        self._journal.listen(self._ahead)
        try:
            self._add(await self._database.read(deliveries.waiting))
            async with self._settling as group:
                for _ in range(_SIDE_BY_SIDE):
                    group.create_task(self._work())
                group.create_task(self._take_up_requeued())
                if self._inflow:
                    group.create_task(self._inflow.follow())
        finally:
            self._journal.listen(None)
            self._ahead.close()

    async def _take_up_requeued(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if await self._database.read(deliveries.any_requeued):
                self._add(await self._database.write(deliveries.take_requeued), again=True)

    def _add(self, waiting: Sequence[Waiting], *, again: bool = False) -> None:
        now = time.time()
        for one in waiting:
            self._lanes.add(one, (one.due_at or now) - now, again=again)

    async def _work(self) -> None:
        while True:
            lane = await self._lanes.next()
            await self._advance(lane)

    async def _advance(self, lane: Lane) -> None:
        """Handle the next deliveries of a lane, up to the first one that has to wait."""
        taken = lane.take(_CHUNK)
        open_ones, undone = await self._read(taken)
        delay = 0.0
        kept: list[tuple[Settlement, asyncio.Future[int]]] = []
        for n, (seq, delivery) in enumerate(open_ones):
            await self._let_intake_go_first()
            settlement = await self._attempt(delivery, seq)
            if self._term:
                await self._term.sure()
            kept.append((settlement, self._journal.settle(settlement)))
            if settlement.due_at is not None:
                undone, delay = [later for later, _ in open_ones[n:]] + undone, settlement.due_at
                break
        done = set(taken).difference(undone)
        if undone:
            await self._settle(kept, done)
        else:
            # the lane's next delivery need not wait for the disk: people wait for its answer
            await self._unsettled.acquire()
            settling = self._settling.create_task(self._settle(kept, done))
            settling.add_done_callback(lambda _: self._unsettled.release())
        self._lanes.give_back(lane, undone, delay and delay - time.time())

    async def _read(self, seqs: list[int]) -> tuple[list[tuple[int, Delivery]], list[int]]:
        """Answer those that are still open, and those that there was no room for now."""
        fresh = self._journal.take_fresh(seqs)
        if fresh is not None:
            return list(zip(seqs, map(Delivery.fresh, fresh), strict=True)), []
        take = partial(deliveries.take, seqs=seqs, budget=_CHUNK_BYTES)
        rows, undone = await self._database.read(take)
        return [(row.seq, Delivery.of(row)) for row in rows], undone

    async def _let_intake_go_first(self) -> None:
        for _ in range(_LONGEST_YIELD):
            if not self._journal.arriving:
                return
            await asyncio.sleep(_YIELD_SECONDS)

    async def _settle(
        self, kept: list[tuple[Settlement, asyncio.Future[int]]], done: set[int]
    ) -> None:
        """Wait for the rows; where the disk has no room, try again until it has."""
        for settlement, future in kept:
            while True:
                try:
                    await future
                    break
                except NotWritten as error:
                    _log.error("decision on delivery %d is not written: %s", settlement.seq, error)
                    await asyncio.sleep(_POLL_SECONDS)
                    future = self._journal.settle(settlement)
        self._lanes.done(done)
