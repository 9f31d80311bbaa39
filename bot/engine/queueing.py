"""The acts of a run that waits for its turn: its place, and about how long that will take."""

import math
import statistics
from dataclasses import dataclass

from bot.engine.outcome import GO_ON
from bot.engine.slots import Slots
from bot.engine.writer import Writer
from bot.pipeline import reports
from bot.runs import Json, Publish, RunStatus
from bot.store import runs
from bot.store.database import Connection

LATELY = 20  # runs by which the time of the next one is guessed
_GO_ON: Json = GO_ON.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class QueueActs:
    writer: Writer
    slots: Slots

    async def queue(self, run_id: str) -> Json:
        """Say the run's place, where it has to wait for a slot."""
        run = (await self.writer.story(run_id)).run
        place = self.slots.place(run.repository) if run.status is RunStatus.QUEUED else None
        if place is None:
            return _GO_ON
        lasts = await self.writer.shop.database.read(_usually)
        turns = math.ceil(place / self.slots.worker)
        wait = lasts * turns if lasts is not None else None
        await self.writer.update(run_id, work={"place": place, "wait_seconds": wait})
        story = await self.writer.story(run_id)
        _, outcome = await self.writer.apply(run, reports.status_comment(story))
        return outcome.model_dump(mode="json")

    async def has_room(self, run_id: str) -> bool:
        """May one more pull request of ours be open in the repository?"""
        run = (await self.writer.story(run_id)).run
        if run.work.published or run.publish is not Publish.PR:
            return True
        limit = self.writer.shop.config(run_id).limits.open_pull_requests
        there = run.repository
        living = await self.writer.shop.database.read(
            lambda c: runs.living_of_installation(c, there.installation_id, there.id)
        )
        count = sum(other.following for other in living)
        waits = f"it waits for one of {count} open pull requests of Coppice to be closed"
        wanted = None if count < limit else f"{waits} (`limits.open_pull_requests` is {limit})"
        if run.work.waits_for != wanted:
            await self.writer.update(run_id, work={"waits_for": wanted})
        return wanted is None


def _usually(c: Connection) -> float | None:
    """How long runs worked lately, in seconds; None: there were none."""
    ended = [run for run in runs.listing(c, LATELY) if run.status.ended]
    worked = [
        sum((s.ended_at or 0) - (s.started_at or 0) for s in runs.stages(c, run.id) if s.ended_at)
        for run in ended
    ]
    worked = [seconds for seconds in worked if seconds > 0]
    return statistics.median(worked) if worked else None
