"""The acts that mend somebody else's pull request: on top of it, or beside it. Knows no dbos."""

from dataclasses import dataclass

from bot.engine import material
from bot.engine.material import Material
from bot.engine.outcome import GO_ON, Outcome, blocked, refused
from bot.engine.reading import Reading
from bot.engine.sayings import SILENT
from bot.engine.source import Source
from bot.engine.visit_opening import open_pull
from bot.engine.writer import PUBLISH, Writer
from bot.errors import EffectRefused
from bot.github.texts import commits
from bot.pipeline import mend_reports
from bot.pipeline.mend_reports import Comments
from bot.pipeline.story import Story
from bot.runs import Grow, Json, PostReview, Record, Round, Run
from bot.worktree import Merged

MOVED = "branch_moved"
_GO_ON: Json = GO_ON.model_dump(mode="json")


class Survey(Record):
    """What there is to mend."""

    outcome: Outcome = GO_ON
    wanted: bool = False
    """An agent has something to do."""


@dataclass(frozen=True, slots=True)
class MendActs:
    writer: Writer
    source: Source
    reading: Reading

    async def survey(self, run_id: str) -> Json:
        """Look what fails and what conflicts, and write the agent's brief."""
        run = (await self.writer.story(run_id)).run
        try:
            await self._check_branch(run)
        except EffectRefused as error:
            return Survey(outcome=_refused(error)).model_dump(mode="json")
        found, merged = await self._found(run)
        begun = Round(
            number=1,
            onto=await self._onto(run, merged) if merged is not None else None,
            base=run.work.base_sha if merged is not None else None,
            checks=tuple(failing.name for failing in found.failing),
            conflicts=found.conflicts,
            by=run.trigger.by.login,
        )
        changes: dict[str, Json] = {"round": begun.model_dump(mode="json")}
        if begun.onto is not None:
            tree = await self.writer.shop.objects(run).tree(begun.onto)
            changes |= {"checkpoint": begun.onto, "tree": tree}
        material.write(self.writer.shop.files(run_id), found)
        await self.writer.update(run_id, work=changes)
        return Survey(wanted=found.for_agent).model_dump(mode="json")

    async def _check_branch(self, run: Run) -> None:
        """Refuse a branch that is not to be pushed to before anything is spent."""
        there = run.work.visit
        if there is None or not there.same_repository or run.publish in SILENT:
            return
        if there.head_ref == await self.source.default_branch(run.repository):
            raise EffectRefused("default_branch", "Coppice never pushes to the default branch")
        if await self.source.protected(run.repository, there.head_ref):
            reason = f"the branch `{there.head_ref}` is protected; Coppice pushes to none of these"
            raise EffectRefused("protected_branch", reason)

    async def _found(self, run: Run) -> tuple[Material, Merged | None]:
        """Failing checks and conflicts, as far as they were asked for."""
        what, work = run.trigger.options.mend, run.work
        head, base = work.pushed or "", work.base_sha or ""
        failing = (await self.reading.ci(run, head)).failing if what != "conflicts" else ()
        merged = None
        if what != "checks" and not await self.writer.shop.objects(run).is_ancestor(base, head):
            merged = await self.writer.shop.objects(run).merge(head, base)
        conflicts = merged.conflicts if merged else ()
        found = Material(
            failing=await self.reading.logs(run, failing) if failing else (),
            conflicts=conflicts,
            base=work.base_ref,
        )
        return found, merged if conflicts else None

    async def _onto(self, run: Run, merged: Merged) -> str:
        parents = (run.work.pushed or "", run.work.base_sha or "")
        return await self._commit(run, merged.tree, parents, "The base")

    async def prepare(self, run_id: str) -> Json:
        """Make the commit that is delivered, on top of what people pushed."""
        story = await self.writer.story(run_id)
        run, shop = story.run, self.writer.shop
        if run.work.tree is None:
            return blocked("no_work", "there is no work to deliver").model_dump(mode="json")
        message = commits.mend(
            run,
            shop.markers.trailer(run_id),
            agent_label=story.agent_label,
            skip_ci=story.skips_ci,
        )
        head = await self._commit(run, run.work.tree, run.work.parents, message)
        await shop.objects(run).bundle(run.work.base_sha or head, head)
        await self.writer.update(run_id, work={"head_sha": head})
        return _GO_ON

    async def pushes(self, run_id: str) -> bool:
        """May the branch be pushed to at all? Never that of a fork."""
        there = (await self.writer.story(run_id)).run.work.visit
        return there is not None and there.same_repository

    async def push(self, run_id: str) -> Json:
        """Grow their branch by it."""
        run = (await self.writer.story(run_id)).run
        return (await self._grow(run, run.work.head_sha or "")).model_dump(mode="json")

    async def take_over(self, run_id: str) -> Json:
        """Put our work on top of what somebody pushed meanwhile, to be judged again."""
        run = (await self.writer.story(run_id)).run
        work, objects = run.work, self.writer.shop.objects(run)
        try:
            await open_pull(self.source, run)
            theirs = await self.source.fetch_pull(run.repository, run.issue)
        except EffectRefused as error:
            return _refused(error).model_dump(mode="json")
        if theirs is None or not await objects.is_ancestor(work.pushed or "", theirs):
            why = "its commits were replaced while it was mended"
            return blocked("replaced", why, stage=PUBLISH).model_dump(mode="json")
        merged = await objects.merge(theirs, work.head_sha or "")
        if merged.conflicts:
            why = "somebody pushed to the branch, and the work conflicts with that"
            return blocked("branch_moved", why, stage=PUBLISH).model_dump(mode="json")
        checkpoint = await self._commit(run, merged.tree, (theirs,), "Work on top of a push")
        begun = work.round.model_copy(update={"onto": None}) if work.round else None
        changes: dict[str, Json] = {
            "pushed": theirs,
            "tree": merged.tree,
            "checkpoint": checkpoint,
            "round": begun.model_dump(mode="json") if begun else None,
        }
        await self.writer.update(run_id, work=changes)
        return _GO_ON

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
            purpose="suggestions",
            body=mend_reports.suggested(story),
            comments=comments,
        )
        applied, _ = await self.writer.apply(story.run, effect)  # refused: the patch says it all
        if applied is not None:
            await self._left(story.run, applied.url)
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
            patch = await objects.patch(work.visit.head_sha, work.head_sha or work.checkpoint)
        effect = mend_reports.comment(story, patch)
        return (await self.writer.apply(story.run, effect))[1].model_dump(mode="json")

    async def run_ci(self, run_id: str) -> Json:
        """The same tree once more, in a commit that the repository's CI does not skip."""
        run = (await self.writer.story(run_id)).run
        head, shop = run.work.pushed or "", self.writer.shop
        tree = await shop.objects(run).tree(head)
        message = commits.ci(run, shop.markers.trailer(run.id))
        return (await self._grow(run, await self._commit(run, tree, (head,), message))).model_dump(
            mode="json"
        )

    async def _grow(self, run: Run, sha: str) -> Outcome:
        there = run.work.visit
        if there is None or not there.same_repository or run.publish in SILENT:
            return blocked("fork", "nothing is pushed there", stage=PUBLISH)
        effect = Grow(branch=there.head_ref, sha=sha, expected=run.work.pushed or "")
        applied, outcome = await self.writer.apply(run, effect)
        if applied is not None:
            await self._left(run, sha)
        return outcome

    async def _left(self, run: Run, what: str | None) -> None:
        if run.work.visit is not None:
            there = run.work.visit.model_copy(update={"left": what})
            await self.writer.update(run.id, work={"visit": there.model_dump(mode="json")})

    async def _commit(self, run: Run, tree: str, above: tuple[str, ...], message: str) -> str:
        shop = self.writer.shop
        return await shop.objects(run).commit(
            tree, above, message, author=shop.identity, at=int(run.created_at)
        )


def _refused(error: EffectRefused) -> Outcome:
    return refused(PUBLISH, error.kind, error.reason)
