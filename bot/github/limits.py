"""How much Coppice writes to GitHub: 80 a minute and 500 an hour for each installation.

GitHub takes about so many content-creating calls before its secondary limit answers, and tells
nobody where one stands. A quarter is kept for results: progress is left out first, then results
wait a moment, then they are put off.
"""

from collections import deque
from dataclasses import dataclass, field

from cachetools import LRUCache

from bot.errors import EffectDelayed
from bot.github.clock import Clock
from bot.store.cluster import writes
from bot.store.cluster.writes import Bound
from bot.store.database import Database

MINUTE = 60.0
HOUR = 3600.0
PROGRESS_SHARE = 0.75
PATIENCE = 5.0  # seconds that a result waits for room before it is put off


@dataclass(slots=True)
class _Window:
    """The times of the writes within the last ``seconds``."""

    seconds: float
    limit: int
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float, share: float) -> float:
        """Seconds until there is room for one more in this share of the limit."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        over = len(self.times) - int(self.limit * share)
        return 0.0 if over < 0 else self.times[over] + self.seconds - now

    def used(self, now: float) -> float:
        """The share of the limit that is taken, 0 to 1."""
        return sum(at > now - self.seconds for at in self.times) / self.limit


class WriteBudget:
    """Counts writes in this process; after a restart GitHub's own answer is the backstop."""

    def __init__(
        self, clock: Clock | None = None, *, per_minute: int = 80, per_hour: int = 500
    ) -> None:
        self._clock = clock or Clock()
        self._limits = ((MINUTE, per_minute), (HOUR, per_hour))
        self._installations: LRUCache[int, tuple[_Window, ...]] = LRUCache(4096)

    async def take(self, installation_id: int, *, progress: bool = False) -> bool:
        """Take one write; False: leave this progress out.

        A result waits up to five seconds for room, then raises EffectDelayed with the time left.
        """
        share = PROGRESS_SHARE if progress else 1.0
        wait = await self._try(installation_id, share)
        if wait > 0 and progress:
            return False
        if 0 < wait <= PATIENCE:
            await self._clock.sleep(wait)
            wait = await self._try(installation_id, share)
        if wait > 0:
            raise EffectDelayed("Coppice's own limit on writes to GitHub is reached", wait)
        return True

    async def _try(self, installation_id: int, share: float) -> float:
        """Take one write and answer 0, or the seconds until there is room."""
        wait = self._wait(installation_id, share)
        if wait <= 0:
            self._count(installation_id)
        return wait

    def _count(self, installation_id: int) -> None:
        for window in self._windows(installation_id):
            window.times.append(self._clock.monotonic())

    def fullest(self) -> float:
        """The largest share of a limit that any installation has used, 0 to 1."""
        now = self._clock.monotonic()
        windows = (window for each in self._installations.values() for window in each)
        return max((window.used(now) for window in windows), default=0.0)

    def _wait(self, installation_id: int, share: float) -> float:
        now = self._clock.monotonic()
        return max(window.wait(now, share) for window in self._windows(installation_id))

    def _windows(self, installation_id: int) -> tuple[_Window, ...]:
        windows = self._installations.get(installation_id)
        if windows is None:
            windows = tuple(_Window(seconds, limit) for seconds, limit in self._limits)
            self._installations[installation_id] = windows
        return windows


class SharedWriteBudget(WriteBudget):
    """Counts the writes of all machines, in the database and by its clock."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._database = database

    async def _try(self, installation_id: int, share: float) -> float:
        bounds = [Bound(seconds=s, most=max(1, int(most * share))) for s, most in self._limits]
        wait = await self._database.note(lambda c: writes.take(c, installation_id, bounds))
        if wait <= 0:
            self._count(installation_id)
        return wait
