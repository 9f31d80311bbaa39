"""One worker among those of a database: its name, its heartbeat, and whether it may still write.

Whoever is declared dead by the others, or has left, writes nothing more: each transaction asks
inside itself, and each write to GitHub right before it. The answer no ends the process, because a
step that failed for this would be recorded as the run's failure.
"""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, NoReturn

from bot.engine.cluster.lock import IN_USE
from bot.errors import OperatorError
from bot.store import calls
from bot.store.cluster import turns, workers
from bot.store.cluster.workers import BEAT_SECONDS, Worker, WorkerState
from bot.store.database import Connection, Database

if TYPE_CHECKING:
    from bot.store.cluster.seat import Seat

FENCED = 5  # exit code
LOOK_SECONDS = 2.5  # between two looks for workers that are gone
_log = logging.getLogger(__name__)


def end_process(code: int = FENCED) -> NoReturn:
    """End at once, with nothing written: others have what this process had."""
    os._exit(code)


@dataclass(slots=True, kw_only=True)
class Member:
    """The worker that this process is."""

    database: Database
    worker: Worker
    seat: "Seat | None"
    """None on SQLite, where a lock on the data directory does the same."""
    lost: Callable[[], NoReturn] = end_process
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another worker has something to tell."""
    asked_to_leave: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, database: Database, url: str, name: str, slots: int) -> "Member":
        worker = Worker(
            name=name,
            life=secrets.token_hex(8),
            version=version("coppice-bot"),
            pid=os.getpid(),
            host=socket.gethostname(),
            slots=slots,
        )
        if database.file is not None:
            return cls(database=database, worker=worker, seat=None)
        from bot.store.cluster.seat import Seat  # late: on SQLite nobody needs the driver

        return cls(database=database, worker=worker, seat=Seat(url, name))

    @property
    def name(self) -> str:
        return self.worker.name

    @property
    def alone(self) -> bool:
        """Is there never another worker?"""
        return self.seat is None

    async def join(self) -> None:
        """Take the name, and begin to live. Raises OperatorError (exit 3) where it is taken."""
        if self.seat is not None:
            if not await self.seat.take():
                holder = await self.database.read(lambda c: workers.get(c, self.name))
                raise _taken(self.name, holder)
            self.worker = self.worker.model_copy(update={"session": self.seat.session})
        await self.database.write(self._claim)
        if self.seat is not None:
            self.database.guard = self.guard

    def _claim(self, c: Connection) -> None:
        """Begin this life; what an earlier one had of turns is given back, its calls are over."""
        workers.claim(c, self.worker)
        if self.seat is None:
            calls.abandon_living(c)
            return
        calls.abandon_of(c, turns.runs_of(c, self.worker.name))
        turns.release(c, self.worker.name)

    async def keep(self) -> None:
        """Beat until cancelled."""
        if self.seat is not None:
            await self.seat.keep(self.worker.life, self.news.set, self._beaten)
        me = self.worker
        while True:
            await self._beaten(
                await self.database.note(lambda c: workers.beat(c, me.name, me.life))
            )
            await asyncio.sleep(BEAT_SECONDS)

    async def _beaten(self, state: WorkerState | None) -> None:
        if state is None and self.seat is not None:
            self._end("it was taken for dead while it did not answer")
        if state is WorkerState.DRAINING:
            self.asked_to_leave.set()

    def guard(self, c: Connection) -> None:
        """End the process unless it may still write; holds until the transaction is over."""
        if not workers.holds(c, self.worker.name, self.worker.life):
            self._end("it writes no more")

    async def fence(self) -> None:
        """The same, for what is written elsewhere than in the database."""
        if self.seat is not None:
            await self.database.note(lambda _: None)

    async def drain(self) -> None:
        """Begin nothing new from now on."""
        me = self.worker
        await self.database.write(
            lambda c: workers.change(c, me.name, WorkerState.DRAINING, life=me.life)
        )

    async def leave(self, hand_over: Callable[[Connection], None]) -> None:
        """Write no more, and have the others go on at once."""
        me = self.worker
        self.lost = partial(end_process, 0)  # whatever still wants to write

        def left(c: Connection) -> None:
            if workers.change(c, me.name, WorkerState.LEFT, life=me.life):
                hand_over(c)

        await self.database.write(left)

    def _end(self, why: str) -> NoReturn:
        _log.critical("worker %s ends: %s", self.name, why)
        self.lost()


Recover = Callable[[str], int]
"""Takes over the runs of a worker by its name; answers how many there were."""


@dataclass(slots=True, kw_only=True)
class Takeover:
    """Looks for workers that are gone, and goes on with what they had."""

    member: Member
    recover: Recover
    release: Callable[[Connection, str], None]
    """Gives the turns of a worker that is gone to others."""
    taken_over: Callable[[], Awaitable[None]]
    _suspects: dict[str, float] = field(default_factory=dict)

    async def forever(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Take over what there is; answer how many runs that were."""
        await self._declare()
        found = await self.member.database.write(self._take)
        if found:
            await self.taken_over()
        return found

    async def _declare(self) -> None:
        """Who was silent at two looks is dead; after an outage all have to be heard first."""
        me = self.member.name
        now = await self.member.database.read(lambda c: workers.unseen(c, me))
        for name, seen_at in now.items():
            if self._suspects.get(name) == seen_at:
                await self._bury(name, seen_at)
        self._suspects = now

    async def _bury(self, name: str, seen_at: float) -> None:
        if await self.member.database.write(lambda c: workers.declare_dead(c, name, seen_at)):
            _log.warning("worker %s is dead: its runs go on elsewhere", name)

    def _take(self, c: Connection) -> int:
        """One taker at a time: the row stays locked, and stays until nothing more is found."""
        found = 0
        for worker in workers.gone(c, self.member.name):
            # before anybody else begins a call for the same run
            calls.abandon_of(c, turns.runs_of(c, worker.name))
            count = self.recover(worker.name)
            self.release(c, worker.name)
            if not count:
                workers.forget(c, worker.name)
            found += count
        return found


def _taken(name: str, holder: Worker | None) -> OperatorError:
    who = f"process {holder.pid} on {holder.host}" if holder else "another process"
    return OperatorError(
        f"The worker name {name} is in use by {who}. Give this one another COPPICE_WORKER, the same"
        " at every start; if that process was just killed, its name is free within 20 seconds.",
        exit_code=IN_USE,
    )
