"""Who acts on deliveries: this process, or on PostgreSQL the one of its processes that leads."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from bot.intake.acts import Actor
from bot.intake.delivery import Delivery
from bot.intake.dispatcher import Dispatcher
from bot.intake.journal import Journal
from bot.intake.sweep import Sweep
from bot.intake.unheard import Unheard
from bot.runs import Decision
from bot.store import figures
from bot.store.cluster.term import Term
from bot.store.database import Database
from bot.telemetry.board import Board

TASK = "dispatcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatching:
    """The dispatcher, the sweep for what was missed, and the look at what was never heard of."""

    database: Database
    journal: Journal
    handle: Callable[[Delivery], Awaitable[Decision]]
    act: Actor
    sweep: Sweep | None
    unheard: Unheard | None
    board: Board

    async def forever(self) -> None:
        """Work whenever it is this process's turn, until cancelled."""
        if self.database.file:
            await self._work(None)
        else:
            from bot.store.cluster.leader import Leader  # late: on SQLite nobody needs the driver

            leader = Leader(self.database.url, TASK)
            self.board.leads = lambda: leader.leading
            self.board.health.probe("leader", self._look_for_leader)
            await leader.lead(self._work)

    async def _look_for_leader(self) -> str:
        """Say who dispatches, in two words; raises LookupError while nobody does."""
        from bot.store.cluster.leader import CLASS, lock_of

        if self.board.leads and self.board.leads():
            return "this process"
        if await self.database.read(partial(figures.has_leader, lock=(CLASS, lock_of(TASK)))):
            return "another process"
        raise LookupError("nobody dispatches yet")

    async def _work(self, term: Term | None) -> None:
        dispatcher = Dispatcher(
            self.database, self.journal, handle=self.handle, act=self.act, term=term
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(dispatcher.run())
            if self.sweep:
                group.create_task(self.sweep.forever(self.journal))
            if self.unheard:
                group.create_task(self.unheard.forever(self.act.tell, self.journal.enter))
                group.create_task(self.unheard.labels.forever(self.journal.enter))
