"""When the progress of a run is told: seldom, and without a step of the engine for every no."""

import time
from collections.abc import Callable

from cachetools import LRUCache

from bot.github.effects.apply import PROGRESS_SECONDS
from bot.runs import Run

MOST = 4096


class Pace:
    """Kept in memory only: forgotten, it costs a look into the ledger."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._told: LRUCache[str, float] = LRUCache(MOST)
        self._owed: LRUCache[str, float] = LRUCache(MOST)

    def due(self, run: Run) -> bool:
        """Is it time to tell people how far the run is? Whoever is told yes tells them."""
        now, since = self._clock(), self._told.get(run.id, run.created_at)
        self.put_off(run.id)  # the stage begins after this question, and may last
        if now - since < PROGRESS_SECONDS:
            return False
        self._told[run.id] = now
        return True

    def owing(self) -> list[str]:
        """The runs that have been in one stage for a while, each once; told yes by this."""
        now = self._clock()
        found = [run_id for run_id, at in list(self._owed.items()) if at <= now]
        for run_id in found:
            self._told[run_id] = now
            self._owed.pop(run_id, None)
        return found

    def put_off(self, run_id: str) -> None:
        """It is owed after a while: what was written just now is too fresh to be edited."""
        self._owed[run_id] = self._clock() + PROGRESS_SECONDS
