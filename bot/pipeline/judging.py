"""Run the repository's commands in the box, and tell one failure from another."""

import hashlib
import re
from collections.abc import Sequence

from bot.box import Command
from bot.pipeline.ports import Attempt, Ports
from bot.runs import CommandResult, RunEvent

SETUP = "setup"
_ERROR_NAME = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Failure|Warning))\b")
_VOLATILE = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?|/tmp/\S+")


async def run_commands(attempt: Attempt, ports: Ports) -> tuple[CommandResult, ...]:
    """Run the configured commands in order; a failing `setup` ends it, others do not.

    Going on after a failure shows the agent and the reader everything that is wrong at once.
    """
    results: list[CommandResult] = []
    for name, command in attempt.config.verify.items():
        result = await _run(name, command, attempt, ports)
        results.append(result)
        await ports.record([_event(attempt, result)])
        if name == SETUP and not result.passed:
            break
    return tuple(results)


async def _run(name: str, command: str, attempt: Attempt, ports: Ports) -> CommandResult:
    log = ports.files / "logs" / f"{attempt.name}-{attempt.overall}-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    outcome = await ports.box.run(
        Command(
            argv=("/bin/sh", "-c", command),
            mounts=ports.worktree.mounts,
            seconds=attempt.config.limits.command_seconds,
            log=log,
            loopback=True,
        )
    )
    return CommandResult(
        name=name,
        command=command,
        exit_code=outcome.exit_code,
        seconds=round(outcome.seconds, 3),
        output=outcome.output,
        log=str(log),
        problem=outcome.problem,
    )


def told(results: Sequence[CommandResult]) -> str:
    """What failed, as the agent is told it: each command with what it printed."""
    return "\n\n".join(
        f"`{result.command}` ({result.name}): {result.problem or f'exit {result.exit_code}'}\n"
        f"{result.output}"
        for result in results
        if not result.passed
    )


def failure_class(result: CommandResult) -> str:
    """Name a failure as scripts read it: the command, and what it died of."""
    if result.problem is not None:
        return f"{result.name}:limit"
    names = _ERROR_NAME.findall(result.output)
    return f"{result.name}:{names[-1] if names else f'exit {result.exit_code}'}"


def fingerprint(result: CommandResult) -> str:
    """Digest of a failure without times, numbers and addresses: equal means nothing changed."""
    text = _VOLATILE.sub("#", result.output)
    return hashlib.sha256(f"{failure_class(result)}\n{text}".encode()).hexdigest()[:16]


def _event(attempt: Attempt, result: CommandResult) -> RunEvent:
    return RunEvent(
        stage=attempt.name,
        attempt=attempt.number,
        type="command",
        data=result.model_dump(include={"name", "command", "exit_code", "seconds", "problem"}),
    )
