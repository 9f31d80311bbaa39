"""What a trial came to: plan, both columns of the commands, difference, patch file, cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.cli import patch
from bot.cli.costs import cost
from bot.cli.output import printable, say, table
from bot.cli.trial.options import Options
from bot.github.texts import money
from bot.pipeline import definition
from bot.pipeline.contract import of_result
from bot.pipeline.prompts import written
from bot.pipeline.story import BASELINE, commands
from bot.runs import CommandResult, Run, Spend, StageKind, StageRecord
from bot.store import calls, runs
from bot.store.database import Connection, Database

Json = dict[str, Any]
MOST_LINES = 400
"""Lines of the difference that are shown; the file has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    issue: str
    run: str
    agent: str
    status: str
    error: Json | None
    plan: Json | None
    plan_text: str
    verify: Sequence[Mapping[str, Any]]
    """A row for each command: name, command, base, head (`exit 0`)."""
    diff: str
    patch: str | None
    """The file, for `git am`; None: there is no work."""
    spend: Sequence[Mapping[str, Any]]
    """A row for each role and model."""
    cost: str

    def as_json(self) -> Json:
        return asdict(self)


async def describe(options: Options, database: Database, run: Run, data_dir: Path) -> Outcome:
    """Read everything that is worth knowing, and write the patch file."""

    def read(c: Connection) -> tuple[list[StageRecord], list[tuple[str, str, Spend]]]:
        return runs.stages(c, run.id), calls.spend_by_model(c, run.id)

    stages, spend = await database.read(read)
    kinds = definition.kinds(run.pipeline)
    made = [p for s in stages if kinds.get(s.name) is StageKind.PLAN and (p := of_result(s.result))]
    total = sum((each for _, _, each in spend), Spend())
    base, commit = run.work.base_sha, run.work.head_sha or run.work.checkpoint
    diff = b""
    if base and commit:
        diff = await patch.read(data_dir, run, base, commit, mbox=False)
        mails = await patch.read(data_dir, run, base, commit, mbox=True)
        options.output.write_bytes(mails)
    return Outcome(
        issue=f"{options.issue.repository}#{options.issue.number}",
        run=run.id,
        agent=run.agent,
        status=run.status.value,
        error=run.error.model_dump(by_alias=True) if run.error else None,
        plan=made[-1].plan.model_dump(mode="json") if made else None,
        plan_text=written(made[-1].plan) if made else "",
        verify=_both(stages, [name for name, kind in kinds.items() if kind is StageKind.VERIFY]),
        diff=diff.decode(errors="replace"),
        patch=str(options.output) if diff else None,
        spend=[{"role": role, "model": model, **s.model_dump()} for role, model, s in spend],
        cost=cost(total),
    )


def tell(outcome: Outcome) -> None:
    """Print it for people."""
    error = f": {outcome.error['message']}" if outcome.error else ""
    say(f"\n{outcome.issue}: {outcome.status}{printable(error)}")
    if outcome.plan_text:
        say(f"\nPlan\n\n{_shown(outcome.plan_text)}")
    if outcome.verify:
        say()
        table(
            ("command", "base", "here"),
            [(row["name"], row["base"], row["head"]) for row in outcome.verify],
        )
    if outcome.diff:
        lines = outcome.diff.splitlines()
        more = f"\n… {len(lines) - MOST_LINES} more lines" if len(lines) > MOST_LINES else ""
        say(f"\n{_shown(chr(10).join(lines[:MOST_LINES]))}{more}")
        say(f"\nPatch: {outcome.patch} (`git am` takes it)")
    for row in outcome.spend:
        say(f"  {row['role']}: {row['model']}, {money.calls(row['calls'], row['unanswered'])}")
    say(f"Cost: {outcome.cost}")


def _both(stages: Sequence[StageRecord], verify: Sequence[str]) -> list[Mapping[str, Any]]:
    base = _newest(stages, (BASELINE,))
    head = _newest(stages, verify)
    return [
        {
            "name": name,
            "command": (head.get(name) or base[name]).command,
            "base": _said(base.get(name)),
            "head": _said(head.get(name)),
        }
        for name in dict.fromkeys([*base, *head])
    ]


def _newest(stages: Sequence[StageRecord], names: Sequence[str]) -> dict[str, CommandResult]:
    found = [stage for stage in stages if stage.name in names and commands(stage)]
    return {result.name: result for result in commands(found[-1])} if found else {}


def _said(result: CommandResult | None) -> str:
    if result is None:
        return "not run"
    return result.problem or f"exit {result.exit_code}"


def _shown(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())
