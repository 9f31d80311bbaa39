"""Run the repository's own commands in the box: `setup` in a phase of its own, then the others.

Only `setup` may reach the network, and only on the base, which no agent of ours wrote: what an
agent changes never runs with a way out.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.box import Command
from bot.box.egress import Reached, reaching
from bot.guard.paths import junk
from bot.pipeline.configuration import SETUP
from bot.pipeline.ports import Attempt, Ports
from bot.runs import CommandResult, RunEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The worktree on a commit, with what `setup` made."""

    setup: CommandResult | None = None
    """None: there is none."""
    made: frozenset[str] = frozenset()
    """Files of `setup` that git does not ignore: no work of an agent's."""


async def judge(attempt: Attempt, ports: Ports, commit: str) -> tuple[CommandResult, ...]:
    """Run the configured commands on a commit, in order; a failing `setup` ends it, others do not.

    Going on after a failure shows the agent and the reader everything that is wrong at once. Where
    `setup` may reach nothing it is run on the commit itself.
    """
    if ports.egress is None:
        await ports.worktree.reset(commit)
        first = await _setup(attempt, ports)
    else:
        first = (await prepare(attempt, ports, commit)).setup
    results = [first] if first else []
    if first is None or first.passed:
        for name, command in attempt.config.verify.items():
            if name != SETUP:
                results.append(await _run(name, command, attempt, ports))
    return tuple(results)


async def prepare(attempt: Attempt, ports: Ports, commit: str) -> Prepared:
    """Run `setup` on the base, then put ``commit`` there."""
    base = attempt.run.work.base_sha or commit
    if SETUP not in attempt.config.verify:
        await ports.worktree.reset(commit)
        return Prepared()
    await ports.worktree.reset(base)
    result = await _setup(attempt, ports)
    tree = await ports.worktree.capture(drop=junk)
    changed = await ports.objects.changes(base, tree)
    await ports.worktree.lay(commit)
    made = frozenset(change.path for change in changed if change.old_sha is None)
    return Prepared(setup=result, made=made)


async def _setup(attempt: Attempt, ports: Ports) -> CommandResult | None:
    command = attempt.config.verify.get(SETUP)
    return await _run(SETUP, command, attempt, ports) if command else None


async def _run(name: str, command: str, attempt: Attempt, ports: Ports) -> CommandResult:
    log = ports.files / "logs" / f"{attempt.name}-{attempt.overall}-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    asked = Command(
        argv=("/bin/sh", "-c", command),
        mounts=ports.worktree.mounts,
        seconds=attempt.config.limits.command_seconds,
        log=log,
        loopback=True,
    )
    reached: list[Reached] = []
    async with AsyncExitStack() as stack:
        if name == SETUP and ports.egress is not None:
            way = reaching(asked, ports.egress, reached.append)
            asked = await stack.enter_async_context(way)
        outcome = await ports.box.run(asked)
    result = CommandResult(
        name=name,
        command=command,
        exit_code=outcome.exit_code,
        seconds=round(outcome.seconds, 3),
        output=outcome.output,
        log=str(log),
        problem=outcome.problem,
    )
    await ports.record([*_ways(attempt, reached), _event(attempt, result)])
    return result


def _ways(attempt: Attempt, reached: list[Reached]) -> list[RunEvent]:
    """Each place that a command reached or was refused, once."""
    found = dict.fromkeys((each.host, each.port, each.refused) for each in reached)
    return [
        RunEvent(
            stage=attempt.name,
            attempt=attempt.number,
            type="network",
            data={"host": host, "port": port, "refused": refused},
        )
        for host, port, refused in list(found)[:100]
    ]


def _event(attempt: Attempt, result: CommandResult) -> RunEvent:
    return RunEvent(
        stage=attempt.name,
        attempt=attempt.number,
        type="command",
        data=result.model_dump(include={"name", "command", "exit_code", "seconds", "problem"}),
    )
