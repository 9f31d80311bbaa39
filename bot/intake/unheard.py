"""Runs whose issue or pull request ended unheard: GitHub is asked what it says of each now.

For what its delivery log keeps no more, after an outage of days. It only ends runs: what begins one
is a person's act, which has to be heard.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import aiohttp
import msgspec

from bot.errors import CoppiceError
from bot.log import logger
from bot.runs import Message, MessageKind, RepositoryRef, Run, Tell
from bot.store import runs
from bot.store.database import Database

FIRST_SECONDS = 60.0
"""The sweep goes first: what it finds says who did it."""
EVERY_SECONDS = 6 * 3600.0
UNHEARD_SECONDS = 1800.0
"""What ended later may still be on its way, or has just been told."""
BETWEEN_SECONDS = 1.0
"""A call for each run that lives: an hour's limit of GitHub is 5,000."""

_NO_ANSWER = (CoppiceError, aiohttp.ClientError, TimeoutError, msgspec.ValidationError)
_log = logger(__name__)


class Reader(Protocol):
    """GitHub as an installation sees it."""

    async def getitem(self, url: str) -> Any: ...


class Someone(msgspec.Struct, frozen=True):
    login: str
    type: str


class Found(msgspec.Struct, frozen=True):
    """An issue or a pull request, as far as it matters here."""

    state: str
    closed_at: datetime | None
    closed_by: Someone | None = None
    """Of an issue."""
    merged: bool = False
    merged_by: Someone | None = None

    @property
    def is_over(self) -> bool:
        """Was it closed so long ago that its delivery cannot be on its way?"""
        if self.state != "closed" or self.closed_at is None or self.closed_at.tzinfo is None:
            return False
        return datetime.now(UTC) - self.closed_at > timedelta(seconds=UNHEARD_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Looks at what living runs are about, one at a time."""

    database: Database
    reader: Callable[[RepositoryRef], Awaitable[Reader]]
    tell: Callable[[Tell], Awaitable[str | None]]
    between: float = BETWEEN_SECONDS

    async def forever(self) -> None:
        """Look a while after the start and a few times a day, until cancelled."""
        await asyncio.sleep(_about(FIRST_SECONDS))
        while True:
            if told := await self.once():
                _log.warning("%d runs had ended at GitHub unheard, and are told now", told)
            await asyncio.sleep(_about(EVERY_SECONDS))

    async def once(self) -> int:
        """Tell every living run whose issue or pull request is over; answer how many."""
        told = 0
        for run in await self.database.read(runs.all_living):
            try:
                message = await self._unheard(run)
            except _NO_ANSWER as error:
                _log.info("GitHub does not say how it stands: %s", error, extra={"run": run.id})
                continue
            if message is not None and await self._tell(run, message) is None:
                told += 1
            await asyncio.sleep(_about(self.between))
        return told

    async def _tell(self, run: Run, message: Message) -> str | None:
        return await self.tell(Tell(run_id=run.id, message=message, key=f"unheard/{run.id}"))

    async def _unheard(self, run: Run) -> Message | None:
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
        return _stopped(msgspec.convert(await reader.getitem(f"{where}/issues/{run.issue}"), Found))


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


def _about(seconds: float) -> float:
    """Not at the same moment as everybody else."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311
