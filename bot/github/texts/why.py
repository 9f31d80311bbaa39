"""The answer to `/coppice why`: each stage, what it decided, and on what evidence."""

from collections.abc import Sequence

from bot.github.markdown import code, line, prose
from bot.github.texts.moments import clock
from bot.runs import CommandResult, Run, StageRecord

_LONGEST = 300


def evidence(run: Run, stages: Sequence[StageRecord]) -> str:
    """Tell a run from its stored records: nothing in it is a model's word."""
    head = f"Run {code(run.short_id)} is {run.status}"
    head += f", asked for by {code(run.trigger.by.login)} at {clock(run.created_at)}."
    if run.error is not None:
        head += f" {prose(line(run.error.message, _LONGEST))}"
    if not stages:
        return head
    rows = [_row(stage) for stage in stages]
    return "\n".join([head, "", "| stage | decided | because |", "|---|---|---|", *rows])


def _row(stage: StageRecord) -> str:
    name = stage.name if stage.attempt == 1 else f"{stage.name}, try {stage.attempt}"
    return f"| {name} | {stage.status} | {_because(stage)} |".replace("\n", " ")


def _because(stage: StageRecord) -> str:
    commands = [CommandResult.model_validate(row) for row in stage.result.get("commands", ())]
    if commands:
        return ", ".join(
            f"{code(one.command)} {one.problem or f'exit {one.exit_code}'}" for one in commands
        ).replace("|", "\\|")
    words = stage.error.message if stage.error else str(stage.result.get("summary", ""))
    return prose(line(words, _LONGEST)).replace("|", "\\|")
