"""Show what a round's push changed in the branch, as reviewers compare two versions of a series."""

from dataclasses import dataclass

from bot.engine.writer import Writer
from bot.errors import GitError
from bot.runs import Json, Run
from bot.worktree import history

HEAD, TAIL = 120, 40
"""Lines that are kept of a long one."""
_WIDE = 400


@dataclass(frozen=True, slots=True)
class CompareActs:
    writer: Writer

    async def compare(self, run_id: str) -> Json:
        """Keep the range-diff of the branch before and after the round that was pushed."""
        run = (await self.writer.story(run_id)).run
        work = run.work
        if work.round is None or work.round.old in (None, work.pushed) or work.pushed is None:
            return None
        await self.writer.update(run_id, work={"compared": cut(await self._said(run))})
        return None

    async def _said(self, run: Run) -> str:
        """Nothing where git cannot tell in time: it is for looking only."""
        work = run.work
        before, now = work.round and work.round.base_before, work.base_sha or ""
        old = (before or now, work.round.old or "" if work.round else "")
        objects = self.writer.shop.objects(run)
        try:
            return await history.range_diff(objects.git, old, (now, work.pushed or ""))
        except GitError:
            return ""


def cut(said: str) -> str | None:
    """Keep head and tail of a long one; None where there is nothing to show."""
    lines = [line[:_WIDE] for line in said.rstrip().splitlines()]
    if len(lines) > HEAD + TAIL:
        left = f"(… {len(lines) - HEAD - TAIL} lines left out …)"
        lines = [*lines[:HEAD], left, *lines[-TAIL:]]
    return "\n".join(lines) or None
