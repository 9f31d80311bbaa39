"""Runs finished per second with an agent that sleeps 200 ms, by 1, 2 and 4 workers of PostgreSQL.

Each worker has one slot and a run takes it twice (plan, work), so that slots bind, not processors.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg

from benchmarks.figure import Figure, show
from tests import postgres

PROGRAM = "from benchmarks.sleeping import main; main()"
RUNS_EACH = 20
GOALS = {2: 1.8, 4: 3.0}


@contextmanager
def worker(url: str, name: str, *, slots: int, starts: int, kind: str) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, name, str(slots), str(starts), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "BENCH_URL": url},
        text=True,
    )
    try:
        ask(process, None)
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(process: "subprocess.Popen[str]", line: str | None = "\n") -> dict[str, Any]:
    """Give a worker a line, and read the one that it says then."""
    if line is not None and process.stdin:
        process.stdin.write(line)
        process.stdin.flush()
    said = process.stdout.readline() if process.stdout else ""
    if not said:
        raise RuntimeError("a worker ended")
    return dict(json.loads(said))


def rate(workers: int) -> float:
    """Finished runs per second."""
    runs = RUNS_EACH * workers
    url = postgres.shared().fresh()
    with ExitStack() as stack:
        others = [
            stack.enter_context(worker(url, f"w{n}", slots=1, starts=0, kind="works"))
            for n in range(1, workers)
        ]
        for other in others:
            ask(other)
        first = stack.enter_context(worker(url, "w0", slots=1, starts=runs, kind="works"))
        ask(first)
        began = time.monotonic()
        with psycopg.connect(url, autocommit=True) as connection:
            while (done := _done(connection)) < runs:
                time.sleep(0.2)
        took = time.monotonic() - began
        used = sum(ask(each)["cpu"] for each in (first, *others))
        note = f"{workers} workers: {used / runs * 1000:.0f} ms of processor a run, start included"
        sys.stderr.write(note + "\n")
        return done / took


def _done(connection: "psycopg.Connection[Any]") -> int:
    row = connection.execute("SELECT count(*) FROM runs WHERE status = 'done'").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    rate(1)
    alone = rate(1)
    for workers, goal in GOALS.items():
        found = rate(workers)
        show(
            Figure(
                name=f"runs finished per second, {workers} workers",
                against="1 worker",
                unit="runs/s",
                ours=round(found, 2),
                theirs=round(alone, 2),
                ratio=round(found / alone, 2),
                goal=f"at least {goal:g}x",
                ok=found / alone >= goal,
            )
        )


if __name__ == "__main__":
    main()
