"""What one process shows of itself and of the database, gathered anew for each scrape.

Figures of the database are the same from every process that has it: take the largest, never a sum.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.log import logger
from bot.telemetry.health import Health

if TYPE_CHECKING:
    from bot.store.figures import Figures

KEPT_SECONDS = 5.0
"""Figures are read from the database once in so long, however often they are asked for."""
PATIENCE = 3.0
"""Seconds that a scrape waits for the database; then it goes without."""

_log = logger(__name__)


class Journaled(Protocol):
    """What the journal counts."""

    arriving: int
    entered: int
    seen: int
    refused: int


@dataclass(slots=True, kw_only=True)
class Board:
    """One for the process; the composition root fills in what there is."""

    role: str
    health: Health
    journal: Journaled
    refused: Counter[int] = field(default_factory=Counter)
    """Webhooks that were turned away, by status."""
    read: "Callable[[], Awaitable[Figures]] | None" = None
    """Counts in the database; a process that only takes deliveries in does without."""
    leads: Callable[[], bool] | None = None
    """Does this process dispatch for all?"""
    writes: Callable[[], float] | None = None
    """Share of the write budget that the fullest installation has used, 0 to 1."""
    box: tuple[str, int] | None = None
    """Name and level of the box."""
    figures: "Figures | None" = None
    _read_at: float = 0.0
    _reading: "asyncio.Task[Figures] | None" = None

    async def refresh(self) -> None:
        """Read the figures anew where they are old; without an answer there are none."""
        if self.read is None or time.monotonic() - self._read_at < KEPT_SECONDS:
            return
        if self._reading is None:
            self._reading = asyncio.ensure_future(self.read())
        done, _ = await asyncio.wait((self._reading,), timeout=PATIENCE)
        if not done:
            self.figures = None  # the query goes on; the next scrape looks at it again
            return
        task, self._reading = self._reading, None
        if task is None:  # another scrape has taken it
            return
        try:
            self.figures = task.result()
            self._read_at = time.monotonic()
        except Exception as error:  # noqa: BLE001 a scrape says so, and shows the rest
            _log.warning("the figures cannot be read: %s", error)
            self.figures = None

    async def text(self) -> bytes:
        """Write everything in Prometheus's text format."""
        # imported at the first scrape: a process that nobody scrapes stays without it
        from bot.telemetry import exposition

        await self.refresh()
        return await asyncio.to_thread(exposition.write, self)

    def journalled(self) -> Iterator[tuple[str, int]]:
        """Count what came in over HTTP, by what became of it there."""
        yield "new", self.journal.entered
        yield "seen", self.journal.seen
        yield "failed", self.journal.refused
