"""Run the repository's own commands in the box: `setup` in a phase of its own, then the others.

Only `setup` may reach the network, and only on the base, which no agent of ours wrote: what an
agent changes never runs with a way out.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.box import Command
from bot.box.egress import Reached, reaching
from bot.guard.known import withhold_lines
from bot.guard.paths import junk
from bot.pipeline.configuration import SETUP
from bot.pipeline.masking import mask_log
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
        first = await _setup(attempt, ports, commit)
    else:
        first = (await prepare(attempt, ports, commit)).setup
    results = [first] if first else []
    if first is None or first.passed:
        for name, command in attempt.config.verify.items():
            if name != SETUP:
                results.append(await _run(name, command, attempt, ports))
    return tuple(results)


async def make_ready(attempt: Attempt, ports: Ports, commit: str) -> Prepared:
    """Put ``commit`` there for an agent, with what `setup` makes.

    What `setup` made for the verdict before stays: no agent has touched it since, and it stands on
    this commit or on the base. A verdict never takes it over, since an agent has touched it then.
    """
    base = attempt.run.work.base_sha or commit
    made_by, ports.worktree.made_by = ports.worktree.made_by, None
    if made_by in (_made(attempt, base), _made(attempt, commit)):
        await ports.worktree.lay(commit)
        return Prepared(made=await _beside(ports, commit))
    prepared = await prepare(attempt, ports, commit)
    ports.worktree.made_by = None
    return prepared


async def prepare(attempt: Attempt, ports: Ports, commit: str) -> Prepared:
    """Run `setup` on the base, then put ``commit`` there."""
    base = attempt.run.work.base_sha or commit
    if SETUP not in attempt.config.verify:
        await ports.worktree.reset(commit)
        return Prepared()
    await ports.worktree.reset(base)
    result = await _setup(attempt, ports, base)
    made = await _beside(ports, base)
    await ports.worktree.lay(commit)
    return Prepared(setup=result, made=made)


async def _beside(ports: Ports, commit: str) -> frozenset[str]:
    """List the files that are not of the commit, and that git does not ignore."""
    changed = await ports.objects.changes(commit, await ports.worktree.capture(drop=junk))
    return frozenset(change.path for change in changed if change.old_sha is None)


async def _setup(attempt: Attempt, ports: Ports, commit: str) -> CommandResult | None:
    command = attempt.config.verify.get(SETUP)
    if not command:
        return None
    result = await _run(SETUP, command, attempt, ports)
    ports.worktree.made_by = _made(attempt, commit) if result.passed else None
    return result


def _made(attempt: Attempt, commit: str) -> str:
    return f"{attempt.run.id} {commit} {attempt.config.verify.get(SETUP)}"


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
    await asyncio.to_thread(mask_log, log, ports.secrets)
    result = CommandResult(
        name=name,
        command=command,
        exit_code=outcome.exit_code,
        seconds=round(outcome.seconds, 3),
        output=withhold_lines(ports.secrets, outcome.output),
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
