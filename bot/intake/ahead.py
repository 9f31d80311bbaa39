"""Decide on a delivery while it is still being written down: people wait for the first answer.

Handlers only read, so a delivery that is not kept after all leaves nothing behind; what a decision
says is done once the delivery is on disk, in its turn.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.intake.delivery import Delivery
from bot.intake.lanes import Lanes
from bot.log import bound
from bot.runs import Decision
from bot.store.journal.arrivals import Arrival, Waiting

MOST = 4  # at once; under load each delivery waits for its turn

Handle = Callable[[Delivery], Awaitable[Decision]]


class Ahead:
    """Hears from the journal, and hands on what it has begun when its turn comes."""

    def __init__(
        self, lanes: Lanes, handle: Handle, take: Callable[[Waiting], bool] | None = None
    ) -> None:
        """``take`` puts a delivery into its lane; False: others, of elsewhere, go before it."""
        self._lanes = lanes
        self._handle = handle
        self._take = take
        self._begun: dict[str, tuple[Arrival, asyncio.Task[Decision]]] = {}

    def arriving(self, arrival: Arrival) -> None:
        """Begin with one that nothing of its repository is before."""
        free = len(self._begun) < MOST and self._lanes.idle(arrival)
        beside = any(_together(arrival, other) for other, _ in self._begun.values())
        if free and not beside:
            task = asyncio.ensure_future(self._decide(Delivery.fresh(arrival)))
            self._begun[arrival.guid] = arrival, task

    def arrived(self, arrival: Arrival, waiting: Waiting) -> None:
        """Let it take its turn: it is on disk. What was begun out of turn is begun again."""
        if self._take is None:
            self._lanes.add(waiting)
            return
        idle = self._lanes.idle(arrival)
        if not (self._take(waiting) and idle):
            self.gone(arrival)

    def gone(self, arrival: Arrival) -> None:
        """Forget what was begun of one that was seen before or could not be written."""
        known, task = self._begun.get(arrival.guid, (None, None))
        if known is arrival and task is not None:
            del self._begun[arrival.guid]
            _drop(task)

    async def decide(self, delivery: Delivery) -> Decision:
        """Answer what was begun, else decide now."""
        _, task = self._begun.pop(delivery.guid, (None, None))
        return await (task or self._handle(delivery))

    def close(self) -> None:
        for _, task in self._begun.values():
            _drop(task)
        self._begun.clear()

    async def _decide(self, delivery: Delivery) -> Decision:
        with bound(delivery=delivery.guid):
            return await self._handle(delivery)


def _together(one: Arrival, other: Arrival) -> bool:
    same_repository = one.repository_id == other.repository_id
    return same_repository and one.installation_id == other.installation_id


def _drop(task: asyncio.Task[Decision]) -> None:
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
