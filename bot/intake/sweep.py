"""Missed deliveries: GitHub's own log of what it sent, against what came in.

GitHub never sends again by itself, and keeps its log for three days.
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import aiohttp
import msgspec

from bot.errors import CoppiceError
from bot.intake.fields import read_fields
from bot.intake.jitter import about
from bot.intake.journal import Journal
from bot.log import logger
from bot.runs import Record
from bot.store import marks
from bot.store.database import Connection, Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Arrival
from bot.telemetry import seen

KEPT_SECONDS = 3 * 24 * 3600.0
OVERLAP_SECONDS = 600.0
"""Read again each time: an entry may show up late in the log."""
ON_ITS_WAY_SECONDS = 30.0
"""Younger entries may still be coming in."""
AT_ONCE = 4
_MARK, _FIRST = "sweep", "sweep-first"
_MANY = 500

_log = logger(__name__)

T = TypeVar("T")


class Log(Protocol):
    """GitHub as the App sees it."""

    def getiter(self, url: str) -> AsyncIterator[Any]: ...

    async def getitem(self, url: str) -> Any: ...


class Missed(Record):
    """A delivery that GitHub made and that never came in."""

    id: int
    """Of the attempt in GitHub's log."""
    guid: str
    event: str
    action: str | None
    repository_id: int | None
    at: float
    """Unix time of the first attempt in the log."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Brings back what was missed; trust is the authenticated API, there is no signature."""

    log: Log
    database: Database
    every: float = 300.0
    """About so many seconds between two sweeps."""

    async def forever(self, journal: Journal) -> None:
        """Sweep now and then until cancelled; a GitHub that does not answer waits for the next."""
        while True:
            try:
                if found := await self.once(journal):
                    _log.warning("%d deliveries had been missed and are taken up now", found)
            except (CoppiceError, aiohttp.ClientError, TimeoutError) as error:
                _log.warning("the delivery log could not be read: %s", error)
            await asyncio.sleep(about(self.every))

    async def once(self, journal: Journal) -> int:
        """Journal what was missed, oldest first; answer how many."""
        began = time.time()
        missed = await self.missed()
        await self.bring_back(missed, journal)
        await self._mark(began)
        seen.swept(len(missed))
        return len(missed)

    async def bring_back(self, missed: list[Missed], journal: Journal) -> None:
        """Read each with its payload, a few at once, and journal them in their order."""
        for some in _batches(missed, AT_ONCE):
            for arrival in await asyncio.gather(*(self._fetch(each) for each in some)):
                await journal.enter(arrival)

    async def missed(self) -> list[Missed]:
        """Compare log and journal, oldest first; nothing counts from before the first start."""
        since = await self._since()
        listed: dict[str, Missed] = {}
        async for item in self.log.getiter("/app/hook/deliveries?per_page=100"):
            entry = _entry(item)
            if entry.at < since:
                break
            if entry.at < time.time() - ON_ITS_WAY_SECONDS or item["status"] != "OK":
                listed[entry.guid] = entry  # the newest come first, so the oldest attempt stays
        unknown: set[str] = set()
        for some in _batches(list(listed), _MANY):
            unknown |= await self.database.read(partial(deliveries.unknown, guids=some))
        return [entry for guid, entry in reversed(listed.items()) if guid in unknown]

    async def find(self, guid: str) -> Arrival | None:
        """Read one delivery from the log, whether it came in or not; None: it is not kept there."""
        newest: Missed | None = None
        async for item in self.log.getiter("/app/hook/deliveries?per_page=100"):
            if item["guid"] == guid:
                newest = _entry(item)
                break
        return None if newest is None else await self._fetch(newest)

    async def _since(self) -> float:
        """How far back to look: not before the first start, nor before what is kept."""

        def read(c: Connection) -> float:
            first = marks.get(c, _FIRST)
            if first is None:
                first = deliveries.oldest(c) or time.time()
                marks.put(c, _FIRST, first)
            mark = marks.get(c, _MARK) or first
            since = max(first, mark - OVERLAP_SECONDS, time.time() - KEPT_SECONDS)
            return math.floor(since)  # the log's times are whole seconds

        return await self.database.write(read)

    async def _mark(self, at: float) -> None:
        await self.database.write(lambda c: marks.put(c, _MARK, at))

    async def _fetch(self, missed: Missed) -> Arrival:
        """Read one with its payload, written as GitHub writes JSON, without spaces."""
        found = await self.log.getitem(f"/app/hook/deliveries/{missed.id}")
        body = msgspec.json.encode(found["request"]["payload"] or {})
        return Arrival(missed.guid, missed.event, *read_fields(body), missed.at, "sweep", body)


def _entry(item: Any) -> Missed:
    return Missed(
        id=item["id"],
        guid=item["guid"],
        event=item["event"],
        action=item["action"],
        repository_id=item["repository_id"],
        at=datetime.fromisoformat(item["delivered_at"]).timestamp(),
    )


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
