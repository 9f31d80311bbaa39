"""This process as a worker among others: what runs beside its runs, and how it leaves."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from bot.engine.cluster.fairness import Limits
from bot.engine.cluster.member import Member, Takeover
from bot.engine.cluster.slots import Slots
from bot.engine.cluster.turns import ClusterTurns
from bot.engine.durable import system
from bot.engine.engine import Engine
from bot.runs import Again, Message, MessageKind, Tell
from bot.settings import Settings
from bot.store import calls, pauses
from bot.store.cluster import orders, turns, workers
from bot.store.cluster.orders import Order, OrderKind
from bot.store.database import Connection, Database

WATCH_SECONDS = 1.0
ORPHAN_SECONDS = 300.0
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Crew:
    """One worker's place among the others; on SQLite there are no others."""

    member: Member
    turns: Slots | ClusterTurns
    grace: float
    """Seconds that work may take to end when this worker leaves."""
    beating: asyncio.Task[None]
    """From the moment on that others know of it: GitHub may be slow to say who we are."""
    put_down: Callable[[Connection], None] | None = None
    """Notes on what is under way that this process was told to end."""

    @classmethod
    async def join(cls, settings: Settings, database: Database) -> Self:
        """Take our name among the workers. Raises OperatorError where another process has it."""
        slots = settings.limit_worker
        member = Member.of(database, database.url, settings.worker, slots)
        await member.join()
        limits = Limits(
            repository=settings.limit_repository, installation=settings.limit_installation
        )
        own: Slots | ClusterTurns = Slots(worker=slots, limits=limits)
        if not member.alone:
            own = ClusterTurns(
                database=database, worker=slots, limits=limits, me=member.name, news=member.news
            )
        beating = asyncio.create_task(member.keep())
        return cls(member=member, turns=own, grace=settings.grace_seconds, beating=beating)

    async def work(self, engine: Engine) -> None:
        """Do what a worker does beside its runs, until cancelled."""
        self.put_down = engine.benches.put_down
        async with asyncio.TaskGroup() as group:
            group.create_task(self._live())
            group.create_task(self._watch(engine))
            group.create_task(engine.acts.queue.keep_telling())
            group.create_task(engine.acts.progress.keep_telling())
            if isinstance(self.turns, ClusterTurns):
                takeover = Takeover(
                    member=self.member,
                    recover=system.recoverer(),
                    release=turns.release,
                    taken_over=self._taken_over,
                )
                group.create_task(self.turns.run())
                group.create_task(takeover.forever())
                group.create_task(self._adopt_orphans())

    async def drain(self) -> bool:
        """Begin nothing new and let work end for a while; False: there is nobody to go on."""
        if not isinstance(self.turns, ClusterTurns):
            return False
        self.member.asked_to_leave.set()
        self.turns.open(on=False)
        await self.member.drain()
        try:
            async with asyncio.timeout(self.grace):
                await self.turns.idle()
        except TimeoutError:
            _log.warning("worker %s: the rest goes on elsewhere", self.member.name)
        return True

    async def leave(self) -> None:
        """Write nothing more, and have others go on with the rest at once."""

        def last_words(c: Connection) -> None:
            if self.put_down is not None:
                self.put_down(c)
            if not self.member.alone:
                turns.tell(c)

        if not self.member.alone:
            await self.member.leave(last_words)
        else:
            await self.member.database.write(last_words)

    async def _live(self) -> None:
        await self.beating

    async def _watch(self, engine: Engine) -> None:
        """Do as an operator has asked at the command line, here or on another machine."""
        while True:
            paused, asked = await self.member.database.read(_asked)
            draining = self.member.asked_to_leave.is_set()
            self.turns.open(on=not paused and not draining)
            for order in asked:
                await self._carry_out(engine, order)
            await asyncio.sleep(WATCH_SECONDS)

    async def _carry_out(self, engine: Engine, order: Order) -> None:
        """Do it, though another worker may at the same time: twice is once, by its key."""
        key = f"order-{order.seq}"
        if order.kind is OrderKind.STOP:
            reason = "an operator put it into quarantine"
            message = Message(kind=MessageKind.STOP, by=None, reason=reason)
            problem = await engine.tell(Tell(run_id=order.run_id, message=message, key=key))
        else:
            problem = await engine.start(Again(run_id=order.run_id, key=key, by=order.by))
        if problem:
            _log.info("run %s: %s", order.run_id, problem)
        await self.member.database.write(lambda c: orders.done(c, [order.seq]))

    async def _taken_over(self) -> None:
        self.member.news.set()

    async def _adopt_orphans(self) -> None:
        """Now and then, look for executors of whom there is no row, and for calls of nobody."""
        database = self.member.database
        while True:
            found = sorted(await system.executors_at_work())
            names = await database.read(partial(workers.unknown, names=found))
            for name in names:
                _log.warning("worker %s is unknown: its runs go on elsewhere", name)
                await database.write(partial(workers.bury_unknown, name=name))
            await database.write(partial(calls.abandon_nobodys, now=time.time()))
            await database.write(turns.tidy)
            await asyncio.sleep(ORPHAN_SECONDS)


def _asked(c: Connection) -> tuple[bool, list[Order]]:
    return pauses.all_paused(c), orders.listing(c)
