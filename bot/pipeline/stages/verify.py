"""Let the repository's own commands judge the work, in the box."""

from bot.pipeline.judging import failure_class, fingerprint, run_commands
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import CommandResult, RunError, StageStatus


async def verify(attempt: Attempt, ports: Ports) -> StageResult:
    """Run every command on exactly the tree that would be delivered; all must exit 0."""
    work = attempt.run.work
    await ports.worktree.reset(work.checkpoint or work.ground or "")
    if not attempt.config.verify:
        return StageResult(
            status=StageStatus.NEUTRAL, summary="Not verified: no commands are configured."
        )
    results = await run_commands(attempt, ports)
    failed = [result for result in results if not result.passed]
    if not failed:
        return StageResult(
            status=StageStatus.PASSED,
            summary=f"{len(results)} commands passed.",
            commands=results,
        )
    return _failed(attempt, results, failed[0])


def _failed(
    attempt: Attempt, results: tuple[CommandResult, ...], first: CommandResult
) -> StageResult:
    kind = failure_class(first)
    message = f"`{first.name}` failed: {first.problem or kind.partition(':')[2]}"
    before = {result.name: result for result in attempt.baseline}
    if first.name in before and fingerprint(before[first.name]) == fingerprint(first):
        message += f"; `{attempt.run.work.base_ref}` is red in the same way"
    return StageResult(
        status=StageStatus.FAILED,
        summary=message,
        error=RunError(stage=attempt.name, kind=kind, message=message),
        commands=results,
        fingerprint=fingerprint(first),
    )
