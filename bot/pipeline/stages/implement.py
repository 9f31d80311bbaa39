"""Let the agent work in the box once, and keep what lies in the worktree afterwards."""

import re
from contextlib import aclosing
from dataclasses import asdict

from bot.agent.runtime import AgentContext, AgentEvent, AgentTask, Finished, FinishReason, Role
from bot.pipeline import prompts
from bot.pipeline.keeping import keep
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import RunError, RunEvent, StageStatus

_SNAKE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STOPPED_EARLY = {FinishReason.ERROR: "agent_error", FinishReason.LIMIT: "limit"}


async def implement(attempt: Attempt, ports: Ports) -> StageResult:
    """Run the agent once; what it did is read from the tree, never from its words.

    A runtime whose attempts are ``fresh`` begins each at the base; others go on from the work of
    the attempt before. The work is kept also when the agent failed.
    """
    work = attempt.run.work
    ground = work.ground or ""
    await ports.worktree.reset(ground if ports.runtime.fresh else work.checkpoint or ground)
    finished = await _run_agent(attempt, ports)
    tree, checkpoint = await keep(attempt, ports)
    if finished.reason in _STOPPED_EARLY:
        return _failed(attempt, _STOPPED_EARLY[finished.reason], finished.message, checkpoint, tree)
    if tree == await ports.objects.tree(ground):
        return _failed(attempt, "no_changes", "the agent changed no files", checkpoint, tree)
    return StageResult(
        status=StageStatus.PASSED,
        summary=finished.message or "The agent finished.",
        tree=tree,
        checkpoint=checkpoint,
    )


async def _run_agent(attempt: Attempt, ports: Ports) -> Finished:
    task = AgentTask(
        role=Role.IMPLEMENT,
        prompt=prompts.implement(attempt, ports.files),
        attempt=attempt.overall,
        seconds=attempt.config.limits.agent_seconds,
        repository=attempt.run.repository.full_name,
        issue=attempt.run.issue,
    )
    log = ports.files / "logs" / f"{attempt.name}-{attempt.overall}-agent.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    files = ports.files / "attempts" / f"{attempt.name}-{attempt.overall}"
    context = AgentContext(box=ports.box, mounts=ports.worktree.mounts, log=log, files=files)
    finished = Finished(reason=FinishReason.ERROR, message="the agent ended without a word")
    async with aclosing(ports.runtime.run(task, context)) as events:
        async for event in events:
            await ports.record([timeline(event, attempt)])
            if isinstance(event, Finished):
                finished = event
    return finished


def timeline(event: AgentEvent, attempt: Attempt) -> RunEvent:
    """Turn an agent's event into a line of the run's timeline; its type is the event's name."""
    return RunEvent(
        stage=attempt.name,
        attempt=attempt.number,
        type=_SNAKE.sub("_", type(event).__name__).lower(),
        data=asdict(event),
    )


def _failed(attempt: Attempt, kind: str, message: str, checkpoint: str, tree: str) -> StageResult:
    return StageResult(
        status=StageStatus.FAILED,
        summary=message,
        error=RunError(stage=attempt.name, kind=kind, message=message),
        tree=tree,
        checkpoint=checkpoint,
        fingerprint=kind,
    )
