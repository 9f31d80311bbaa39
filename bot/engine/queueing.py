"""The acts of a run that waits for its turn: its place, and about how long that will take."""

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.engine.cluster.fairness import Want
from bot.engine.cluster.slots import Slots
from bot.engine.cluster.turns import ClusterTurns
from bot.engine.outcome import GO_ON, stopped
from bot.engine.writer import Writer
from bot.errors import EffectDelayed, EffectRefused
from bot.github.markdown import code
from bot.pipeline import reports
from bot.runs import Json, Publish, Run, RunStatus
from bot.store import pauses, runs
from bot.store.database import Connection

LATELY = 20  # runs by which the time of the next one is guessed
TELL_SECONDS = 60.0
"""Between two words to one run about its place: a write to GitHub each."""
LOOK_SECONDS = 2.0
LONGEST_LOOK = 15.0
"""Between two looks of a run that waits for room: the first is soon, for who changes his mind."""
_GO_ON: Json = GO_ON.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Told:
    """What a run was last told."""

    place: int
    wait: float | None
    at: float
    """By the clock of this process that only goes forward."""

    def is_old_news(self, place: int, wait: float | None) -> bool:
        """Say whether it is much otherwise by now: a third nearer or later, or next."""
        if (wait is None) != (self.wait is None) or (place == 1) != (self.place == 1):
            return True
        far = abs(place - self.place) * 3 >= self.place
        return far or abs((wait or 0.0) - (self.wait or 0.0)) * 3 > (self.wait or 0.0) + 60


@dataclass(frozen=True, slots=True)
class QueueActs:
    writer: Writer
    slots: Slots | ClusterTurns
    _told: dict[str, Told] = field(default_factory=dict)

    async def queue(self, run_id: str) -> Json:
        """Say the run's place, where it has to wait for a slot; end where it was stopped."""
        run = (await self.writer.story(run_id)).run
        if run.stop is not None:
            return stopped(run.stop).model_dump(mode="json")
        place = await self.slots.place(Want.of(run, run_id))
        if place is not None and run.status is RunStatus.QUEUED:
            await self._tell(run, place, await self._wait(place))
        return _GO_ON

    async def keep_telling(self) -> None:
        """Tell those who wait here what has changed by much, at most once a minute each."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            queue = await self.slots.queue() if self.slots.waiting else []
            for run_id in set(self._told) - {want.run_id for want in queue}:
                del self._told[run_id]
            await self._end_the_stopped([w for w in queue if w.child in self.slots.waiting])
            for place, want in enumerate(queue, 1):
                if want.child in self.slots.waiting:
                    await self._tell_again(want, place)

    async def _end_the_stopped(self, waiting: Sequence[Want]) -> None:
        """End what began to wait right after its run was told to end: nobody else tells it."""

        def stops(c: Connection) -> list[str]:
            found = [runs.get(c, want.run_id) for want in waiting]
            return [run.id for run in found if run is not None and run.stop is not None]

        for run_id in await self.writer.shop.database.read(stops) if waiting else ():
            await self.slots.withdraw(run_id)

    async def _tell_again(self, want: Want, place: int) -> None:
        told, wait = self._told.get(want.run_id), await self._wait(place)
        now = time.monotonic()
        if told and (now - told.at < TELL_SECONDS or not told.is_old_news(place, wait)):
            return
        run = await self.writer.shop.database.read(lambda c: runs.get(c, want.run_id))
        if run is not None and run.status is RunStatus.QUEUED and run.stop is None:
            await self._tell(run, place, wait)

    async def _tell(self, run: Run, place: int, wait: float | None) -> None:
        """Say it once, with no patience: the others who wait are told after it."""
        await self.writer.update(run.id, work={"place": place, "wait_seconds": wait})
        effect = reports.status_comment(await self.writer.story(run.id))
        try:
            await self.writer.applier.apply(run.repository, effect, run_id=run.id)
        except (EffectDelayed, EffectRefused):
            return
        self._told[run.id] = Told(place, wait, time.monotonic())

    async def _wait(self, place: int) -> float | None:
        """About how long until that many have had their turns, by what runs took lately."""
        lasts = await self.writer.shop.database.read(_usually)
        turns = math.ceil(place / await self.slots.total())
        return lasts * turns if lasts is not None else None

    async def wait_for_room(self, run_id: str) -> Json:
        """Look until the run may begin, is to end, or waits for something else than before.

        However long that takes it is one step: a pause of weeks leaves nothing behind.
        """
        run = (await self.writer.story(run_id)).run
        waits_for, pause = run.work.waits_for, LOOK_SECONDS
        while run.stop is None and run.work.waits_for == waits_for:
            if await self.has_room(run_id):
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK)
            run = (await self.writer.story(run_id)).run
        return _GO_ON

    async def has_room(self, run_id: str) -> bool:
        """May it begin: is the repository not paused, may one more pull request of ours be open?"""
        run = (await self.writer.story(run_id)).run
        wanted = await self._paused(run) or await self._full(run)
        if run.work.waits_for != wanted:
            await self.writer.update(run_id, work={"waits_for": wanted})
        return wanted is None

    async def _paused(self, run: Run) -> str | None:
        where = run.repository.id
        by = await self.writer.shop.database.read(lambda c: pauses.paused_by(c, where))
        paused = f"the repository was paused by {code(by)}" if by else None
        return f"{paused}; `/coppice resume` lets it begin" if paused else None

    async def _full(self, run: Run) -> str | None:
        """Say that as many pull requests of ours are open as the repository wants."""
        if run.work.published or run.publish is not Publish.PR:
            return None
        limit = self.writer.shop.config(run.id).limits.open_pull_requests
        there = run.repository
        living = await self.writer.shop.database.read(
            lambda c: runs.living_of_installation(c, there.installation_id, there.id)
        )
        count = sum(other.following for other in living)
        waits = f"it waits for one of {count} open pull requests of Coppice to be closed"
        return None if count < limit else f"{waits} (`limits.open_pull_requests` is {limit})"


def _usually(c: Connection) -> float | None:
    """How long runs worked lately, in seconds; None: there were none."""
    ended = [run for run in runs.listing(c, LATELY) if run.status.ended]
    worked = [
        sum((s.ended_at or 0) - (s.started_at or 0) for s in stages if s.ended_at)
        for _, stages in runs.with_stages(c, ended)
    ]
    worked = [seconds for seconds in worked if seconds > 0]
    return statistics.median(worked) if worked else None
