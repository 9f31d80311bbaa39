"""Say how far a run is while one of its stages takes long: until it ends nothing else would."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bot.engine.pace import Pace
from bot.engine.sayings import SILENT
from bot.engine.writer import Writer
from bot.errors import CoppiceError, EffectDelayed
from bot.log import logger
from bot.pipeline import reports
from bot.pipeline.story import Story
from bot.runs import Effect, RunStatus

LOOK_SECONDS = 2.0
_AT_WORK = (RunStatus.PLANNING, RunStatus.RUNNING, RunStatus.VERIFYING)

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Beside the workflows, so that no step of theirs waits or is recorded for it."""

    writer: Writer
    pace: Pace

    async def keep_telling(self) -> None:
        """Catch up with what was not told, because it came too soon; until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for run_id in self.pace.owing():
                await self.tell(run_id)

    async def tell(self, run_id: str) -> None:
        """Edit what people see of a run at work, once and without patience."""
        try:
            story = await self.writer.story(run_id)
            for effect in _shown(story):
                there = story.run.repository
                applied = await self.writer.applier.apply(there, effect, run_id=run_id)
                if applied.left_out:
                    self.pace.put_off(run_id)
        except EffectDelayed:
            self.pace.put_off(run_id)
        except (CoppiceError, LookupError) as error:  # the next stage tells it
            _log.info("run %s: its progress was not told: %s", run_id, error)


def _shown(story: Story) -> Iterator[Effect]:
    run = story.run
    if run.status not in _AT_WORK or run.work.visit is not None:
        return
    yield reports.status_comment(story)
    if run.publish not in SILENT and run.work.start_sha and run.work.pushed:
        yield reports.coppice_check_run(story, run.work.start_sha)
