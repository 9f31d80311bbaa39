"""Hold the whole work against the rules that no model decides: tree against tree."""

import asyncio
from collections.abc import Sequence, Set
from dataclasses import replace

from bot.errors import GitError
from bot.guard.lockfiles import is_lockfile
from bot.guard.rules import (
    Author,
    FileChange,
    Mode,
    RuleLimits,
    Violation,
    check_author,
    check_changes,
    check_spellings,
    is_pointer,
)
from bot.pipeline import judges, risk
from bot.pipeline.contract import Contract
from bot.pipeline.globs import matches
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import FileAction, Gate, RunError, StageStatus
from bot.worktree import Change

_LINK_LIMIT = 4096  # bytes: no path is longer
_POINTER_LIMIT = 1024  # bytes: git LFS takes nothing larger for a pointer


async def rules(attempt: Attempt, ports: Ports) -> StageResult:
    """Pass only what was checked: an error while checking blocks like a violation."""
    work = attempt.run.work
    if work.base_sha is None or work.checkpoint is None:
        return _blocked(attempt, [_unchecked("there is no work to check")])
    limits = RuleLimits(
        files=attempt.config.limits.files,
        file_bytes=attempt.config.limits.file_bytes,
        total_bytes=attempt.config.limits.total_bytes,
    )
    try:
        paths = await ports.objects.paths(work.checkpoint)
        changes, (author, committer), edited = await asyncio.gather(
            _changes(ports, limits, _ours_since(attempt), work.checkpoint, paths),
            ports.objects.authors(work.checkpoint),
            judges.edited(attempt, ports),
        )
    except (GitError, OSError, ValueError) as error:
        return _blocked(attempt, [_unchecked(f"the work could not be read: {error}")])
    app = f"{ports.identity.name} <{ports.identity.email}>"
    violations = [
        *await asyncio.to_thread(check_changes, changes, limits, ports.secrets()),
        *await asyncio.to_thread(check_spellings, changes, paths),
        *check_author(Author(author=author, committer=committer), app),
    ]
    if violations:
        return _blocked(attempt, violations)
    if edited:
        return _taken_back(attempt, edited)
    if outside := _outside(attempt, changes):
        return _beyond_the_plan(attempt, outside, {c.path for c in changes if c.gone})
    return StageResult(
        status=StageStatus.PASSED,
        summary="1 file checked." if len(changes) == 1 else f"{len(changes)} files checked.",
        data={"files": len(changes)},
    )


async def _changes(
    ports: Ports, limits: RuleLimits, base: str, head: str, paths: Sequence[str]
) -> list[FileChange]:
    """Read what differs; contents only where there is not too much of it, which is a violation."""
    listed = await ports.objects.changes(base, head)
    blobs = [c.new_sha for c in listed if c.new_sha and c.new_mode != Mode.GITLINK]
    sizes = await ports.objects.sizes(blobs)
    readable = sum(sizes.values()) <= limits.total_bytes and len(listed) <= limits.files
    added = await ports.objects.added(base, head) if readable else {}
    links = [c.new_sha for c in listed if c.new_sha and c.new_mode == Mode.LINK]
    targets = await ports.objects.blobs(links, _LINK_LIMIT) if links else {}
    locks = [c.old_sha for c in listed if c.old_sha and is_lockfile(c.path)] if readable else []
    before = await ports.objects.blobs(locks, limits.total_bytes) if locks else {}
    known = b"\n".join(before.values())
    attributes = any(path.rpartition("/")[2] == ".gitattributes" for path in paths)
    pointers = await _pointers(ports, listed, head) if attributes and readable else {}
    return [
        replace(_file(change, sizes, added, targets | before, known), lfs=pointers.get(change.path))
        for change in listed
    ]


async def _pointers(ports: Ports, listed: Sequence[Change], head: str) -> dict[str, bytes]:
    """Read what stands in the place of files that git LFS holds, but those it did not before."""
    held = await ports.objects.filtered(head, [c.path for c in listed if c.new_sha], "lfs")
    ours = [c for c in listed if c.path in held and c.new_mode != Mode.GITLINK]
    shas = [sha for c in ours for sha in (c.old_sha, c.new_sha) if sha]
    blobs = await ports.objects.blobs(shas, _POINTER_LIMIT) if shas else {}
    return {
        change.path: blobs.get(change.new_sha or "", b"")
        for change in ours
        if change.old_sha is None or is_pointer(blobs.get(change.old_sha, b""))
    }


def _file(
    change: Change,
    sizes: dict[str, int],
    added: dict[str, bytes],
    blobs: dict[str, bytes],
    locks: bytes,
) -> FileChange:
    sha = change.new_sha or ""
    return FileChange(
        path=change.path,
        old_mode=change.old_mode,
        new_mode=change.new_mode,
        size=sizes.get(sha, 0),
        added=added.get(change.path),
        link_target=blobs.get(sha) if change.new_mode == Mode.LINK else None,
        before=blobs.get(change.old_sha) if change.old_sha else locks,
    )


def _ours_since(attempt: Attempt) -> str:
    """What our work is held against: of somebody's pull request only what we did to it."""
    work = attempt.run.work
    return (work.ground if work.visit is not None else None) or work.base_sha or ""


def _taken_back(attempt: Attempt, violations: Sequence[Violation]) -> StageResult:
    """Have the agent take it back once; then the run ends with it."""
    result = _blocked(attempt, violations)
    if attempt.number > 1 or attempt.last:
        return result
    listed = "\n".join(f"- {each.path}" for each in violations)
    summary = f"{result.summary}. Take back what you did to these files:\n{listed}"
    return result.model_copy(update={"blocked": False, "summary": summary})


def _outside(attempt: Attempt, changes: Sequence[FileChange]) -> list[str]:
    """Name what the plan does not: on an open pull request people ask for more than it said."""
    work = attempt.run.work
    if attempt.plan is None or work.published:
        return []
    allowed = _amended(work.gate, changes) if work.gate else set()
    paths = sorted(change.path for change in changes)
    outside = {
        *attempt.plan.outside(paths),
        *_unasked(attempt, attempt.plan, paths),
        *_unsaid(attempt, attempt.plan, changes),
    }
    return [path for path in paths if path in outside and path not in allowed]


def _amended(gate: Gate, changes: Sequence[FileChange]) -> set[str]:
    """What was approved beside the plan as it is now: a change is no leave to take a file away."""
    gone = {change.path for change in changes if change.gone}
    return {path for path in gate.amended if (path in gone) is (path in gate.amended_gone)}


def _unsaid(attempt: Attempt, plan: Contract, changes: Sequence[FileChange]) -> list[str]:
    """What is gone, or empty, of which the plan says that it is changed: that is asked for."""
    if attempt.config.gate == "never":
        return []
    said = [file.glob for file in plan.plan.files if file.action is FileAction.DELETE]
    gone = (change.path for change in changes if change.gone)
    return [path for path in gone if not any(matches(glob, path) for glob in said)]


def _unasked(attempt: Attempt, plan: Contract, paths: Sequence[str]) -> list[str]:
    """What somebody would have been asked for, had the plan named it and not a pattern for it."""
    gate = attempt.run.work.gate
    if attempt.config.gate != "risky" or (gate is not None and gate.reasons):
        return []
    named = {file.glob for file in plan.plan.files}
    return [path for path in paths if path not in named and risk.touches(path)]


def _beyond_the_plan(attempt: Attempt, outside: Sequence[str], gone: Set[str]) -> StageResult:
    """Have the agent take it back once; after that a person has to allow it."""
    missing = dict.fromkeys(gone, "the plan does not say that it goes away")
    violations = [
        Violation("outside_plan", path, missing.get(path, "the plan does not name it"))
        for path in outside
    ]
    result = _blocked(attempt, violations)
    again = attempt.number == 1 and not attempt.last
    data = {**result.data, "outside": list(outside), "gone": sorted(gone & {*outside})}
    if not again:
        return result.model_copy(update={"data": data})
    listed = "\n".join(f"- {path}" for path in outside)
    summary = f"{result.summary}. Take back what you did to these files:\n{listed}"
    return result.model_copy(update={"data": data, "blocked": False, "summary": summary})


def _unchecked(why: str) -> Violation:
    return Violation("unchecked", "", why)


def _blocked(attempt: Attempt, violations: Sequence[Violation]) -> StageResult:
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
