"""The acts of a run on somebody else's pull request. Knows nothing of dbos."""

import time
from dataclasses import dataclass

from bot.engine.outcome import GO_ON, Outcome, refused
from bot.engine.sayings import SILENT
from bot.engine.source import Source
from bot.engine.visits.opening import arrive, open_pull
from bot.engine.writer import PUBLISH, Writer
from bot.errors import EffectRefused, GitError, StageFailed
from bot.pipeline import visit_reports
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.remarks import choose
from bot.runs import Json, Kept, StageRecord, StageStatus
from bot.store import runs

_GO_ON: Json = GO_ON.model_dump(mode="json")
_LINE = "line"


class Current(Kept):
    """Where the pull request is by now."""

    outcome: Outcome = GO_ON
    replaced: bool = False
    """Its commits or its base are others: what was looked at is no part of it any more."""
    moved_to: str | None = None
    """What was pushed on top."""


@dataclass(frozen=True, slots=True)
class VisitActs:
    writer: Writer
    source: Source

    async def current(self, run_id: str) -> Json:
        """Look whether what was looked at is still there."""
        run = (await self.writer.story(run_id)).run
        visit = run.work.visit
        if visit is None:
            return Current().model_dump(mode="json")
        try:
            pull = await open_pull(self.source, run)
            if pull.base != run.work.base_ref:
                return Current(replaced=True).model_dump(mode="json")
            if pull.head_sha == visit.head_sha:
                return Current().model_dump(mode="json")
            now = await self.source.fetch_pull(run.repository, run.issue)
        except EffectRefused as error:
            return Current(outcome=_refused(error)).model_dump(mode="json")
        if now is None or now == visit.head_sha:
            return Current().model_dump(mode="json")
        grown = await self.writer.shop.objects(run).is_ancestor(visit.head_sha, now)
        found = Current(moved_to=now) if grown else Current(replaced=True)
        return found.model_dump(mode="json")

    async def let_go(self, run_id: str) -> Json:
        """Complete the check run on commits that are no part of it any more."""
        story = await self.writer.story(run_id)
        visit = story.run.work.visit
        if visit is not None and story.run.publish not in SILENT:
            # Where GitHub has the commit no more, there is nothing to complete.
            await self.writer.apply(story.run, visit_reports.let_go(story, visit.head_sha))
        return _GO_ON

    async def begin_again(self, run_id: str) -> Json:
        """Stand on the commits that are there now."""
        run = (await self.writer.story(run_id)).run
        turn = run.work.visit.turn + 1 if run.work.visit else 1
        try:
            await arrive(self.writer.shop, self.source, run, turn=turn)
        except EffectRefused as error:
            return _refused(error).model_dump(mode="json")
        except StageFailed as error:
            return refused(PUBLISH, error.kind, error.reason).model_dump(mode="json")
        except GitError as error:
            return refused(PUBLISH, "fetch", str(error)).model_dump(mode="json")
        return _GO_ON

    async def weigh(self, run_id: str) -> Json:
        """Decide what is said, beside everything that we said there before; written down first."""
        story = await self.writer.story(run_id)
        config = story.config or RepositoryConfig()
        markers = self.writer.shop.markers
        before = await self.source.remarks(story.run)
        known = visit_reports.known(story.run, before, markers)
        looked = visit_reports.looked(story)
        said = choose(story.findings, looked, known, config.review)
        record = StageRecord(
            run_id=run_id,
            key=f"{PUBLISH}/{len(story.tries('review'))}",
            name=story.publishing,
            attempt=len(story.tries("review")),
            status=StageStatus.RUNNING,
            started_at=time.time(),
            result={"summary": "", "data": {"said": said.model_dump(mode="json")}},
        )
        await self.writer.write(lambda c: runs.save_stage(c, record))
        return _GO_ON

    async def post_review(self, run_id: str, moved_to: str | None) -> Json:
        """The one review; where GitHub takes a line no more, everything stands in its summary."""
        story = await self.writer.story(run_id)
        for at_lines in (True, False):
            effect = visit_reports.review(
                story, self.writer.shop.markers, moved_to=moved_to, at_lines=at_lines
            )
            applied, outcome = await self.writer.apply(story.run, effect)
            if applied is not None and story.run.work.visit is not None:
                visit = story.run.work.visit.model_copy(update={"left": applied.url})
                work = {"visit": visit.model_dump(mode="json")}
                await self.writer.update(run_id, work=work)
            if outcome.error is None or outcome.error.kind != _LINE:
                break
        return outcome.model_dump(mode="json")


def _refused(error: EffectRefused) -> Outcome:
    return refused(PUBLISH, error.kind, error.reason)
