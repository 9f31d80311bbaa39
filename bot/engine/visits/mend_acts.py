"""The acts that put what was mended on top of somebody's branch. Knows no dbos."""

from dataclasses import dataclass

from bot.agent.runtime import Role
from bot.engine.outcome import GO_ON, Outcome, blocked, refused
from bot.engine.sayings import SILENT
from bot.engine.source import Source
from bot.engine.visits.mend_sayings import MendSayings
from bot.engine.visits.opening import open_pull
from bot.engine.visits.survey import Surveyor
from bot.engine.writer import PUBLISH, Writer
from bot.errors import EffectRefused
from bot.github.texts import commits
from bot.runs import Applied, Grow, Json, Run

MOVED = "branch_moved"
_GO_ON: Json = GO_ON.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class MendActs:
    writer: Writer
    source: Source
    surveyor: Surveyor
    say: MendSayings

    async def prepare(self, run_id: str) -> Json:
        """Make the commit that is delivered, on top of what people pushed."""
        story = await self.writer.story(run_id)
        run, shop = story.run, self.writer.shop
        if run.work.tree is None:
            return blocked("no_work", "there is no work to deliver").model_dump(mode="json")
        message = commits.mend(
            run,
            shop.markers.trailer(run_id),
            by=story.player(Role.IMPLEMENT),
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
        if (outcome := await self._other_base(run)) is not None:
            return outcome.model_dump(mode="json")
        sha = run.work.head_sha or ""
        applied, outcome = await self._grow(run, sha)
        if applied is not None:
            await self.say.left(run, sha)
        return outcome.model_dump(mode="json")

    async def _other_base(self, run: Run) -> Outcome | None:
        """A base that was merged in has to be that of the pull request still."""
        work = run.work
        if work.round is None or work.round.base is None:
            return None
        try:
            pull = await open_pull(self.source, run)
        except EffectRefused as error:
            return refused(PUBLISH, error.kind, error.reason)
        if pull.base == work.base_ref:
            return None
        why = "its base was changed while the conflict with the old one was mended"
        return blocked("replaced", why, stage=PUBLISH)

    async def take_over(self, run_id: str) -> Json:
        """Put our work on top of what somebody pushed meanwhile, to be judged again."""
        run = (await self.writer.story(run_id)).run
        work, objects = run.work, self.writer.shop.objects(run)
        try:
            await open_pull(self.source, run)
            theirs = await self.source.fetch_pull(run.repository, run.issue)
        except EffectRefused as error:
            return refused(PUBLISH, error.kind, error.reason).model_dump(mode="json")
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

    async def run_ci(self, run_id: str) -> Json:
        """The same tree once more, in a commit that the repository's CI does not skip."""
        story = await self.writer.story(run_id)
        run = story.run
        if not story.skips_ci:
            return _GO_ON
        head, shop = run.work.pushed or "", self.writer.shop
        tree = await shop.objects(run).tree(head)
        message = commits.ci(run, shop.markers.trailer(run.id))
        sha = await self._commit(run, tree, (head,), message)
        applied, outcome = await self._grow(run, sha)
        if applied is not None:
            await self.writer.update(run_id, work={"ci": True, "pushed": sha})
        return outcome.model_dump(mode="json")

    async def _grow(self, run: Run, sha: str) -> tuple[Applied | None, Outcome]:
        there = run.work.visit
        if there is None or not there.same_repository or run.publish in SILENT:
            return None, blocked("fork", "nothing is pushed there", stage=PUBLISH)
        effect = Grow(branch=there.head_ref, sha=sha, expected=run.work.pushed or "")
        return await self.writer.apply(run, effect)

    async def _commit(self, run: Run, tree: str, above: tuple[str, ...], message: str) -> str:
        shop = self.writer.shop
        return await shop.objects(run).commit(
            tree, above, message, author=shop.identity, at=int(run.created_at)
        )
