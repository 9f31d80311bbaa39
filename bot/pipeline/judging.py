"""Run the repository's commands in the box, and tell one failure from another."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from bot.box import Command
from bot.pipeline.errors import WINDOW, ErrorClass, Failure, classify
from bot.pipeline.ports import Attempt, Ports
from bot.runs import CommandResult, RunEvent

SETUP = "setup"
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


def told(results: Sequence[CommandResult], hint: str | None = None) -> str:
    """What failed, as the agent is told it: a hint, and each command with what it printed."""
    failed = [
        f"`{result.command}` ({result.name}): {result.problem or f'exit {result.exit_code}'}\n"
        f"{result.output}"
        for result in results
        if not result.passed
    ]
    return "\n\n".join([*([f"Hint: {hint}"] if hint and failed else []), *failed])


def read_failure(result: CommandResult, classes: Sequence[ErrorClass]) -> Failure | None:
    """Name what a command died of, by the end of its whole log; None: nobody knows."""
    if result.problem is not None:
        return None
    return classify(_end(result), classes)


def failure_class(result: CommandResult, failure: Failure | None) -> str:
    """Name a failure as scripts read it: the command, and what it died of."""
    if result.problem is not None:
        return f"{result.name}:limit"
    return f"{result.name}:{failure.kind.key if failure else f'exit {result.exit_code}'}"


def fingerprint(result: CommandResult, failure: Failure | None) -> str:
    """Digest of a failure without times, numbers and addresses: equal means nothing changed."""
    text = failure.fingerprint if failure else _VOLATILE.sub("#", result.output)
    return hashlib.sha256(f"{failure_class(result, failure)}\n{text}".encode()).hexdigest()[:16]


def _end(result: CommandResult) -> str:
    """The end of the log where it is still there, else of what was shown of it."""
    try:
        with Path(result.log or "").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - WINDOW))
            return file.read().decode(errors="replace")
    except OSError:
        return result.output


def _event(attempt: Attempt, result: CommandResult) -> RunEvent:
    return RunEvent(
        stage=attempt.name,
        attempt=attempt.number,
        type="command",
        data=result.model_dump(include={"name", "command", "exit_code", "seconds", "problem"}),
    )
