"""Labels that were put on or taken off while nobody listened, longer ago than GitHub keeps its log.

Each that matters becomes a delivery under an id of GitHub's own event: it is acted on once, by the
handler that would have heard of it, by what the person who did it may. What happened before a
repository was listened to, or so long ago that the rows of that time may be gone, is let be.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import aiohttp
import msgspec

from bot.errors import CoppiceError
from bot.github.happened import Line, Place
from bot.intake.fields import read_fields
from bot.intake.jitter import about
from bot.intake.sweep import KEPT_SECONDS
from bot.log import logger
from bot.runs import RepositoryRef, Run
from bot.store import listened, marks, runs
from bot.store.database import Connection, Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Arrival
from bot.store.keeping.retention import CLEANED

OLDEST_SECONDS = 30 * 86400.0
"""Nobody waits any more for what was asked for before that."""
FIRST_SECONDS = 90.0
"""The sweep goes first, then what ends runs."""
EVERY_SECONDS = 6 * 3600.0
BETWEEN_SECONDS = 7.0
"""For each call: that is a tenth of the 5,000 an hour, three for a repository; nobody is in a
hurry after three days."""
NO_ANSWER = (CoppiceError, aiohttp.ClientError, TimeoutError, msgspec.ValidationError)
_DAY = 86400.0
_log = logger(__name__)

Enter = Callable[[Arrival], Awaitable[int]]
"""Writes a delivery into the journal; 0: it is there already."""


class GitHub(Protocol):
    """What is asked of GitHub, and of a repository's configuration."""

    async def places(self) -> Sequence[Place]:
        """List every repository that the App is shown."""
        ...

    async def starting(self, ref: RepositoryRef) -> "Starting": ...

    async def labelled(self, ref: RepositoryRef, label: str, since: float) -> Sequence[Any]:
        """List open issues with a label to which anything happened since."""
        ...

    async def timeline(self, ref: RepositoryRef, number: int) -> Sequence[Line]: ...

    async def edited_at(self, ref: RepositoryRef, number: int) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """The labels that start a run on an issue of a repository."""

    trigger: str
    plan: str

    @property
    def both(self) -> tuple[str, str]:
        return self.trigger, self.plan

    def of(self, run: Run) -> tuple[str, ...]:
        """Those that stop the run when they are taken off."""
        return self.both if run.trigger.options.plan_only else (self.trigger,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time of which GitHub's delivery log knows nothing any more, and our journal all."""

    after: float
    before: float

    def has(self, at: float) -> bool:
        return self.after < at < self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Looks for labels of which nobody heard; finding them changes nothing."""

    database: Database
    github: GitHub
    me: int
    """Our own user id on GitHub."""
    between: float = BETWEEN_SECONDS

    async def forever(self, enter: Enter) -> None:
        """Look a while after the start and a few times a day, until cancelled."""
        await asyncio.sleep(about(FIRST_SECONDS))
        while True:
            try:
                if begun := await self.once(enter):
                    _log.warning("%d labels had been put on unheard, and are taken up now", begun)
            except NO_ANSWER as error:
                _log.warning("labels that nobody heard of wait for the next look: %s", error)
            await asyncio.sleep(about(EVERY_SECONDS))

    async def once(self, enter: Enter) -> int:
        """Take up what was put on unheard; answer how many labels that were.

        Raises one of NO_ANSWER where GitHub does not say where the App is installed.
        """
        count = 0
        places = await self.github.places()
        ids = [place.ref.id for place in places]
        async for arrival in self.put_on(places):
            count += bool(await enter(arrival))
        await self.database.write(partial(listened.note, listed=ids, now=time.time()))
        return count

    async def put_on(self, places: Sequence[Place]) -> AsyncIterator[Arrival]:
        """Find the labels that would have started a run, as deliveries, a repository at a time."""
        ids = [place.ref.id for place in places]
        known = await self.database.read(partial(listened.since, listed=ids))
        cleaned = await self.database.read(partial(marks.get, name=CLEANED)) or 0.0
        for place in places:
            since = max(known.get(place.ref.id, time.time()), cleaned, place.installed_at)
            window = _window(since)
            if window.after >= window.before or not place.open_issues:
                continue
            for arrival in await self._of(place.ref, window):
                yield arrival

    async def taken_off(
        self, run: Run, there: Collection[str], before: float, full_issue: Any
    ) -> Arrival | None:
        """Find that a label on which a living run hangs was taken off; ``there``: those of now."""
        present = {name.casefold() for name in there}
        hangs_on = (await self.github.starting(run.repository)).of(run)
        gone = [label for label in hangs_on if label.casefold() not in present]
        if not gone:
            return None
        lines = await self.github.timeline(run.repository, run.issue)
        cleaned = await self.database.read(partial(marks.get, name=CLEANED)) or 0.0
        window = Window(after=max(run.created_at, cleaned), before=before)
        for label in gone:
            line = _last(lines, label)
            if line is None or line.event != "unlabeled" or not window.has(line.at):
                continue
            arrival = _arrival(line, run.repository, full_issue)
            if await self.database.read(partial(_is_news, arrival=arrival)):
                return arrival
        return None

    async def _of(self, ref: RepositoryRef, window: Window) -> list[Arrival]:
        """Find them in one repository; one that cannot be asked waits for the next look."""
        found: list[Arrival] = []
        try:
            for label in (await self.github.starting(ref)).both:
                # by whole days, so that GitHub may answer that nothing has changed
                day = window.after // _DAY * _DAY
                issues = await self.github.labelled(ref, label, day)
                await self._pause()
                for issue in issues:
                    arrival = await self._unheard(ref, issue, label, window)
                    found += [arrival] if arrival else []
                    await self._pause()
            await self._pause()
        except NO_ANSWER as error:
            _log.info("GitHub does not say what is labelled in %s: %s", ref.full_name, error)
        return found

    async def _pause(self) -> None:
        await asyncio.sleep(about(self.between))

    async def _unheard(
        self, ref: RepositoryRef, issue: Any, label: str, window: Window
    ) -> Arrival | None:
        number = int(issue["number"])
        lines = await self.github.timeline(ref, number)
        line = _last(lines, label)
        if line is None or line.event != "labeled" or not window.has(line.at):
            return None
        if line.actor is not None and line.actor.id == self.me:
            return None
        after = lines[lines.index(line) + 1 :]
        if any(_writer(one) == self.me for one in after):
            return None  # a database that was restored does not know any more what we did
        arrival = _arrival(line, ref, issue)
        if not await self.database.read(partial(_begins, arrival=arrival)):
            return None
        edited = await self.github.edited_at(ref, number)
        if any(one.event == "renamed" for one in after) or (edited or 0.0) > line.at:
            # the label was put on other words, and nobody keeps those
            _log.info("%s#%d was changed since it was labelled", ref.full_name, number)
            return None
        return arrival


def _window(since: float) -> Window:
    now = time.time()
    return Window(after=max(since, now - OLDEST_SECONDS), before=now - KEPT_SECONDS)


def _last(lines: Sequence[Line], label: str) -> Line | None:
    """Find when a label was put on or taken off last, by whom GitHub still knows."""
    name = label.casefold()
    for line in reversed(lines):
        of_labels = line.event in ("labeled", "unlabeled")
        if of_labels and line.label is not None and line.label.name.casefold() == name:
            return None if line.id is None or line.actor is None else line
    return None


def _writer(line: Line) -> int | None:
    by = line.actor or line.user
    return None if by is None else by.id


def _begins(c: Connection, arrival: Arrival) -> bool:
    """Say whether nothing came of an issue since a label was put on it."""
    if arrival.repository_id is None or arrival.number is None:
        return False
    if runs.living(c, arrival.repository_id, arrival.number) is not None:
        return False  # it lived then, and is in the way of another
    run = runs.latest(c, arrival.repository_id, arrival.number)
    if run is not None and max(run.created_at, run.updated_at) >= arrival.received_at:
        return False
    return _is_news(c, arrival)


def _is_news(c: Connection, arrival: Arrival) -> bool:
    """Say whether nothing like it came in when it happened, nor this itself."""
    if not deliveries.unknown(c, [arrival.guid]):
        return False
    if arrival.repository_id is None or arrival.number is None or arrival.action is None:
        return False
    about_it = (arrival.repository_id, arrival.number)
    return not deliveries.heard(c, "issues", arrival.action, about_it, arrival.received_at)


def _arrival(line: Line, ref: RepositoryRef, issue: Any) -> Arrival:
    """Make the delivery that GitHub would have sent, of the issue as it was at that moment."""
    moment = msgspec.to_builtins(line.created_at)
    payload = {
        "action": line.event,
        "issue": {**issue, "updated_at": moment},
        "label": line.label,
        "repository": {"id": ref.id, "full_name": ref.full_name},
        "sender": line.actor,
        "installation": {"id": ref.installation_id},
    }
    body = msgspec.json.encode(payload)
    guid = f"{line.event}-event-{line.id}"
    return Arrival(guid, "issues", *read_fields(body), line.at, "sweep", body)
