"""What a run that publishes nothing but its comment puts into it: verdicts, plan and difference."""

from collections.abc import Sequence

from bot.github.markdown import code, fence, folded, prose
from bot.github.texts.moments import count
from bot.github.texts.results import commit, table
from bot.runs import CommandResult, Plan, Run

LARGEST = 40_000
"""Bytes of a difference that a comment shows."""


def delivery(
    run: Run,
    head: Sequence[CommandResult],
    base: Sequence[CommandResult],
    *,
    files: int,
    plan: Plan | None,
    difference: str | None,
) -> str:
    """Show the work; ``difference`` None: it is to be fetched by `coppice patch`."""
    there = commit(run.work.base_ref, run.work.base_sha)
    proof = table(head, base, here="with this", there=there) if head else _UNVERIFIED
    parts = [proof, f"{count(files, 'file')} checked: no rule is broken." if files else ""]
    if plan is not None:
        listed = "\n".join(f"- {code(file.glob)}: {prose(file.purpose)}" for file in plan.files)
        parts.append(folded("The plan", f"{prose(plan.summary)}\n\n{listed}"))
    parts.append(_difference(run, difference))
    return "\n\n".join(part for part in parts if part)


_UNVERIFIED = "**Not verified:** `.github/coppice.yml` names no commands, so nothing was run."


def _difference(run: Run, difference: str | None) -> str:
    fetch = f"The work: `coppice patch {run.short_id}`."
    if difference is None:
        return fetch
    if len(difference.encode()) > LARGEST:
        return f"The difference is too large for a comment. {fetch}"
    return folded("The difference", fence(difference, "diff"))
