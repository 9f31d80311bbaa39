"""A dispatcher with handlers and acts that a test scripts, and a record of what they were asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.intake.delivery import Delivery
from bot.intake.dispatcher import Dispatcher
from bot.runs import Again, Commanded, Decision, DecisionKind, Effect, Pause, Start, Tell, ignore
from bot.store.journal.deliveries import DeliveryRow
from tests.intake.door import Door


async def until(there: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(150):
        while not await there():
            await asyncio.sleep(0.01)


OPEN = (DecisionKind.PENDING, DecisionKind.ERROR)


async def nothing(_delivery: Delivery) -> Decision:
    return ignore("nothing to do")


@dataclass
class Office:
    door: Door
    handle: Callable[[Delivery], Awaitable[Decision]] = nothing
    handled: list[str] = field(default_factory=list)
    """GUIDs, in the order in which they were taken up."""
    done: list[Effect | Start | Again | Tell | Pause | Commanded] = field(default_factory=list)
    refuse: dict[str, Exception | str] = field(default_factory=dict)
    """What an act of a kind meets instead of success."""

    async def decide(self, delivery: Delivery) -> Decision:
        self.handled.append(delivery.guid)
        return await self.handle(delivery)

    async def effect(self, _delivery: Delivery, effect: Effect, _n: int) -> None:
        self._act(effect)

    async def start(self, start: Start | Again) -> str | None:
        return self._act(start)

    async def tell(self, tell: Tell) -> str | None:
        return self._act(tell)

    async def pause(self, pause: Pause) -> None:
        self.done.append(pause)

    async def note(self, commands: Sequence[Commanded]) -> None:
        self.done += commands

    def _act(self, act: Effect | Start | Again | Tell) -> str | None:
        met = self.refuse.get(act.kind if not isinstance(act, Tell) else "tell")
        if isinstance(met, Exception):
            raise met
        if met is None:
            self.done.append(act)
        return met

    async def settled(self, guid: str | None = None) -> list[DeliveryRow]:
        """Wait until every delivery (or one) has its decision; answer them in order of arrival."""
        rows: list[DeliveryRow] = []

        async def all_settled() -> bool:
            rows[:] = [row for row in await self.door.rows() if guid in (None, row.guid)]
            return bool(rows) and not any(row.decision in OPEN for row in rows)

        await until(all_settled)
        return rows


@asynccontextmanager
async def open_office(door: Door, backoff: Sequence[float] = (0.01,) * 7) -> AsyncIterator[Office]:
    office = Office(door)
    dispatcher = Dispatcher(
        door.database, door.journal, handle=office.decide, act=office, backoff=backoff
    )
    running = asyncio.create_task(dispatcher.run())
    try:
        yield office
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
