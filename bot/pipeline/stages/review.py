"""Have another agent read plan and difference, beside what the change shows by itself."""

from bot.agent.runtime import Role
from bot.errors import StageFailed
from bot.pipeline import prompts
from bot.pipeline.asking import Question, ask, nothing_but_a_place, stopped_early
from bot.pipeline.findings import SCHEMA, Finding, Severity, take, written
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.pipeline.signals import Size, signals
from bot.runs import RunError, StageStatus

MOST_DIFFERENCE = 200_000
"""Characters that a reviewer is shown; of a longer difference the beginning."""


class _NotReviewed(Exception):
    """Nobody reviewed it; the text says why. That alone never stops a run."""


async def review(attempt: Attempt, ports: Ports) -> StageResult:
    """Send the work back once where something has to be mended; never pass or fail it for good.

    Our own signals stand whatever the reviewer says. Where the agent has no attempt left, or was
    sent back for a review before, findings are shown to people instead.
    """
    work = attempt.run.work
    base, head = work.ground or "", work.checkpoint or work.ground or ""
    counts = await ports.objects.numstat(base, head)
    lines = {p: Size(added=c[0], removed=c[1]) if c else None for p, c in counts.items()}
    ours = tuple(signals(lines, attempt.plan))
    theirs: tuple[Finding, ...] = ()
    reason = ""
    try:
        theirs = await _ask(attempt, ports, await ports.objects.diff(base, head))
    except _NotReviewed as why:
        reason = str(why)
    return _judge(attempt, (*ours, *theirs), reason, len(ours))


async def _ask(attempt: Attempt, ports: Ports, difference: str) -> tuple[Finding, ...]:
    question = Question(
        role=Role.REVIEW,
        prompt=prompts.review(attempt, _cut(difference)),
        answer=SCHEMA,
        mounts=nothing_but_a_place(attempt, ports),
    )
    try:
        async with ports.agents.open(Role.REVIEW, attempt.number) as seat:
            finished = await ask(attempt, ports, seat, question)
            end = stopped_early(finished, seat)
    except StageFailed as error:
        raise _NotReviewed(error.reason) from error
    if end is not None:
        raise _NotReviewed(end.message)
    if finished.answer is None:
        raise _NotReviewed(f"the agent `{seat.runtime.name}` makes no review")
    try:
        return take(finished.answer)
    except (ValueError, RecursionError) as error:
        raise _NotReviewed(f"its answer cannot be read: {error}") from error


def _judge(
    attempt: Attempt, findings: tuple[Finding, ...], not_reviewed: str, ours: int
) -> StageResult:
    grave = tuple(finding for finding in findings if finding.severity is Severity.MUST)
    data = {
        "findings": [finding.model_dump(mode="json") for finding in findings],
        "signals": ours,
        "not_reviewed": not_reviewed,
    }
    if grave and attempt.number == 1 and not attempt.last:
        message = f"the review found {_count(len(grave))} to mend: {grave[0].title}"
        return StageResult(
            status=StageStatus.FAILED,
            summary=f"{message}\n{written(findings)}",
            error=RunError(stage=attempt.name, kind="review", message=message),
            data=data,
        )
    said = f"{_count(len(findings))} found." if findings else "Nothing found."
    if not_reviewed:
        said = f"Not reviewed: {not_reviewed}. {said if findings else ''}".strip()
    passed = not findings and not not_reviewed
    status = StageStatus.PASSED if passed else StageStatus.NEUTRAL
    return StageResult(status=status, summary=said, data=data)


def _cut(difference: str) -> str:
    if len(difference) <= MOST_DIFFERENCE:
        return difference
    return f"{difference[:MOST_DIFFERENCE]}\n(cut: {len(difference):,} characters in all)"


def _count(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"
