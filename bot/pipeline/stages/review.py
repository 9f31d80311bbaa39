"""Have another agent read plan and difference, beside what the change shows by itself."""

import asyncio

from bot.agent.runtime import Role
from bot.errors import StageFailed
from bot.pipeline import placing, prompts, remarks
from bot.pipeline.asking import Question, ask, nothing_but_a_place, stopped_early
from bot.pipeline.exhibit import exhibit
from bot.pipeline.findings import SCHEMA, Finding, Severity, take, written
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.pipeline.remarks import Looked
from bot.pipeline.signals import Size, signals
from bot.runs import RunError, StageStatus

MOST_DIFFERENCE = 200_000
"""Characters that a reviewer is shown; of a longer difference the beginning."""


async def review(attempt: Attempt, ports: Ports) -> StageResult:
    """Send the work back once where something has to be mended; never pass or fail it for good.

    Our own signals stand whatever the reviewer says. Where the agent has no attempt left, or was
    sent back for a review before, findings are shown to people instead. Somebody else's pull
    request is only looked at: raises StageFailed where nobody could.
    """
    if attempt.run.work.visit is not None:
        return await _of_somebody(attempt, ports)
    work = attempt.run.work
    base, head = work.ground or "", work.checkpoint or work.ground or ""
    ours = await _signals(attempt, ports, base, head)
    theirs: tuple[Finding, ...] = ()
    reason = ""
    difference = await ports.objects.diff(base, head)
    try:
        theirs = await _ask(attempt, ports, prompts.review(attempt, _cut(difference)))
    except StageFailed as why:
        reason = why.reason
    return _judge(attempt, (*ours, *theirs), reason, len(ours))


async def _of_somebody(attempt: Attempt, ports: Ports) -> StageResult:
    """Look at somebody's pull request; findings keep those lines that remarks can stand at."""
    work = attempt.run.work
    base, head = work.base_sha or "", work.checkpoint or ""
    ours = await _signals(attempt, ports, base, head)
    files = placing.read(await ports.objects.sections(base, head))
    try:
        seen = await asyncio.to_thread(exhibit, files)
    except TimeoutError as error:
        raise StageFailed("unscanned", "looking for secrets in it took too long") from error
    theirs: tuple[Finding, ...] = ()
    if seen.files:
        prompt = prompts.review_pull_request(attempt, ports.files, seen.text)
        theirs = await _ask(attempt, ports, prompt)
    found = [placing.placed(each, files) for each in (*seen.findings, *ours, *theirs)]
    looked = Looked(
        commit=head,
        files=len(seen.files),
        left_out=seen.left_out,
        prints=tuple(remarks.fingerprint(each, files) for each in found),
    )
    return StageResult(
        status=StageStatus.NEUTRAL if found else StageStatus.PASSED,
        summary=f"{_count(len(found))} found." if found else "Nothing found.",
        data={
            "findings": [finding.model_dump(mode="json") for finding in found],
            "signals": len(ours),
            "not_reviewed": "",
            "looked": looked.model_dump(mode="json"),
        },
    )


async def _signals(attempt: Attempt, ports: Ports, base: str, head: str) -> tuple[Finding, ...]:
    counts = await ports.objects.numstat(base, head)
    lines = {p: Size(added=c[0], removed=c[1]) if c else None for p, c in counts.items()}
    return tuple(signals(lines, attempt.plan))


async def _ask(attempt: Attempt, ports: Ports, prompt: str) -> tuple[Finding, ...]:
    """Ask another agent; raises StageFailed where it says nothing that can be read."""
    question = Question(
        role=Role.REVIEW,
        prompt=prompt,
        answer=SCHEMA,
        mounts=nothing_but_a_place(attempt, ports),
    )
    async with ports.agents.open(Role.REVIEW, attempt.number) as seat:
        finished = await ask(attempt, ports, seat, question)
        end = stopped_early(finished, seat)
    if end is not None:
        raise StageFailed(end.kind, end.message, blocked=end.blocked)
    if finished.answer is None:
        reason = f"the agent `{seat.runtime.name}` makes no review"
        raise StageFailed("no_review", reason, blocked=True)
    try:
        return take(finished.answer)
    except (ValueError, RecursionError) as error:
        raise StageFailed("bad_review", f"its answer cannot be read: {error}") from error


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
