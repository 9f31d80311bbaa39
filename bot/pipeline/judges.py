"""What judges the work: tests and CI configuration that are there, which nobody edits to get green.

A person may allow it in so many words (`/coppice fix tests=allow`). Where people with write access
ask for more than green checks, their own words decide what is changed. Which files are tests is
said by their paths and by the configuration of the branch that the work is for; settings by which
tests are chosen judge too, and new ones of that kind: one `conftest.py` leaves out all the others.
"""

from collections.abc import Sequence
from posixpath import dirname

from bot.guard.rules import Violation
from bot.pipeline import judged_settings, named_tests
from bot.pipeline.named_tests import NamedTests
from bot.pipeline.ports import Attempt, Ports
from bot.pipeline.signals import configures_ci, is_test
from bot.runs import Run
from bot.worktree import Change

_TEST = "a test that was there is changed"
_SETTINGS = "it says how tests are run, or what is checked"


async def edited(attempt: Attempt, ports: Ports) -> list[Violation]:
    """Name what the work changes of it without leave; raises GitError where it cannot be read."""
    run = attempt.run
    work = run.work
    if _allowed(run) or work.ground is None or work.checkpoint is None:
        return []
    conflicts = work.round.conflicts if work.round else ()
    changes = [
        change
        for change in await ports.objects.changes(work.ground, work.checkpoint)
        if change.path not in conflicts
    ]
    named = await _named(run, ports, changes)
    found = [(change.path, await _judges(run, ports, change, named)) for change in changes]
    return [
        Violation("tests", path, f"{what}; `/coppice fix tests=allow` would let it")
        for path, what in found
        if what is not None
    ]


def _allowed(run: Run) -> bool:
    """May it be changed? Always where the work is not there to get checks green."""
    begun = run.work.round
    if run.work.visit is not None:
        return run.trigger.options.tests
    return begun is None or not begun.checks or begun.tests


async def _named(run: Run, ports: Ports, changes: Sequence[Change]) -> list[NamedTests]:
    """What the branch that the work is for calls tests, and what its own ground does."""
    work = run.work
    house = work.visit.house if work.visit is not None else work.base_sha
    folders = {""}
    for change in changes:
        folder = dirname(change.path)
        while folder:
            folders.add(folder)
            folder = dirname(folder)
    named = []
    for commit in dict.fromkeys(sha for sha in (house, work.ground) if sha is not None):
        paths = await ports.objects.paths(commit)
        near = [path for path in paths if dirname(path) in folders]
        there = [path for path in near if named_tests.is_configuration(path)]
        files = [(path, await ports.objects.file(commit, path)) for path in there]
        named.append(named_tests.read(files, paths))
    return named


async def _judges(
    run: Run, ports: Ports, change: Change, named: Sequence[NamedTests]
) -> str | None:
    path, new = change.path, change.old_mode is None
    if judged_settings.whole(path):
        return _SETTINGS
    if judged_settings.mixed(path) and await _other_settings(run, ports, path):
        return _SETTINGS
    if new:
        return None
    if is_test(path) or any(each.name(path) for each in named):
        return _TEST
    if unread := next((each.unread[0] for each in named if each.unread), None):
        return f"nobody knows whether it is a test: `{unread}` cannot be read"
    return "it configures the CI" if configures_ci(path) else None


async def _other_settings(run: Run, ports: Ports, path: str) -> bool:
    """Is the judging part of a file another one? What cannot be read is."""
    work = run.work
    try:
        before, after = [
            judged_settings.part(path, await ports.objects.file(commit or "", path))
            for commit in (work.ground, work.checkpoint)
        ]
    except ValueError:
        return True
    return before != after
