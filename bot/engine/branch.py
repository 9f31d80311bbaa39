"""The acts on a run's branch: start commit, the work, and the same work with CI."""

import time
from dataclasses import dataclass

from bot.engine.naming import named
from bot.engine.outcome import GO_ON, Outcome, refused
from bot.engine.writer import PUBLISH, Writer
from bot.errors import StageFailed
from bot.github.texts import commits, rounds
from bot.pipeline.stages.publish import publish
from bot.runs import DeleteBranch, Json, Message, Push, Run, StageRecord, StageStatus, Work
from bot.store import runs
from bot.store.database import Connection

_GO_ON: Json = GO_ON.model_dump(mode="json")
_TAKEN, _PROTECTED = "branch_moved", "protected_branch"


@dataclass(frozen=True, slots=True)
class BranchActs:
    """`coppice/{issue}-{short run id}`: replaced once, at publishing; after that it only grows."""

    writer: Writer

    async def drop_old_branch(self, run_id: str) -> Json:
        """Delete the branch that an earlier run of the issue left with nothing on it."""
        run = (await self.writer.story(run_id)).run
        others = await self.writer.shop.database.read(
            lambda c: runs.of_issue(c, run.repository.id, run.issue)
        )
        old = next((o for o in others if o.id != run_id and o.work.idle_branch), None)
        if old is not None and old.status.ended:
            effect = DeleteBranch(branch=old.work.branch or "", expected=old.work.pushed or "")
            # Somebody's push to it, or a rule that keeps it, does not concern this run.
            await self.writer.apply(run, effect)
            await self.writer.update(old.id, work={"pushed": None})
        return _GO_ON

    async def push_start(self, run_id: str) -> Json:
        """Push the start commit; a branch of our name with somebody else's work is left alone."""
        run = (await self.writer.story(run_id)).run
        if run.work.pushed is not None:
            return _GO_ON
        outcome = await self._push(run, run.work.start_sha)
        if _is(outcome, _TAKEN) and not str(run.work.branch).endswith("-2"):
            moved = {"branch": f"{run.work.branch}-2"}
            run = await self.writer.update(run_id, work=moved)
            outcome = await self._push(run, run.work.start_sha)
        return outcome.model_dump(mode="json")

    async def prepare_publication(self, run_id: str) -> Json:
        """Make the commit that will be delivered: what we stand on, and the work."""
        story = await named(self.writer, await self.writer.story(run_id))
        shop = self.writer.shop
        try:
            trailer = shop.markers.trailer(run_id)
            result = await publish(story, shop.objects(story.run), shop.identity, trailer)
        except StageFailed as error:
            return refused(PUBLISH, error.kind, error.reason).model_dump(mode="json")
        head = str(result.data["head_sha"])
        key = f"{PUBLISH}/{head}"
        others = [stage for stage in story.tries(story.publishing) if stage.key != key]
        record = StageRecord(
            run_id=run_id,
            key=key,
            name=story.publishing,
            attempt=len(others) + 1,
            status=StageStatus.RUNNING,
            started_at=time.time(),
            result=result.model_dump(mode="json", exclude={"status", "error"}),
        )

        def write(c: Connection) -> None:
            runs.save_stage(c, record)
            runs.update(c, run_id, work={"head_sha": head})

        await self.writer.write_of(run_id, write)
        return _GO_ON

    async def ci_runs(self, run_id: str, document: Json) -> Json:
        """What to tell whoever wants CI to run where it runs already; None: it was left out."""
        story, message = await self.writer.story(run_id), Message.model_validate(document)
        pushed = story.run.work.pushed
        if story.skips_ci or pushed is None:
            return None
        always = not story.asks_ci
        return rounds.ci_runs_already(pushed, message.reason, message.by or "", always=always)

    async def prepare_ci(self, run_id: str) -> Json:
        """The same tree once more, in a commit that the repository's CI does not skip."""
        run = (await self.writer.story(run_id)).run
        work = run.work
        if work.pushed is None or work.ci:
            return _GO_ON
        objects = self.writer.shop.objects(run)
        head = await objects.commit(
            await objects.tree(work.pushed),  # kept work beside it has passed no rules
            (work.pushed,),
            commits.ci(run, self.writer.shop.markers.trailer(run.id)),
            author=self.writer.shop.identity,
            at=int(run.created_at),
        )
        await self.writer.update(run_id, work={"head_sha": head})
        return _GO_ON

    async def note_ci(self, run_id: str) -> Json:
        """From now on what we push runs the repository's CI."""
        await self.writer.update(run_id, work={"ci": True})
        return _GO_ON

    async def push_work(self, run_id: str) -> Json:
        """Set the branch to the work; where it may not be replaced, the work goes to `…-pr`."""
        run = (await self.writer.story(run_id)).run
        outcome = await self._push(run, run.work.head_sha)
        if _is(outcome, _PROTECTED) and not run.work.published and run.work.pushed is not None:
            moved = {"branch": f"{run.work.branch}-pr", "pushed": None}
            run = await self.writer.update(run_id, work=moved)
            outcome = await self._push(run, run.work.head_sha)
        return outcome.model_dump(mode="json")

    async def _push(self, run: Run, sha: str | None) -> Outcome:
        effect = Push(
            branch=run.work.branch or "",
            sha=sha or "",
            expected=run.work.pushed,
            force=_replaces(run.work, sha),
        )
        applied, outcome = await self.writer.apply(run, effect)
        if applied is not None:
            await self.writer.update(run.id, work={"pushed": sha})
        return outcome


def _replaces(work: Work, sha: str | None) -> bool:
    """Once, at publishing; later only where a person asked for a rebase."""
    if work.round is not None and work.round.rebase:
        return True
    return work.pushed is not None and work.pushed == work.start_sha and sha != work.start_sha


def _is(outcome: Outcome, kind: str) -> bool:
    return outcome.error is not None and outcome.error.kind == kind
