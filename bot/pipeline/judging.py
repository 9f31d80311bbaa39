"""Tell one failure of the repository's commands from another, and to the agent."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from bot.pipeline.errors import WINDOW, ErrorClass, Failure, classify, lasting
from bot.runs import CommandResult


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
    text = failure.fingerprint if failure else lasting(result.output)
    return hashlib.sha256(f"{failure_class(result, failure)}\n{text}".encode()).hexdigest()[:16]


def _end(result: CommandResult) -> str:
    """The end of the log where it is still there, else of what was shown of it."""
    try:
        with Path(result.log or "").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - WINDOW))
            return file.read().decode(errors="replace")
    except OSError:
        return result.output
