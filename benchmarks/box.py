"""A command in the box, start to end, against the same outside; both boxes that confine."""

import asyncio
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figure import Figure, difference, in_turn, show
from bot.box import TREE, Box, Choice, Command, Mount, probe

TIMES = 20
MOST = {"bubblewrap": 0.020, "landlock": 0.005}
ARGV = ("/bin/sh", "-c", "exit 0")


def inside(box: Box, tree: Path, runner: asyncio.Runner) -> float:
    """Give the median seconds of a round of commands in the box."""
    command = Command(
        argv=ARGV, mounts=(Mount(source=tree, target=TREE, writable=True),), seconds=30
    )

    async def once() -> float:
        began = time.perf_counter()
        outcome = await box.run(command)
        if outcome.exit_code != 0:
            raise RuntimeError(f"the command failed: {outcome}")
        return time.perf_counter() - began

    return statistics.median(runner.run(once()) for _ in range(TIMES))


def outside(tree: Path) -> float:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run(ARGV, check=True, cwd=tree, env={}, capture_output=True)
        return time.perf_counter() - began

    return statistics.median(once() for _ in range(TIMES))


def start_to_end(level: Choice, runner: asyncio.Runner, tree: Path) -> Figure:
    box = runner.run(probe(level))
    series = in_turn(lambda: inside(box, tree, runner), lambda: outside(tree))
    return difference(
        f"a command in the box, start to end, level {box.level.value}",
        "the same outside",
        "s",
        series,
        most=MOST[level],
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        tree = Path(folder)
        levels: tuple[Choice, ...] = ("bubblewrap", "landlock")
        show(*(start_to_end(level, runner, tree) for level in levels))


if __name__ == "__main__":
    main()
