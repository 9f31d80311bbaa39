"""The repository's own commands and what came of them, in words."""

import re
from collections.abc import Sequence

from bot.github.markdown import cell, code
from bot.runs import CommandResult

_ERROR_NAME = re.compile(r"\b([A-Z]\w{2,40}(?:Error|Exception|Failure))\b")
_FAILED_TEST = re.compile(
    r"^FAILED (\S+::\S+)(?: - (assert\b|[A-Z]\w{2,60}(?=:|$)))?", re.MULTILINE
)
"""pytest's own summary."""
_PASSED = re.compile(r"\b(\d{1,7}) passed\b")


def outcome(result: CommandResult | None) -> str:
    """`passes`, `412 pass`, `fails: IndexError`, `not run`: for a table's cell."""
    if result is None:
        return "not run"
    if result.passed:
        counted = _PASSED.findall(result.output)
        return f"{counted[-1]} pass" if counted else "passes"
    return f"fails: {cause(result)}"


def cause(result: CommandResult) -> str:
    """Why a command failed, in a few words of ours."""
    if result.problem:
        return result.problem
    named = _ERROR_NAME.findall(result.output)
    return named[-1] if named else f"exit {result.exit_code}"


def failures(results: Sequence[CommandResult]) -> str:
    """`` `pytest` failed, `IndexError` in `tests/a.py::test_b`; `ruff` failed: exit 1 ``, or an
    empty text.
    """
    red = [result for result in results if not result.passed]
    return "; ".join(f"{code(result.name)} failed{_how(result)}" for result in red)


def _how(result: CommandResult) -> str:
    found = _FAILED_TEST.findall(result.output)
    if result.problem or not found:
        return f": {cause(result)}"
    test, said = found[0]
    error = "AssertionError" if said == "assert" else said
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{f', {code(error)}' if error else ''} in {code(test)}{more}"


def table(
    head: Sequence[CommandResult],
    base: Sequence[CommandResult],
    *,
    here: str,
    there: str,
) -> str:
    """Both commits side by side, by the command's name; ``here`` and ``there`` head the columns."""
    before = {result.name: result for result in base}
    rows = [f"| run by Coppice | {there} | {here} |", "|---|---|---|"]
    for result in head:
        before_it = outcome(before.get(result.name))
        rows.append(f"| {_command(result)} | {cell(before_it)} | {cell(outcome(result))} |")
    return "\n".join(rows)


def _command(result: CommandResult) -> str:
    shown = result.command if len(result.command) <= 60 else result.name
    return cell(code(shown))


def commit(name: str | None, sha: str | None) -> str:
    """`` `main` 8c1d2e0 ``: heads a column."""
    return " ".join(part for part in (code(name or ""), (sha or "")[:7]) if part)
