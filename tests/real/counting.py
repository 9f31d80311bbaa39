"""Counts what agent programs did in `make real RUNS=n`, and writes it down in docs/agents.md."""

import os
import re
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

ATTEMPT, RUN = "attempt of an agent", "run of an agent"
"""What a test may count: user properties, with the agent's name and its seconds as their value."""
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "agents.md"
HEADS = {
    RUN: ("run", "| agent | runs | a draft pull request | seconds each, median (least to most) |"),
    ATTEMPT: (
        "attempt",
        "| agent | attempts | as they should be | seconds each, median (least to most) |",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    what: str
    name: str
    seconds: float
    good: bool


@contextmanager
def counting(request: pytest.FixtureRequest, what: str, name: str) -> Iterator[None]:
    """Count the block, however it ends."""
    began = time.monotonic()
    try:
        yield
    finally:
        request.node.user_properties.append((what, (name, time.monotonic() - began)))


def table(what: str, found: Sequence[Counted]) -> str:
    """Make the table of one kind, and the line below it that says when and on what."""
    lines = [HEADS[what][1], "|---|--:|--:|--:|"]
    for name in dict.fromkeys(each.name for each in found):
        mine = [each for each in found if each.name == name]
        took = [each.seconds for each in mine]
        spread = f"{statistics.median(took):.0f} ({min(took):.0f} to {max(took):.0f})"
        good = sum(each.good for each in mine)
        lines.append(f"| `{name}` | {len(mine)} | {good} | {spread} |")
    cores, load = os.cpu_count(), os.getloadavg()[0]
    lines += ["", f"{_today()}, {_commit()}, {cores} cores, load {load:.0f} at the end."]
    return "\n".join(lines)


def written(document: str, tables: Mapping[str, str]) -> str:
    """Put tables in their places; raises ValueError where there is no place."""
    for what, text in tables.items():
        begin, end = (f"<!-- {at} of {HEADS[what][0]}s -->" for at in ("begin", "end"))
        place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not place.search(document):
            raise ValueError(f"there is no place for the {what}s in {DOCUMENT.name}")
        block = f"{begin}\n{text}\n{end}"
        document = place.sub(lambda _, block=block: block, document)  # type: ignore[misc]
    return document


def write_down(found: Sequence[Counted]) -> None:
    tables = {what: [each for each in found if each.what == what] for what in HEADS}
    made = {what: table(what, mine) for what, mine in tables.items() if mine}
    DOCUMENT.write_text(written(DOCUMENT.read_text(), made))


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def _commit() -> str:
    git = ("git", "-C", str(DOCUMENT.parent))
    head = _said(*git, "rev-parse", "--short", "HEAD")
    changed = _said(*git, "status", "--porcelain", "--untracked-files=no", "--", ":!docs")
    return f"commit {head} with changes on top" if changed else f"commit {head}"


def _said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
