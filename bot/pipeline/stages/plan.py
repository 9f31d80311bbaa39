"""Plan the change as a contract, checked against the repository before anybody sees it."""

import asyncio

from bot.agent.runtime import Role
from bot.errors import StageFailed
from bot.github.texts.boxes import SHOWN
from bot.github.texts.moments import count
from bot.pipeline import prompts, snapshots
from bot.pipeline.asking import AGENT_ERROR, Question, ask, read_only, stopped_early
from bot.pipeline.contract import Contract, contract
from bot.pipeline.planning import SCHEMA, Ground, Unfit, take
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import StageStatus

ASKED_AGAIN = 2
"""How often a plan that cannot be taken is asked for once more."""


async def plan(attempt: Attempt, ports: Ports) -> StageResult:
    """Ask for a plan until one fits the repository; an agent without a model may make none.

    Raises StageFailed: `bad_plan` after the last try, else what ended the agent.
    """
    work = attempt.run.work
    base = work.ground or ""
    await ports.worktree.reset(base)
    ground = Ground(
        paths=frozenset(await ports.objects.paths(base)), most_files=attempt.config.limits.files
    )
    failed: StageFailed | None = None
    for turn in range(1, 2 + ASKED_AGAIN):
        try:
            made = await _ask(attempt, ports, turn, failed.reason if failed else None, ground)
        except Unfit as error:
            failed = StageFailed("bad_plan", f"the plan cannot be taken: {error}")
        except StageFailed as error:
            if error.kind != AGENT_ERROR:
                raise
            failed = error
        else:
            return _none(attempt, ports) if made is None else _passed(made)
    raise failed or StageFailed("bad_plan", "there is no plan")


async def _ask(
    attempt: Attempt, ports: Ports, turn: int, problem: str | None, ground: Ground
) -> Contract | None:
    """Ask once; None: the agent makes no plans. Raises Unfit with what is wrong."""
    question = Question(
        role=Role.PLAN,
        prompt=prompts.plan(attempt, ports.files, problem),
        answer=SCHEMA,
        mounts=read_only(ports.worktree.mounts),
        turn=turn,
    )
    async with ports.agents.open(Role.PLAN, attempt.number + turn - 1) as seat:
        finished = await ask(attempt, ports, seat, question)
        if end := stopped_early(finished, seat):
            raise StageFailed(end.kind, end.message, blocked=end.blocked)
        if finished.answer is None and not seat.runtime.capabilities.apis:
            return None
    made = await asyncio.to_thread(take, finished.answer, ground)
    return contract(made, snapshots.digest(ports.files))


def _passed(made: Contract) -> StageResult:
    steps, files = len(made.plan.steps), len(made.plan.files)
    size = f"{count(steps, 'step')}, {count(files, 'entry', 'entries')}"
    return StageResult(
        status=StageStatus.PASSED,
        summary=f"Plan `{made.hash[:SHOWN]}`: {size} of files.",
        data=made.model_dump(mode="json"),
    )


def _none(attempt: Attempt, ports: Ports) -> StageResult:
    name = ports.agents.runtime(Role.PLAN).name
    return StageResult(status=StageStatus.NEUTRAL, summary=f"The agent `{name}` makes no plan.")
