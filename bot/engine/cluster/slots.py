"""How many agents work at once in one process, and who is next (`bot.engine.cluster.fairness`)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.engine.cluster.fairness import Limits, Load, Want, choose, line


class Withdrawn(Exception):
    """The run was told to end while its child waited."""


class Slots:
    """Taken inside a child's body, never in a recorded step, so that recovery takes them again."""

    def __init__(self, *, worker: int, limits: Limits) -> None:
        self.worker = worker
        """How many there are in all."""
        self.limits = limits
        self._open = True
        self._load = Load()
        self._at_work = 0
        self._waiting: dict[str, tuple[Want, asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def take(self, want: Want) -> AsyncIterator[None]:
        """Wait for a slot; whoever could not begin yet holds up nobody behind.

        Raises Withdrawn where the run was told to end meanwhile.
        """
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[want.child] = _now(want), admitted
        self._admit()
        try:
            await admitted
            yield
        finally:
            if self._waiting.pop(want.child, None) is None:
                self._at_work -= 1
                self._load.release(want)
            self._admit()

    @property
    def waiting(self) -> set[str]:
        """The children that wait."""
        return set(self._waiting)

    async def queue(self) -> list[Want]:
        """List those who wait, in the order in which they will begin."""
        load = Load(dict(self._load.served), self._load.held.copy())
        return line([want for want, _ in self._waiting.values()], load)

    async def place(self, want: Want) -> int | None:
        """The place of one more in the queue, from 1; None: it need not wait."""
        free = self._open and self._at_work < self.worker and self._load.fits(want, self.limits)
        return None if free else len(self._waiting) + 1

    async def total(self) -> int:
        """How many can work at once."""
        return self.worker

    async def withdraw(self, run_id: str) -> None:
        """End the waiting of a run's child, which raises Withdrawn: the engine would not end it
        before its next step, nor its parent before it."""
        for want, admitted in self._waiting.values():
            if want.run_id == run_id and not admitted.done():
                admitted.set_exception(Withdrawn(want.child))

    async def let_go(self, child: str) -> None:
        """Give a turn back that was not taken: here none is had before it is taken."""

    def open(self, *, on: bool) -> None:
        """Let nobody begin any more, or again."""
        self._open = on
        self._admit()

    def _admit(self) -> None:
        if not self._open:
            return
        wants = [want for want, _ in self._waiting.values()]
        for want in choose(wants, self._load, self.limits, self.worker - self._at_work):
            _, admitted = self._waiting.pop(want.child)
            self._at_work += 1
            if not admitted.done():
                admitted.set_result(None)


def _now(want: Want) -> Want:
    return replace(want, asked_at=time.monotonic())
