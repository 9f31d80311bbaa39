"""The plan comment: a contract that a person reads in a minute and a machine can check."""

import re
from collections.abc import Sequence

from bot.github.markdown import cell, code, fence, folded, line, prose
from bot.github.texts import boxes
from bot.github.texts.money import at_most, budget
from bot.runs import (
    Approval,
    Budget,
    FileAction,
    Gate,
    Plan,
    PlannedFile,
    Publish,
    Record,
    Run,
    Step,
)

_SAYS = re.compile(r"(passes|fails|prints|exits|succeeds|shows|returns|finds|says)\b")
"""With these a command and what it is expected to do are one sentence."""
_ACTIONS = {FileAction.ADD: "new, ", FileAction.DELETE: "deleted, ", FileAction.CHANGE: ""}


class Waiting(Record):
    """A plan and where its approval stands."""

    run: Run
    plan: Plan
    gate: Gate
    count: int = 1
    """Approvals that it takes."""
    owners: bool = False
    """Only who owns its files counts."""
    not_requester: bool = False
    """Whoever asked for the run does not count."""
    limit: Budget = Budget()
    """What the run may spend at most."""
    ended: str | None = None
    """How the run ended while the plan waited, in words of ours."""


def plan_comment(waiting: Waiting) -> str:
    """Write the whole comment, without its marker."""
    plan = waiting.plan
    parts = [
        _header(waiting),
        _changed(waiting),
        prose(plan.summary),
        f"**Decision:** {prose(plan.decision)}" if plan.decision else "",
        _contract(plan),
        _limits(plan),
        _approvals(waiting),
        _act(waiting),
    ]
    return "\n\n".join(part for part in parts if part)


def _header(waiting: Waiting) -> str:
    number = waiting.run.issue
    if waiting.ended:
        return f"**Plan for #{number}: {waiting.ended}**"
    if waiting.gate.passed:
        by = ", ".join(code(login) for login in waiting.gate.people)
        return f"**Plan for #{number}: approved by {by}**" if by else f"**Plan for #{number}**"
    facts = [f"**Plan for #{number}: approve to start**"]
    if waiting.gate.amendment:
        facts = [f"**Plan for #{number}: approve what it needs beside the plan**"]
    cost = [
        f"about {budget(waiting.plan.estimate)}" if waiting.plan.estimate else "",
        at_most(waiting.limit),
    ]
    told = ", ".join(part for part in cost if part)
    return " · ".join([*facts, told] if told else facts)


def _changed(waiting: Waiting) -> str:
    gate = waiting.gate
    lines = [said for said in (gate.changed, gate.refused) if said]
    if gate.void and not gate.passed:
        counts = "counts" if len(gate.void) == 1 else "count"
        which = "The approval" if len(gate.void) == 1 else "The approvals"
        lines.append(f"{which} by {_names(gate.void)} {counts} no more.")
    if gate.edit and not gate.passed:
        lines.append(folded("What was edited", fence(gate.edit, "diff")))
        kept = f"`/coppice approve {gate.asks[: boxes.SHOWN]}` keeps the text that was planned for;"
        lines.append(f"{kept} `/coppice plan` takes the new one.")
    return "\n\n".join(lines)


def _contract(plan: Plan) -> str:
    left = list(plan.steps)
    rows = ["| change | check |", "|---|---|"]
    for file in plan.files:
        step = _step_of(file, left, alone=len(plan.files) == len(plan.steps) == 1)
        if step is not None:
            left.remove(step)
        rows.append(f"| {cell(_change(file))} | {cell(_check(step))} |")
    rows += [f"| {cell(prose(step.description))} | {cell(_check(step))} |" for step in left]
    return "\n".join(rows)


def _step_of(file: PlannedFile, steps: Sequence[Step], *, alone: bool) -> Step | None:
    """The step that speaks of a file, so that each file stands beside its check."""
    name = file.glob.rsplit("/", 1)[-1]
    named = (s for s in steps if file.glob in s.description or name in s.description)
    return next(named, steps[0] if alone and steps else None)


def _change(file: PlannedFile) -> str:
    return f"{code(file.glob)}: {_ACTIONS[file.action]}{prose(file.purpose)}"


def _check(step: Step | None) -> str:
    if step is None or step.check is None:
        return "a person looks"
    check = step.check
    said = prose(check.expected)
    if not check.command:
        return said
    return f"{code(check.command)}{'' if _SAYS.match(said) else ':'} {said}"


def _limits(plan: Plan) -> str:
    parts = ["No other file."]
    if plan.leaves:
        parts.append(f"Left of the issue: {_listed(plan.leaves)}.")
    if plan.not_covered:
        parts.append(f"Not covered: {_listed(plan.not_covered)}.")
    if plan.risks:
        parts.append(f"Risk: {_listed(plan.risks)}.")
    return " ".join(parts)


def _listed(texts: Sequence[str]) -> str:
    return "; ".join(prose(line(text, 500)).rstrip(".") for text in texts)


def _approvals(waiting: Waiting) -> str:
    gate, lines = waiting.gate, []
    if gate.reasons and not gate.passed and not waiting.ended and not gate.amendment:
        why = [r if r.startswith(("`", "every ")) else f"it {r}" for r in gate.reasons]
        lines.append(f"It waits because {'; '.join(why)}.")
    if waiting.count > 1 and not gate.passed and not waiting.ended:
        given = f": {_names(gate.approvals)}" if gate.approvals else ""
        lines.append(f"{len(gate.approvals)} of {waiting.count} approvals{given}.")
    if not gate.passed and not waiting.ended:
        lines.append(_who_counts(waiting))
    if gate.amended:
        beside = ", ".join(_path(path, gate.amended_gone) for path in gate.amended)
        lines.append(f"Approved beside the plan: {beside}.")
    return "\n\n".join(part for part in lines if part)


def _who_counts(waiting: Waiting) -> str:
    """Whose word it takes, where that is not everybody's who may write."""
    by = code(waiting.run.trigger.by.login)
    if not waiting.owners:
        return f"{by} asked for it, and does not count." if waiting.not_requester else ""
    but = f", {by} who asked for it does not" if waiting.not_requester else ""
    return f"Only owners of its files count (CODEOWNERS){but}."


def _act(waiting: Waiting) -> str:
    gate, boxed = waiting.gate, waiting.run.publish not in (Publish.COMMENT, Publish.PATCH)
    if waiting.ended or gate.passed:
        return ""
    if gate.amendment:
        gone = gate.amendment.gone
        first = sorted(gate.amendment.paths, key=lambda path: path not in gone)
        paths = ", ".join(_path(path, gone) for path in first[:10])
        more = len(first) - 10
        also = f" and {more} more" if more > 0 else ""
        way = boxes.amend(gate.amendment.hash) if boxed else _words(gate.amendment.hash)
        rest = "Else write `/coppice reject`: the run ends, and its work is kept."
        return f"The work also changes {paths}{also}.\n\n{way}\n\n{rest}"
    way = boxes.approve(gate.asks) if boxed else _words(gate.asks)
    return f"{way}\n\nTo change it, reply `/coppice` and what you want."


def _path(path: str, gone: Sequence[str]) -> str:
    return f"{code(path)} (nothing is left)" if path in gone else code(path)


def _words(digest: str) -> str:
    """The way where boxes are not used."""
    return f"To approve it, write `/coppice approve {digest[: boxes.SHOWN]}`."


def _names(approvals: Sequence[Approval]) -> str:
    return ", ".join(code(approval.by.login) for approval in approvals)
