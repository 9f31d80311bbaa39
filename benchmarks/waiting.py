"""A worker of PostgreSQL with 1,000 runs that wait for an approval: its memory and processor."""

import time

import psycopg

from benchmarks.figure import alone, show
from benchmarks.workers import ask, worker
from tests import postgres

RUNS = 1000
_PLANNED = "SELECT count(*) FROM dbos.workflow_status WHERE name = 'plan' AND status = 'SUCCESS'"
SETTLING_SECONDS = 10
WATCHED_SECONDS = 30


def main() -> None:
    url = postgres.shared().fresh()
    with worker(url, "w0", slots=10, starts=RUNS, kind="waits") as process:
        ask(process)
        _until_all_wait(url)
        time.sleep(SETTLING_SECONDS)
        before, began = ask(process), time.monotonic()
        time.sleep(WATCHED_SECONDS)
        after = ask(process)
        core = (after["cpu"] - before["cpu"]) / (time.monotonic() - began) * 100
    show(
        alone("memory with 1,000 runs waiting, PostgreSQL", "MB", after["rss"], most=150),
        alone("processor with 1,000 runs waiting, PostgreSQL", "% of a core", core, most=6),
    )


def _until_all_wait(url: str) -> None:
    """Wait until each has its plan."""
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            row = connection.execute(_PLANNED).fetchone()
            if row and row[0] >= RUNS:
                return
            time.sleep(1)


if __name__ == "__main__":
    main()
