"""Runs whose issue or pull request ended unheard: GitHub is asked what it says of each now.

For what its delivery log keeps no more, after an outage of days. It only ends runs; what begins one
is a person's label (``labels``).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from bot.intake.jitter import about
from bot.intake.labels import NO_ANSWER, Enter, Labels
from bot.log import logger
from bot.runs import Message, MessageKind, RepositoryRef, Run, Tell
from bot.store import runs
from bot.store.database import Database
from bot.store.journal.arrivals import Arrival

FIRST_SECONDS = 60.0
"""The sweep goes first: what it finds says who did it."""
EVERY_SECONDS = 6 * 3600.0
UNHEARD_SECONDS = 1800.0
"""What ended later may still be on its way, or has just been told."""
BETWEEN_SECONDS = 1.0
"""A call for each run that lives: an hour's limit of GitHub is 5,000."""

_log = logger(__name__)


class Reader(Protocol):
    """GitHub as an installation sees it."""

    async def getitem(self, url: str) -> Any: ...


class Someone(msgspec.Struct, frozen=True):
    login: str
    type: str


class Label(msgspec.Struct, frozen=True):
    name: str


class Found(msgspec.Struct, frozen=True):
    """An issue or a pull request, as far as it matters here."""

    state: str
    closed_at: datetime | None
    closed_by: Someone | None = None
    """Of an issue."""
    merged: bool = False
    merged_by: Someone | None = None
    labels: tuple[Label, ...] = ()

    @property
    def is_over(self) -> bool:
        """Was it closed so long ago that its delivery cannot be on its way?"""
        if self.state != "closed" or self.closed_at is None or self.closed_at.tzinfo is None:
            return False
        return datetime.now(UTC) - self.closed_at > timedelta(seconds=UNHEARD_SECONDS)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run was not told."""

    run: Run
    how: Message | Arrival
    """A delivery where a label was taken off: its handler asks what the person may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Looks at what living runs are about, one at a time."""

    database: Database
    reader: Callable[[RepositoryRef], Awaitable[Reader]]
    labels: Labels
    between: float = BETWEEN_SECONDS

    async def forever(self, tell: Callable[[Tell], Awaitable[str | None]], enter: Enter) -> None:
        """Look a while after the start and a few times a day, until cancelled."""
        await asyncio.sleep(about(FIRST_SECONDS))
        while True:
            try:
                if told := await self.once(tell, enter):
                    _log.warning("%d runs had ended at GitHub unheard, and are told now", told)
            except NO_ANSWER as error:
                _log.warning("runs that have ended wait for the next look: %s", error)
            await asyncio.sleep(about(EVERY_SECONDS))

    async def once(self, tell: Callable[[Tell], Awaitable[str | None]], enter: Enter) -> int:
        """Tell every living run whose issue or pull request is over; answer how many."""
        told = 0
        async for ending in self.endings():
            try:
                told += await self._end(ending, tell, enter)
            except Exception:  # noqa: BLE001 - one that cannot be told hides no other
                _log.exception("a run that is over could not be told", extra={"run": ending.run.id})
        return told

    async def endings(self) -> AsyncIterator[Ending]:
        """Find the runs that would be told; nothing is changed."""
        for run in await self.database.read(runs.all_living):
            try:
                how = await self._unheard(run)
            except NO_ANSWER as error:
                _log.info("GitHub does not say how it stands: %s", error, extra={"run": run.id})
                continue
            if how is not None:
                yield Ending(run, how)
            await asyncio.sleep(about(self.between))

    async def _end(
        self, ending: Ending, tell: Callable[[Tell], Awaitable[str | None]], enter: Enter
    ) -> bool:
        run, how = ending.run, ending.how
        if isinstance(how, Arrival):
            return bool(await enter(how))
        return await tell(Tell(run_id=run.id, message=how, key=f"unheard/{run.id}")) is None

    async def _unheard(self, run: Run) -> Message | Arrival | None:
        """Ask about the pull request that it follows, or else about the issue it works on."""
        if run.work.visit is not None:
            return None  # it asks by itself, before it says anything
        if run.created_at > time.time() - UNHEARD_SECONDS:
            return None
        where = f"/repos/{run.repository.full_name}"
        reader = await self.reader(run.repository)
        if run.following and run.pull_request:
            answer = await reader.getitem(f"{where}/pulls/{run.pull_request}")
            return _closed(run.pull_request, msgspec.convert(answer, Found))
        if run.following:
            return None
        issue = await reader.getitem(f"{where}/issues/{run.issue}")
        found = msgspec.convert(issue, Found)
        if found.state != "open":
            return _stopped(found)
        before = time.time() - UNHEARD_SECONDS
        return await self.labels.taken_off(run, [it.name for it in found.labels], before, issue)


def _closed(number: int, found: Found) -> Message | None:
    if not found.is_over:
        return None
    by = found.merged_by.login if found.merged_by else None
    how = "merged" if found.merged else "closed"
    reason = _said(f"pull request #{number} was {how}", by)
    return Message(kind=MessageKind.CLOSED, by=by, reason=reason, merged=found.merged)


def _stopped(found: Found) -> Message | None:
    if not found.is_over or (found.closed_by and found.closed_by.type == "Bot"):
        return None
    by = found.closed_by.login if found.closed_by else None
    return Message(kind=MessageKind.STOP, by=by, reason=_said("the issue was closed", by))


def _said(what: str, by: str | None) -> str:
    return f"{what} by {by}" if by else what
