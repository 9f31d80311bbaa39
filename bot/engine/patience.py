"""Ask GitHub for something however long it puts us off."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import EffectDelayed, EffectRefused
from bot.runs import Run
from bot.store import runs
from bot.store.database import Connection, Database

T = TypeVar("T")

LONGEST_WAIT = 600.0  # seconds between two tries of what GitHub puts off
SUSPENDED_SECONDS = 7 * 24 * 3600.0
FIRST_LOOK, LONGEST_LOOK = 2.0, 60.0  # seconds between looks whether a suspension was lifted


@dataclass(frozen=True, slots=True)
class Patience:
    """The time of a suspension is written down, so that a restart does not begin it anew."""

    database: Database

    async def ask(self, run: Run, question: Callable[[], Awaitable[T]]) -> T:
        """Answer what ``question`` answers; raises EffectRefused.

        A suspended installation may come back, so for seven days that is no refusal.
        """
        pause, suspended = FIRST_LOOK, run.work.suspended_since is not None
        while True:
            try:
                answer = await question()
            except EffectDelayed as delay:
                await asyncio.sleep(min(delay.seconds, LONGEST_WAIT))
            except EffectRefused as error:
                if error.kind != "suspended" or await self._over(run):
                    raise
                suspended = True
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_LOOK)
            else:
                if suspended:
                    await self._lifted(run)
                return answer

    async def _over(self, run: Run) -> bool:
        """Note when the suspension was first seen; has it lasted too long?"""

        def note(c: Connection) -> float:
            now = runs.get(c, run.id)
            since = now.work.suspended_since if now else None
            if since is None:
                since = time.time()
                runs.update(c, run.id, work={"suspended_since": since})
            return since

        return time.time() > await self.database.write(note) + SUSPENDED_SECONDS

    async def _lifted(self, run: Run) -> None:
        work = {"suspended_since": None}
        await self.database.write(lambda c: runs.update(c, run.id, work=work))
