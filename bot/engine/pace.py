"""When the progress of a run is told: seldom, and without a step of the engine for every no."""

import time

from cachetools import LRUCache

from bot.github.effects.apply import PROGRESS_SECONDS
from bot.runs import Run


class Pace:
    """Kept in memory only: forgotten, it costs a look into the ledger."""

    def __init__(self) -> None:
        self._told: LRUCache[str, float] = LRUCache(4096)

    def due(self, run: Run) -> bool:
        """Is it time to tell people how far the run is? Whoever is told yes tells them."""
        now = time.time()
        if now - self._told.get(run.id, run.created_at) < PROGRESS_SECONDS:
            return False
        self._told[run.id] = now
        return True
