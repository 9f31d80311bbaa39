"""What other processes take in, for the one that dispatches: by news from the database, and by
looking each second where there are none."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from functools import partial

from bot.intake.lanes import Lanes
from bot.store.cluster.term import Term
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Waiting

POLL_SECONDS = 1.0
_GAP_SECONDS = 30.0
"""Longer than any commit takes: after that nothing comes in under a number that was left out."""
_MOST_GAPS = 1000
_ALL_SECONDS = 60.0  # between two looks at everything that is open


class Inflow:
    """Deliveries that came in elsewhere; numbers are given before the commit, so some come late."""

    def __init__(self, database: Database, lanes: Lanes, term: Term) -> None:
        self._database = database
        self._lanes = lanes
        self._news = term.news
        self._newest = 0
        self._gaps: dict[int, float] = {}

    def take(self, waiting: Waiting) -> bool:
        """Take one that came in here, unless some came in elsewhere before it: these go first."""
        if waiting.seq != self._newest + 1:
            self._news.set()
            return False
        self._add([waiting])
        return True

    async def follow(self) -> None:
        """Put what comes in into its lane, until cancelled."""
        self._newest = await self._database.read(deliveries.newest)
        looked = 0.0
        while True:
            if time.monotonic() - looked > _ALL_SECONDS:
                looked = time.monotonic()
                self._add(await self._database.read(deliveries.waiting))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._news.wait()
            self._news.clear()
            await self._look()

    async def _look(self) -> None:
        gaps = list(self._gaps)
        query = partial(deliveries.arrived, newest=self._newest, gaps=gaps)
        found = await self._database.read(query)
        # what came in here meanwhile may have been taken already, and be acted on
        self._add([one for one in found if one.seq > self._newest or one.seq in self._gaps])

    def _add(self, found: Sequence[Waiting]) -> None:
        now = time.time()
        for one in found:
            self._note(one.seq)
            self._lanes.add(one, (one.due_at or now) - now)
        ago = time.monotonic() - _GAP_SECONDS
        self._gaps = {seq: since for seq, since in self._gaps.items() if since > ago}

    def _note(self, seq: int) -> None:
        self._gaps.pop(seq, None)
        if seq > self._newest:
            first = max(self._newest + 1, seq - _MOST_GAPS)
            self._gaps |= dict.fromkeys(range(first, seq), time.monotonic())
            self._newest = seq
