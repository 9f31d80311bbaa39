"""The acts that say what was mended: the one comment, and suggestions for a fork."""

from dataclasses import dataclass

from bot.engine.outcome import GO_ON
from bot.engine.writer import Writer
from bot.pipeline import mend_reports
from bot.pipeline.mend_reports import Comments
from bot.pipeline.story import Story
from bot.runs import Json, PostReview, Run

_GO_ON: Json = GO_ON.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class MendSayings:
    writer: Writer

    async def suggest(self, run_id: str) -> Json:
        """Say it as suggestions, where every line of it is one that remarks can stand at."""
        story = await self.writer.story(run_id)
        there = story.run.work.visit
        comments = await self._suggestions(story) if there is not None else ()
        if not comments or there is None:
            return _GO_ON
        effect = PostReview(
            pull_request=story.run.issue,
            sha=there.head_sha,
            purpose=f"suggestions-{there.head_sha[:12]}",
            body=mend_reports.suggested(story),
            comments=comments,
        )
        applied, _ = await self.writer.apply(story.run, effect)  # refused: the patch says it all
        if applied is not None:
            await self.left(story.run, applied.url)
        return _GO_ON

    async def _suggestions(self, story: Story) -> Comments:
        objects, work = self.writer.shop.objects(story.run), story.run.work
        there, base = work.visit, work.base_sha or ""
        if there is None or work.round is None or work.round.base is not None:
            return ()  # a merge is no suggestion
        fork = await objects.merge_base(base, there.head_sha)
        theirs = await objects.sections(fork or base, there.head_sha)
        ours = await objects.sections(there.head_sha, work.checkpoint or there.head_sha)
        return mend_reports.suggestions(theirs, ours)

    async def comment(self, run_id: str) -> Json:
        """The one comment: what was mended, how it was judged, and the patch for a fork."""
        story = await self.writer.story(run_id)
        objects, work = self.writer.shop.objects(story.run), story.run.work
        patch = None
        if work.visit is not None and work.visit.left is None and work.checkpoint is not None:
            new, merged = work.head_sha or work.checkpoint, work.patch_merged
            patch = await objects.patch(work.visit.head_sha, new, merged=merged)
        effect = mend_reports.comment(story, patch)
        return (await self.writer.apply(story.run, effect))[1].model_dump(mode="json")

    async def left(self, run: Run, what: str | None) -> None:
        """Note what came of it."""
        if run.work.visit is not None:
            there = run.work.visit.model_copy(update={"left": what})
            await self.writer.update(run.id, work={"visit": there.model_dump(mode="json")})
