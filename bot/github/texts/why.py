"""The answer to `/coppice why`: each stage, what it decided, and on what evidence."""

from collections.abc import Sequence

from bot.github.markdown import cell, code, line, prose
from bot.github.texts.boxes import SHOWN
from bot.github.texts.moments import clock
from bot.runs import CommandResult, Run, StageRecord

_LONGEST = 300


def evidence(run: Run, stages: Sequence[StageRecord]) -> str:
    """Tell a run from its stored records: nothing in it is a model's word."""
    head = f"Run {code(run.short_id)} is {run.status}"
    head += f", asked for by {code(run.trigger.by.login)} at {clock(run.created_at)}."
    if run.error is not None:
        head += f" {prose(line(run.error.message, _LONGEST)).rstrip('.')}."
    if not stages:
        return head
    rows = [_row(stage) for stage in stages]
    table = "\n".join(["| stage | decided | because |", "|---|---|---|", *rows])
    return "\n\n".join(part for part in (head, table, _gate(run)) if part)


def _gate(run: Run) -> str:
    """What people were asked about the plan, and what they said."""
    gate = run.work.gate
    if gate is None or not (gate.reasons or gate.approvals or gate.void):
        return ""
    asks = "was to be approved" if run.status.ended else "waits for people"
    waits = f"Plan `{gate.asks[:SHOWN]}` {asks}" if not gate.passed else ""
    passed = f"Plan `{gate.hash[:SHOWN]}` had to be approved" if gate.passed else ""
    lines = [f"{waits or passed}: {prose('; '.join(gate.reasons))}." if gate.reasons else ""]
    lines += [f"Approved by {code(a.by.login)} at {clock(a.at)}." for a in gate.approvals]
    lines += [f"The approval by {code(a.by.login)} counts no more." for a in gate.void]
    return "\n".join(line for line in lines if line)


def _row(stage: StageRecord) -> str:
    name = stage.name if stage.attempt == 1 else f"{stage.name}, try {stage.attempt}"
    return f"| {name} | {stage.status} | {_because(stage)} |".replace("\n", " ")


def _because(stage: StageRecord) -> str:
    commands = [CommandResult.model_validate(row) for row in stage.result.get("commands", ())]
    if commands:
        said = (f"{code(one.command)} {one.problem or f'exit {one.exit_code}'}" for one in commands)
        return cell(", ".join(said))
    words = stage.error.message if stage.error else str(stage.result.get("summary", ""))
    return cell(prose(line(words, _LONGEST)))
