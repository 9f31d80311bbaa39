"""How long `coppice --help` takes against an empty Python program."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figure import compare, in_turn, show

COPPICE = Path(sys.executable).with_name("coppice")
TIMES = 10


def seconds(*command: str | Path) -> float:
    """Time a command, run ten times: one alone is shorter than the noise."""
    began = time.perf_counter()
    for _ in range(TIMES):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) / TIMES


def main() -> None:
    series = in_turn(
        lambda: seconds(COPPICE, "--help"), lambda: seconds(sys.executable, "-c", "pass")
    )
    name = "time of `coppice --help`"
    show(compare(name, "`python -c pass`", "s", series, most=8))


if __name__ == "__main__":
    main()
