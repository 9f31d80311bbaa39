"""Let the repository's own commands judge the work, in the box."""

import asyncio

from bot.github.texts.moments import count
from bot.pipeline.commands import judge
from bot.pipeline.errors import Failure
from bot.pipeline.judging import failure_class, fingerprint, read_failure
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import CommandResult, RunError, StageStatus


async def verify(attempt: Attempt, ports: Ports) -> StageResult:
    """Run every command on exactly the tree that would be delivered; all must exit 0."""
    work = attempt.run.work
    if not attempt.config.verify:
        return StageResult(
            status=StageStatus.NEUTRAL, summary="Not verified: no commands are configured."
        )
    results = await judge(attempt, ports, work.checkpoint or work.ground or "")
    failed = [result for result in results if not result.passed]
    if not failed:
        return StageResult(
            status=StageStatus.PASSED,
            summary=f"{count(len(results), 'command')} passed.",
            commands=results,
        )
    return await asyncio.to_thread(_failed, attempt, ports, results, failed[0])


def _failed(
    attempt: Attempt, ports: Ports, results: tuple[CommandResult, ...], first: CommandResult
) -> StageResult:
    failure = read_failure(first, ports.errors)
    kind, digest = failure_class(first, failure), fingerprint(first, failure)
    message = f"`{first.name}` failed: {_cause(first, failure)}"
    if _on_the_base(attempt, ports, first) == digest:
        message += f"; `{attempt.run.work.base_ref}` is red in the same way"
    hard = failure is not None and failure.kind.hard
    if hard and failure is not None:
        message += f". No further attempt would mend that: {failure.kind.hint}"
    elif digest in attempt.seen:
        message += ". It is the same failure as before, so no further attempt is made"
    return StageResult(
        status=StageStatus.FAILED,
        summary=message,
        error=RunError(stage=attempt.name, kind=kind, message=message),
        final=hard,
        commands=results,
        fingerprint=digest,
        data={"hint": failure.kind.hint, "line": failure.line} if failure else {},
    )


def _cause(result: CommandResult, failure: Failure | None) -> str:
    if result.problem or failure is None:
        return result.problem or f"exit {result.exit_code}"
    what = failure.what[:200].replace("`", "'")
    return f"`{what}` ({failure.kind.key})" if what else failure.kind.key


def _on_the_base(attempt: Attempt, ports: Ports, first: CommandResult) -> str | None:
    """The digest of the same command's failure on the base; None: it passed there."""
    for result in attempt.baseline:
        if result.name == first.name and not result.passed:
            return fingerprint(result, read_failure(result, ports.errors))
    return None
