"""Hold the whole work against the rules that no model decides: tree against tree."""

from bot.errors import GitError
from bot.guard.rules import FileChange, RuleLimits, Violation, check_changes
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import RunError, StageStatus
from bot.worktree import Change

READ_LIMIT = 64 * 1024 * 1024  # bytes of added lines that are read at most; more is a violation


async def rules(attempt: Attempt, ports: Ports) -> StageResult:
    """Pass only what was checked: an error while checking blocks like a violation."""
    work = attempt.run.work
    if work.base_sha is None or work.checkpoint is None:
        return _blocked(attempt, (Violation("unchecked", "", "there is no work to check"),))
    try:
        changes = await ports.objects.changes(work.base_sha, work.checkpoint)
        limits = RuleLimits(
            files=attempt.config.limits.files,
            file_bytes=attempt.config.limits.file_bytes,
            total_bytes=attempt.config.limits.total_bytes,
        )
        files = [await _file(change, ports, limits) for change in changes]
        violations = tuple(check_changes(files, limits))
    except (GitError, OSError) as error:
        violations = (Violation("unchecked", "", f"the work could not be read: {error}"),)
    if violations:
        return _blocked(attempt, violations)
    return StageResult(status=StageStatus.PASSED, summary=f"{len(changes)} files checked.")


def _blocked(attempt: Attempt, violations: tuple[Violation, ...]) -> StageResult:
    first = violations[0]
    where = f"`{first.path}`: " if first.path else ""
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    message = f"{where}{first.message}{more}"
    return StageResult(
        status=StageStatus.FAILED,
        summary=message,
        error=RunError(stage=attempt.name, kind=f"rules:{first.rule}", message=message),
        blocked=True,
        data={"violations": [[v.rule, v.path, v.message] for v in violations]},
    )


async def _file(change: Change, ports: Ports, limits: RuleLimits) -> FileChange:
    raise AssertionError
