"""What judges the work: tests and CI configuration that are there, which nobody edits to get green.

A person may allow it in so many words (`/coppice fix tests=allow`). Where people with write access
ask for more than green checks, their own words decide what is changed.
"""

from bot.guard.rules import Violation
from bot.pipeline.ports import Attempt, Ports
from bot.pipeline.signals import configures_ci, is_test
from bot.runs import Run


async def edited(attempt: Attempt, ports: Ports) -> list[Violation]:
    """Name what the work changes of it without leave; raises GitError where it cannot be read."""
    run = attempt.run
    work = run.work
    if _allowed(run) or work.ground is None or work.checkpoint is None:
        return []
    conflicts = work.round.conflicts if work.round else ()
    return [
        Violation("tests", change.path, f"{what}; `/coppice fix tests=allow` would let it")
        for change in await ports.objects.changes(work.ground, work.checkpoint)
        if change.old_mode is not None and change.path not in conflicts
        if (what := _judges(change.path)) is not None
    ]


def _allowed(run: Run) -> bool:
    """May it be changed? Always where the work is not there to get checks green."""
    begun = run.work.round
    if run.work.visit is not None:
        return run.trigger.options.tests
    return begun is None or not begun.checks or begun.tests


def _judges(path: str) -> str | None:
    if is_test(path):
        return "a test that was there is changed"
    return "it configures the CI" if configures_ci(path) else None
