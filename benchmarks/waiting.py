"""A worker of PostgreSQL with 1,000 runs that wait for an approval: its memory and processor."""

import time

from benchmarks.figure import alone, show
from benchmarks.workers import ask, worker
from tests import postgres

RUNS = 1000
SETTLING_SECONDS = 20
WATCHED_SECONDS = 30


def main() -> None:
    url = postgres.shared().fresh()
    with worker(url, "w0", slots=100, starts=RUNS, kind="waits") as process:
        ask(process)
        time.sleep(SETTLING_SECONDS)
        before, began = ask(process), time.monotonic()
        time.sleep(WATCHED_SECONDS)
        after = ask(process)
        core = (after["cpu"] - before["cpu"]) / (time.monotonic() - began) * 100
    show(
        alone("memory with 1,000 runs waiting, PostgreSQL", "MB", after["rss"], most=150),
        alone("processor with 1,000 runs waiting, PostgreSQL", "% of a core", core, most=6),
    )


if __name__ == "__main__":
    main()
