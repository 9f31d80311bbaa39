"""Acts of a process that may have lost its turn while it slept: none before that is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.intake.acts import Actor
from bot.intake.delivery import Delivery
from bot.runs import Again, Commanded, Effect, Pause, Start, Tell
from bot.store.cluster.term import Term


@dataclass(frozen=True, slots=True)
class Fenced:
    """Waits before each act until it is certain that this process leads."""

    act: Actor
    term: Term

    async def effect(self, delivery: Delivery, effect: Effect, n: int) -> None:
        await self.term.sure()
        await self.act.effect(delivery, effect, n)

    async def start(self, start: Start | Again) -> str | None:
        await self.term.sure()
        return await self.act.start(start)

    async def tell(self, tell: Tell) -> str | None:
        await self.term.sure()
        return await self.act.tell(tell)

    async def pause(self, pause: Pause) -> None:
        await self.term.sure()
        await self.act.pause(pause)

    async def note(self, commands: Sequence[Commanded]) -> None:
        await self.term.sure()
        await self.act.note(commands)
