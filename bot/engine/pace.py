"""When the progress of a run is told: seldom, and without a step of the engine for every no."""

import time

from cachetools import LRUCache

from bot.runs import Run

SECONDS = 15.0  # the effects leave out progress that comes sooner after the last edit


class Pace:
    """Kept in memory only: forgotten, it costs a look into the ledger."""

    def __init__(self) -> None:
        self._told: LRUCache[str, float] = LRUCache(4096)

    def due(self, run: Run) -> bool:
        """Is it time to tell people how far the run is? Whoever is told yes tells them."""
        now = time.time()
        if now - self._told.get(run.id, run.created_at) < SECONDS:
            return False
        self._told[run.id] = now
        return True
