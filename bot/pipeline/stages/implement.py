"""Let the agent work in the box once, and keep what lies in the worktree afterwards."""

import asyncio

from bot.agent.runtime import AgentEvent, Role, ToolFinished
from bot.github.texts.gist import MOST_FILES
from bot.pipeline import prompts
from bot.pipeline.asking import Question, ask, stopped_early
from bot.pipeline.commands import Prepared, make_ready
from bot.pipeline.foreign import covers
from bot.pipeline.keeping import checkpoint, keep
from bot.pipeline.ports import Attempt, Ports, Seat, StageResult
from bot.runs import Json, RunError, StageStatus


async def implement(attempt: Attempt, ports: Ports) -> StageResult:
    """Run the agent once; what it did is read from the tree, never from its words.

    A runtime whose attempts are ``fresh`` begins each at the base; others go on from the work of
    the attempt before. The work is kept also when the agent failed or its budget ended.
    """
    async with ports.agents.open(Role.IMPLEMENT, attempt.number) as seat:
        return await _work(attempt, ports, seat)


async def _work(attempt: Attempt, ports: Ports, seat: Seat) -> StageResult:
    work = attempt.run.work
    ground = work.ground or ""
    begin = ground if seat.runtime.fresh else work.checkpoint or ground
    prepared = await make_ready(attempt, ports, begin)
    question = Question(
        role=Role.IMPLEMENT,
        prompt=prompts.implement(attempt, ports.files),
        mounts=(*ports.worktree.mounts, *await covers(attempt, ports)),
    )
    saving = _Saving(attempt, ports, prepared)
    between = saving.after if seat.runtime.capabilities.resumes else None
    try:
        finished = await ask(attempt, ports, seat, question, between)
    except asyncio.CancelledError:
        await asyncio.shield(saving.all())
        raise
    tree, kept = await keep(attempt, ports, prepared.made)
    changed = await _changed(ports, ground, tree)
    end = stopped_early(finished, seat)
    if end is None and tree == await ports.objects.tree(ground):
        return _failed(attempt, "no_changes", "the agent changed no files").model_copy(
            update={"tree": tree, "checkpoint": kept}
        )
    if end is not None:
        return _failed(attempt, end.kind, end.message).model_copy(
            update={"tree": tree, "checkpoint": kept, "blocked": end.blocked, "data": changed}
        )
    return StageResult(
        status=StageStatus.PASSED,
        summary=finished.message or "The agent finished.",
        tree=tree,
        checkpoint=kept,
        data=changed,
    )


async def _changed(ports: Ports, ground: str, tree: str) -> dict[str, Json]:
    """What differs from the base, for people: path, lines added and removed."""
    counted = await ports.objects.numstat(ground, tree)
    rows: list[Json] = [[path, *(lines or (None, None))] for path, lines in counted.items()]
    return {"changed": rows[:MOST_FILES], "more": max(0, len(rows) - MOST_FILES)}


class _Saving:
    """Takes checkpoints of work that is under way, while nothing in the box is alive."""

    def __init__(self, attempt: Attempt, ports: Ports, prepared: Prepared) -> None:
        self._attempt = attempt
        self._ports = ports
        self._made = prepared.made
        self._tree: str | None = None

    async def all(self) -> None:
        """Keep what a stopped agent has done."""
        await self._ports.save(*await keep(self._attempt, self._ports, self._made))

    async def after(self, event: AgentEvent) -> None:
        """Remember what a tool call did, so that a killed attempt goes on from there."""
        if not isinstance(event, ToolFinished):
            return
        tree, commit = await checkpoint(self._attempt, self._ports, self._made)
        if tree != self._tree:
            self._tree = tree
            await self._ports.save(tree, commit)


def _failed(attempt: Attempt, kind: str, message: str) -> StageResult:
    return StageResult(
        status=StageStatus.FAILED,
        summary=message,
        error=RunError(stage=attempt.name, kind=kind, message=message),
        fingerprint=kind,
    )
